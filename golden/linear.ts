/** The three products of a layer. A weight matrix is stored [inputs][outputs], row-major: row i holds the weights that
 *  leave input i (a wordline of the array), so W_ji of the equations is `weights[i · outputs + j]`.
 *  Zeros are skipped: an image is mostly background, and a rectifier's output half zeros. */

/** z = W x */
export function product(weights: Float64Array, x: Float64Array, z: Float64Array): void {
  const outputs = z.length;
  z.fill(0);
  for (let i = 0; i < x.length; i++) {
    const xi = x[i];
    if (xi === 0) continue;
    const row = i * outputs;
    addScaled(z, 0, xi, weights, row, outputs);
  }
}

/** e = Wᵀ δ */
export function transposedProduct(weights: Float64Array, delta: Float64Array, e: Float64Array): void {
  const outputs = delta.length;
  for (let i = 0; i < e.length; i++) {
    const row = i * outputs;
    // Four sums, so that an addition need not wait for the one before it.
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    let j = 0;
    for (; j + 3 < outputs; j += 4) {
      s0 += weights[row + j] * delta[j];
      s1 += weights[row + j + 1] * delta[j + 1];
      s2 += weights[row + j + 2] * delta[j + 2];
      s3 += weights[row + j + 3] * delta[j + 3];
    }
    for (; j < outputs; j++) s0 += weights[row + j] * delta[j];
    e[i] = s0 + s1 + (s2 + s3);
  }
}

/** G ← G + s δ xᵀ */
export function addOuterProduct(gradient: Float64Array, delta: Float64Array, x: Float64Array, s: number): void {
  const outputs = delta.length;
  for (let i = 0; i < x.length; i++) {
    const xi = s * x[i];
    if (xi === 0) continue;
    const row = i * outputs;
    addScaled(gradient, row, xi, delta, 0, outputs);
  }
}

/** y[yStart + j] += a · x[xStart + j] for j in 0 … count − 1, four at a time: the loop that all training time goes to. */
function addScaled(y: Float64Array, yStart: number, a: number, x: Float64Array, xStart: number, count: number): void {
  let j = 0;
  for (; j + 3 < count; j += 4) {
    const yj = yStart + j;
    const xj = xStart + j;
    y[yj] += a * x[xj];
    y[yj + 1] += a * x[xj + 1];
    y[yj + 2] += a * x[xj + 2];
    y[yj + 3] += a * x[xj + 3];
  }
  for (; j < count; j++) y[yStart + j] += a * x[xStart + j];
}
