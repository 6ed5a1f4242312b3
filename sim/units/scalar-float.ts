/** Scalars of the low-rank units as the contract describes them (docs/low-rank.md, Formats), magnitude by magnitude, in whole
 *  numbers of any length. The kernels hold a scalar as the double of its value. */
import { EXPONENT_BITS, MAGNITUDE_BITS } from "../../generator/methods/low-rank/format.ts";
import { FRACTION, functionTable, INDEX_BITS, STEP_BITS } from "../../generator/methods/low-rank/table.ts";

/** Signed magnitude of MAGNITUDE_BITS bits, the highest set, and exponent: as the hardware stores a scalar. */
export interface Scalar {
  readonly m: number;
  readonly e: number;
}

/** The scalar whose value a double is; its logarithm is exact enough, as it has few bits. */
export function fromNumber(value: number): Scalar {
  if (value === 0) return zero;
  const e = Math.floor(Math.log2(Math.abs(value))) - (MAGNITUDE_BITS - 1);
  return { m: value * 2 ** -e, e };
}

export const toNumber = ({ m, e }: Scalar): number => m * 2 ** e;

const EXPONENT_MAX = 2 ** (EXPONENT_BITS - 1) - 1;
/** Bits below the magnitude that an addition keeps. */
const GUARD = 3n;

export const zero: Scalar = { m: 0, e: 0 };
export const negative = ({ m, e }: Scalar): Scalar => (m === 0 ? zero : { m: -m, e });

const magnitude = (v: bigint): bigint => (v < 0n ? -v : v);
const lengthOf = (v: bigint): number => (v === 0n ? 0 : v.toString(2).length);

/** value · 2^exponent, rounded towards zero. */
export function fromBigInt(value: bigint, exponent: number): Scalar {
  if (value === 0n) return zero;
  const size = magnitude(value);
  const shift = lengthOf(size) - MAGNITUDE_BITS;
  const e = exponent + shift;
  if (e < -EXPONENT_MAX) return zero;
  const m =
    e > EXPONENT_MAX ? 2 ** MAGNITUDE_BITS - 1 : Number(shift >= 0 ? size >> BigInt(shift) : size << BigInt(-shift));
  return { m: value < 0n ? -m : m, e: Math.min(e, EXPONENT_MAX) };
}

export const multiply = (a: Scalar, b: Scalar): Scalar => fromBigInt(BigInt(a.m) * BigInt(b.m), a.e + b.e);

export function add(a: Scalar, b: Scalar): Scalar {
  if (a.m === 0) return b;
  if (b.m === 0) return a;
  const first = a.e > b.e || (a.e === b.e && Math.abs(a.m) >= Math.abs(b.m));
  const [large, small] = first ? [a, b] : [b, a];
  const distance = BigInt(large.e - small.e);
  const kept = (magnitude(BigInt(small.m)) << GUARD) >> distance;
  const sum = (BigInt(large.m) << GUARD) + (small.m < 0 ? -kept : kept);
  return fromBigInt(sum, large.e - Number(GUARD));
}

/** y of the table's piece, of a magnitude's bits below the highest. */
function parabola(table: number, m: number): number {
  const below = m - 2 ** (MAGNITUDE_BITS - 1);
  const i = table * 2 ** INDEX_BITS + Math.floor(below / 2 ** STEP_BITS);
  const t = below % 2 ** STEP_BITS;
  const { c0, c1, c2 } = functionTable;
  const slope = c1[i] - Math.floor((c2[i] * t) / 2 ** STEP_BITS);
  return c0[i] - Math.floor((slope * t) / 2 ** STEP_BITS);
}

function ofTable(y: number, exponent: number): Scalar {
  const whole = y === 2 ** FRACTION;
  return fromBigInt(BigInt(Math.floor(y / (whole ? 16 : 8))), exponent + (whole ? 1 : 0));
}

export function reciprocal(a: Scalar): Scalar {
  if (a.m === 0) return zero;
  const positive = ofTable(parabola(0, Math.abs(a.m)), -41 - a.e);
  return a.m < 0 ? negative(positive) : positive;
}

export function inverseRoot(a: Scalar): Scalar {
  if (a.m <= 0) return zero;
  const odd = a.e & 1;
  return ofTable(parabola(1 + odd, a.m), -31 - (a.e - odd) / 2);
}

/** Signed mantissa of 15 bits of magnitude, and its exponent. */
export function shorten({ m, e }: Scalar): { mantissa: number; exponent: number } {
  return { mantissa: Math.trunc(m / 64) + 0, exponent: e + 6 };
}
