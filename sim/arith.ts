/** The machine's integer arithmetic. Every value fits 53 bits, so doubles hold it exactly. */

/** v / 2^shift to the nearest whole number, halves away from zero; a left shift for shift ≤ 0 (docs/machine.md). */
export function roundShift(v: number, shift: number): number {
  if (shift <= 0) return v * 2 ** -shift;
  return Math.floor((v + 2 ** (shift - 1) - (v < 0 ? 1 : 0)) / 2 ** shift);
}

export function clip(v: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, v));
}

/** Clips to ±(2^(bits−1) − 1). */
export function saturate(v: number, bits: number): number {
  const max = 2 ** (bits - 1) - 1;
  return clip(v, -max, max);
}

/** Packs lanes of `bits` each into one word, lane 0 in the lowest bits, two's complement. */
export function packLanes(values: ArrayLike<number>, start: number, lanes: number, bits: number, end: number): bigint {
  let word = 0n;
  const mask = (1n << BigInt(bits)) - 1n;
  for (let k = Math.min(lanes, end - start) - 1; k >= 0; k--)
    word = (word << BigInt(bits)) | (BigInt(values[start + k]) & mask);
  return word;
}
