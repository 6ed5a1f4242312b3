/** Integer arithmetic of the elaboration: widths of numbers. */

/** Bits of a non-negative whole number; 0 for 0. */
export function bitLength(value: number): number {
  let bits = 0;
  while (value >= 1) {
    value = Math.floor(value / 2);
    bits++;
  }
  return bits;
}

/** Bits that index `count` things, at least 1. */
export function indexBits(count: number): number {
  return Math.max(1, bitLength(count - 1));
}

/** Bits of a signed number of magnitude up to `max`. */
export function signedBits(max: number): number {
  return bitLength(max) + 1;
}

/** multiplier · 2^(−shift) nearest to `factor` > 0, with a multiplier of 15 bits and `shift` between the bounds. */
export function scale(factor: number, minShift: number, maxShift: number): { multiplier: number; shift: number } {
  const shift = Math.min(maxShift, Math.max(minShift, 14 - Math.floor(Math.log2(factor))));
  return { multiplier: Math.round(factor * 2 ** shift), shift };
}
