/** Formats of the low-rank unit's scalars: one place for what the RTL, the simulator and the assembler share. */

/** Bits of a scalar's magnitude, whose highest is set; odd, so that a root's exponent is whole. */
export const MAGNITUDE_BITS = 21;
/** Bits of a scalar's exponent, two's complement. */
export const EXPONENT_BITS = 10;
/** Sign, exponent, magnitude. */
export const SCALAR_BITS = 1 + EXPONENT_BITS + MAGNITUDE_BITS;

/** A coefficient of the vector unit, or of the update: signed, with a shift of its own. */
export const COEFFICIENT_BITS = 16;
/** Fraction bits of a sum of coefficient · factor code beyond the factor's own. */
export const COMBINE_FRACTION = 14;
/** Left shift of a coefficient's product, at most and at least. */
export const COEFFICIENT_SHIFT_MAX = 16;
export const COEFFICIENT_SHIFT_MIN = -31;

/** Bits of an element of a row of the net gradient, two's complement: its unit is 2^−(ROW_BITS − 1). */
export const ROW_BITS = 16;

/** Bits of a random number of the scalar unit. */
export const RANDOM_BITS = 16;
/** Largest difference of two strengths' exponents that the update resolves: beyond it a product rounds to zero. */
export const DISTANCE_MAX = COEFFICIENT_BITS;
/** Longest shift of a low-rank update's rounding; what is beyond is cut off before it. */
export const SHIFT_MAX = 48;

/** A number as the scalar unit holds it: m · 2^e, |m| of MAGNITUDE_BITS bits, rounded. */
export function toScalar(x: number): { m: number; e: number } {
  if (x === 0) return { m: 0, e: 0 };
  const e = Math.floor(Math.log2(Math.abs(x))) - (MAGNITUDE_BITS - 1);
  const m = Math.round(x * 2 ** -e);
  return Math.abs(m) === 2 ** MAGNITUDE_BITS ? { m: m / 2, e: e + 1 } : { m, e };
}
