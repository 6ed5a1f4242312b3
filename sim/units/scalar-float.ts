/** The scalar unit's numbers: `float_mac`, `float_divider`, `float_root` and what converts to and from them.
 *
 *  A number is magnitude · 2^exponent with its sign; the magnitude has MAGNITUDE_BITS bits, the highest of them set, or
 *  is zero (then sign and exponent are zero). What does not fit is cut off: every operation rounds towards zero, so
 *  that it errs by less than 2^−(MAGNITUDE_BITS − 1) of its result. An exponent that is too small gives zero, one that
 *  is too large the largest number. */
import { EXPONENT_BITS, MAGNITUDE_BITS } from "../../generator/low-rank/format.ts";

/** Signed magnitude and exponent of one number. */
export interface Scalar {
  m: number;
  e: number;
}

const UNIT = 2 ** (MAGNITUDE_BITS - 1);
const TOP = 2 ** MAGNITUDE_BITS;
const EXPONENT_MAX = 2 ** (EXPONENT_BITS - 1) - 1;
/** Bits below the magnitude that an addition keeps. */
const GUARD = 3;

/** Writes a result, or the nearest number that there is. */
function pack(negative: boolean, magnitude: number, exponent: number, out: Scalar): void {
  if (magnitude === 0 || exponent < -EXPONENT_MAX) {
    out.m = 0;
    out.e = 0;
    return;
  }
  const large = exponent > EXPONENT_MAX;
  const m = large ? TOP - 1 : magnitude;
  out.m = negative ? -m : m;
  out.e = large ? EXPONENT_MAX : exponent;
}

/** Any whole number below 2^53 times 2^exponent. */
export function fromInteger(value: number, exponent: number, out: Scalar): void {
  const magnitude = Math.abs(value);
  const bits = magnitude === 0 ? 0 : Math.floor(Math.log2(magnitude)) + 1;
  // log2 of a number just below a power of two may round up.
  const length = bits > 0 && 2 ** (bits - 1) > magnitude ? bits - 1 : bits;
  const shift = length - MAGNITUDE_BITS;
  pack(value < 0, Math.floor(magnitude / 2 ** shift), exponent + shift, out);
}

/** a · b */
export function multiply(a: Scalar, b: Scalar, out: Scalar): void {
  const negative = a.m < 0 !== b.m < 0;
  const product = Math.abs(a.m) * Math.abs(b.m);
  const exponent = a.e + b.e + MAGNITUDE_BITS - 1;
  if (product >= UNIT * TOP) pack(negative, Math.floor(product / TOP), exponent + 1, out);
  else pack(negative, Math.floor(product / UNIT), exponent, out);
}

/** a + b */
export function add(a: Scalar, b: Scalar, out: Scalar): void {
  const first = b.m === 0 || (a.m !== 0 && (a.e > b.e || (a.e === b.e && Math.abs(a.m) >= Math.abs(b.m))));
  const large = first ? a : b;
  const small = first ? b : a;
  const distance = small.m === 0 ? 0 : large.e - small.e;
  const wide = 2 ** GUARD * Math.abs(large.m);
  const narrow = distance > MAGNITUDE_BITS + GUARD ? 0 : Math.floor((2 ** GUARD * Math.abs(small.m)) / 2 ** distance);
  const negative = large.m < 0;
  const sum = small.m < 0 === negative ? wide + narrow : wide - narrow;
  if (sum === 0) {
    pack(false, 0, 0, out);
    return;
  }
  const shift = 32 - Math.clz32(sum) - MAGNITUDE_BITS;
  pack(negative, shift >= 0 ? sum >>> shift : sum << -shift, large.e + shift - GUARD, out);
}

/** a / b; zero where b is */
export function divide(a: Scalar, b: Scalar, out: Scalar): void {
  if (b.m === 0) {
    pack(false, 0, 0, out);
    return;
  }
  const negative = a.m < 0 !== b.m < 0;
  const quotient = Math.floor((Math.abs(a.m) * TOP) / Math.abs(b.m));
  const exponent = a.e - b.e - MAGNITUDE_BITS;
  if (quotient >= TOP) pack(negative, Math.floor(quotient / 2), exponent + 1, out);
  else pack(negative, quotient, exponent, out);
}

/** √a; zero where a is negative */
export function squareRoot(a: Scalar, out: Scalar): void {
  if (a.m <= 0) {
    pack(false, 0, 0, out);
    return;
  }
  const odd = a.e & 1;
  const even = a.e - odd;
  // 2^(MAGNITUDE_BITS − 1) of scale brings the root to MAGNITUDE_BITS bits.
  pack(false, Math.floor(Math.sqrt(a.m * 2 ** odd * UNIT)), even / 2 - (MAGNITUDE_BITS - 1) / 2, out);
}

export const toNumber = ({ m, e }: Scalar): number => m * 2 ** e;
