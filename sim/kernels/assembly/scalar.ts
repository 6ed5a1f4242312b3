// `float_multiplier`, `float_adder`, `float_converter` and `function_unit`. A scalar's magnitude has 21 bits and its highest
// is set: as a double it has no bit below the upper word, and cutting off is a mask. Doubles hold every intermediate result
// exactly. All operations round towards zero; what is too small becomes zero, what is too large the largest number.

const UPPER: i64 = -4294967296; // 0xffffffff00000000
const MAGNITUDE: i64 = i64.MAX_VALUE;
/** Bits of the smallest scalar, 2^20 · 2^−511, and of the first number beyond the largest, 2^21 · 2^511. */
const SMALLEST: i64 = (<i64>(1023 - 491)) << 52;
const BEYOND: i64 = (<i64>(1023 + 532)) << 52;
/** (2^21 − 1) · 2^511 */
const LARGEST: f64 = reinterpret<f64>(BEYOND - ((<i64>1) << 32));
/** Exponent field of a double whose magnitude, as a scalar's, has the exponent 0. */
const BIAS: i32 = 1023 + 20;
/** Bits below the magnitude that an addition keeps. */
const GUARD: i32 = 3;
const MAGNITUDE_BITS: i32 = 21;

// The function unit's table: generator/methods/low-rank/table.ts.
const INDEX_BITS: i32 = 6;
const STEP_BITS: i32 = 14;

/** 2^n for −1022 ≤ n ≤ 1023. */
export function power(n: i32): f64 {
  return reinterpret<f64>((<i64>(n + 1023)) << 52);
}

/** The scalar next to a double, towards zero. */
function pack(v: f64): f64 {
  const bits = reinterpret<i64>(v);
  if (<u64>((bits & MAGNITUDE) - SMALLEST) >= <u64>(BEYOND - SMALLEST)) return edge(v);
  return reinterpret<f64>(bits & UPPER);
}

/** Beyond the scalars, and zero. */
function edge(v: f64): f64 {
  return abs(v) < 1 ? 0 : copysign(LARGEST, v);
}

/** A whole number of at most 53 bits times 2^exponent. */
export function fromInteger(value: f64, exponent: i32): f64 {
  return pack(value * power(min(max(exponent, -1000), 1000)));
}

export function multiply(a: f64, b: f64): f64 {
  return pack(a * b);
}

/** Zero, whose exponent is far below all others, is no case of its own. */
export function add(a: f64, b: f64): f64 {
  const p = reinterpret<i64>(a);
  const q = reinterpret<i64>(b);
  const first = (p & MAGNITUDE) >= (q & MAGNITUDE);
  const large = select<i64>(p, q, first);
  const small = select<i64>(q, p, first);
  const distance = (<i32>(large >>> 52) & 0x7ff) - (<i32>(small >>> 52) & 0x7ff);
  const kept = small & (UPPER << max(distance - GUARD, 0));
  const aligned = select<i64>(kept, 0, distance < MAGNITUDE_BITS + GUARD);
  return pack(reinterpret<f64>(large) + reinterpret<f64>(aligned));
}

/** y of a piece of the table, for the fraction bits of x. */
function parabola(table: usize, first: i32, fraction: i32): f64 {
  const piece = table + <usize>(first + (fraction >> STEP_BITS)) * 12;
  const t = <i64>(fraction & ((1 << STEP_BITS) - 1));
  const slope = <i64>load<i32>(piece, 4) - ((<i64>load<i32>(piece, 8) * t) >> STEP_BITS);
  const y = load<i32>(piece) - <i32>((slope * t) >> STEP_BITS);
  // A magnitude of 2^20 … 2^21 − 1 in units of the y that it comes from.
  return y === 1 << 24 ? <f64>y : <f64>(y & ~7);
}

/** 1 / a; zero of zero */
export function reciprocal(a: f64, table: usize): f64 {
  if (a === 0) return 0;
  const upper = <i32>(reinterpret<i64>(a) >>> 32);
  const e = ((upper >>> 20) & 0x7ff) - BIAS;
  return pack(copysign(parabola(table, 0, upper & 0xfffff) * power(-44 - e), a));
}

/** 1 / √a; zero where a is not positive */
export function inverseRoot(a: f64, table: usize): f64 {
  if (!(a > 0)) return 0;
  const upper = <i32>(reinterpret<i64>(a) >>> 32);
  const e = (upper >>> 20) - BIAS;
  const odd = e & 1;
  return pack(parabola(table, (1 + odd) << INDEX_BITS, upper & 0xfffff) * power(-34 - ((e - odd) >> 1)));
}
