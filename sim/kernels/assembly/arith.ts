/** v / 2^shift to the nearest whole number, halves away from zero; |v| < 2^60. */
export function roundShift(v: i64, shift: i32): i64 {
  if (shift <= 0) return v << min(-shift, 40);
  const s = <i64>min(shift, 61);
  return (v + ((<i64>1) << (s - 1)) - (v < 0 ? 1 : 0)) >> s;
}

/** Marsaglia's xorshift32 in four lanes. */
export function xorshift32(x: v128): v128 {
  x = v128.xor(x, i32x4.shl(x, 13));
  x = v128.xor(x, i32x4.shr_u(x, 17));
  return v128.xor(x, i32x4.shl(x, 5));
}
