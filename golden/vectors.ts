/** Sums over vectors that several parts of the golden model need. */

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Euclidean length; of a matrix's values its Frobenius norm. */
export function norm(values: Float64Array): number {
  return Math.sqrt(dot(values, values));
}

/** y ← y + s x */
export function addMultiple(y: Float64Array, s: number, x: Float64Array): void {
  for (let i = 0; i < y.length; i++) y[i] += s * x[i];
}

/** y ← s x */
export function setMultiple(y: Float64Array, s: number, x: Float64Array): void {
  for (let i = 0; i < y.length; i++) y[i] = s * x[i];
}

/** Largest |value|; 0 of none. */
export function largestMagnitude(values: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]));
  return largest;
}

/** `count` vectors of zeros. */
export function zeros(count: number, length: number): Float64Array[] {
  return Array.from({ length: count }, () => new Float64Array(length));
}
