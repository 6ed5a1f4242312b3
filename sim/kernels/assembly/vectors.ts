// `vector_unit`: dot products of columns, and sums of (coefficient · code · 2^shift), each term rounded down by itself.
// Columns are padded with zeros to whole blocks of COLUMN_PAD elements.
import { TERM_BYTES } from "./low-rank-layout";

/** Blocks of eight products whose sums of pairs fit 32 bits together, of codes up to `a` and `b`. */
export function blocksThatFit(a: i32, b: i32): i32 {
  return max(1, <i32>(<i64>i32.MAX_VALUE / (2 * max(1, <i64>a * <i64>b))));
}

/** Σ a_i b_i
 *  @param blocks that are summed up in 32 bits */
export function dot(a: usize, b: usize, bytes: i32, blocks: i32): f64 {
  let wide = i64x2.splat(0);
  const step = (<i64>blocks) << 4;
  let at: usize = 0;
  while (at < <usize>bytes) {
    const end = <usize>min(<i64>at + step, <i64>bytes);
    let sum = i32x4.splat(0);
    for (; at < end; at += 16) sum = i32x4.add(sum, i32x4.dot_i16x8_s(v128.load(a + at), v128.load(b + at)));
    wide = i64x2.add(wide, i64x2.add(i64x2.extend_low_i32x4_s(sum), i64x2.extend_high_i32x4_s(sum)));
  }
  return <f64>(i64x2.extract_lane(wide, 0) + i64x2.extract_lane(wide, 1));
}

/** Bound of one term's magnitude.
 *  @param most largest magnitude of a code */
export function termBound(coefficient: i32, shift: i32, most: i32): i64 {
  const product = <i64>abs(coefficient) * <i64>most;
  return shift >= 0 ? product << shift : (product >> -shift) + 1;
}

/** Writes one term: address of its codes, coefficient, left shift, right shift. */
export function writeTerm(term: usize, codes: usize, coefficient: i32, shift: i32): void {
  store<u32>(term, <u32>codes);
  store<i32>(term, coefficient, 4);
  store<i32>(term, max(shift, 0), 8);
  store<i32>(term, max(-shift, 0), 12);
}

/** Codes of the sums Σ over the terms, from byte `from` to byte `to` of the columns.
 *  @param half added before the shift; @param away −1: halves away from zero, 0: towards +∞
 *  @param wide whether the sums need more than 32 bits */
export function sums(
  terms: usize,
  end: usize,
  from: i32,
  to: i32,
  half: i32,
  away: i32,
  shift: i32,
  most: i32,
  wide: bool,
  out: usize,
): void {
  if (wide) sumsWide(terms, end, from, to, half, away, shift, most, out);
  else sumsNarrow(terms, end, from, to, half, away, shift, most, out);
}

function sumsNarrow(
  terms: usize,
  end: usize,
  from: i32,
  to: i32,
  half: i32,
  away: i32,
  shift: i32,
  most: i32,
  out: usize,
): void {
  const rounding = i32x4.splat(half);
  const negative = i32x4.splat(away);
  const top = i16x8.splat(<i16>most);
  const bottom = i16x8.splat(<i16>-most);
  for (let at = from; at < to; at += 32, out += 32) {
    let s0 = i32x4.splat(0),
      s1 = i32x4.splat(0),
      s2 = i32x4.splat(0),
      s3 = i32x4.splat(0);
    for (let term = terms; term < end; term += TERM_BYTES) {
      const codes = <usize>load<u32>(term) + <usize>at;
      const coefficient = v128.load16_splat(term, 4);
      const left = load<i32>(term, 8);
      const right = load<i32>(term, 12);
      const a = v128.load(codes);
      const b = v128.load(codes, 16);
      let p0 = i32x4.extmul_low_i16x8_s(a, coefficient),
        p1 = i32x4.extmul_high_i16x8_s(a, coefficient);
      let p2 = i32x4.extmul_low_i16x8_s(b, coefficient),
        p3 = i32x4.extmul_high_i16x8_s(b, coefficient);
      if (left !== 0) {
        p0 = i32x4.shl(p0, left);
        p1 = i32x4.shl(p1, left);
        p2 = i32x4.shl(p2, left);
        p3 = i32x4.shl(p3, left);
      } else {
        p0 = i32x4.shr_s(p0, right);
        p1 = i32x4.shr_s(p1, right);
        p2 = i32x4.shr_s(p2, right);
        p3 = i32x4.shr_s(p3, right);
      }
      s0 = i32x4.add(s0, p0);
      s1 = i32x4.add(s1, p1);
      s2 = i32x4.add(s2, p2);
      s3 = i32x4.add(s3, p3);
    }
    s0 = roundNarrow(s0, rounding, negative, shift);
    s1 = roundNarrow(s1, rounding, negative, shift);
    s2 = roundNarrow(s2, rounding, negative, shift);
    s3 = roundNarrow(s3, rounding, negative, shift);
    v128.store(out, i16x8.max_s(i16x8.min_s(i16x8.narrow_i32x4_s(s0, s1), top), bottom));
    v128.store(out, i16x8.max_s(i16x8.min_s(i16x8.narrow_i32x4_s(s2, s3), top), bottom), 16);
  }
}

function roundNarrow(sum: v128, rounding: v128, negative: v128, shift: i32): v128 {
  const less = v128.and(i32x4.shr_s(sum, 31), negative);
  return i32x4.shr_s(i32x4.add(i32x4.add(sum, rounding), less), shift);
}

function sumsWide(
  terms: usize,
  end: usize,
  from: i32,
  to: i32,
  half: i32,
  away: i32,
  shift: i32,
  most: i32,
  out: usize,
): void {
  const rounding = i64x2.splat(half);
  const negative = i64x2.splat(away);
  const top = i64x2.splat(most);
  const bottom = i64x2.splat(-most);
  for (let at = from; at < to; at += 16, out += 16) {
    let s0 = i64x2.splat(0),
      s1 = i64x2.splat(0),
      s2 = i64x2.splat(0),
      s3 = i64x2.splat(0);
    for (let term = terms; term < end; term += TERM_BYTES) {
      const codes = v128.load(<usize>load<u32>(term) + <usize>at);
      const coefficient = v128.load16_splat(term, 4);
      const left = load<i32>(term, 8);
      const right = load<i32>(term, 12);
      // A product without its left shift fits 32 bits, so what is rounded down is.
      const low = i32x4.shr_s(i32x4.extmul_low_i16x8_s(codes, coefficient), right);
      const high = i32x4.shr_s(i32x4.extmul_high_i16x8_s(codes, coefficient), right);
      s0 = i64x2.add(s0, i64x2.shl(i64x2.extend_low_i32x4_s(low), left));
      s1 = i64x2.add(s1, i64x2.shl(i64x2.extend_high_i32x4_s(low), left));
      s2 = i64x2.add(s2, i64x2.shl(i64x2.extend_low_i32x4_s(high), left));
      s3 = i64x2.add(s3, i64x2.shl(i64x2.extend_high_i32x4_s(high), left));
    }
    s0 = roundWide(s0, rounding, negative, shift, top, bottom);
    s1 = roundWide(s1, rounding, negative, shift, top, bottom);
    s2 = roundWide(s2, rounding, negative, shift, top, bottom);
    s3 = roundWide(s3, rounding, negative, shift, top, bottom);
    const low = v128.shuffle<i32>(s0, s1, 0, 2, 4, 6);
    const high = v128.shuffle<i32>(s2, s3, 0, 2, 4, 6);
    v128.store(out, i16x8.narrow_i32x4_s(low, high));
  }
}

function roundWide(sum: v128, rounding: v128, negative: v128, shift: i32, top: v128, bottom: v128): v128 {
  const less = v128.and(i64x2.shr_s(sum, 63), negative);
  const code = i64x2.shr_s(i64x2.add(i64x2.add(sum, rounding), less), shift);
  return v128.bitselect(bottom, v128.bitselect(top, code, i64x2.gt_s(code, top)), i64x2.gt_s(bottom, code));
}

/** max(v, 0) and max(−v, 0) of a row's elements. */
export function rectify(positive: usize, negative: usize, bytes: i32): void {
  const zero = i16x8.splat(0);
  for (let at: usize = 0; at < <usize>bytes; at += 16) {
    const row = v128.load(positive + at);
    v128.store(positive + at, i16x8.max_s(row, zero));
    v128.store(negative + at, i16x8.max_s(i16x8.neg(row), zero));
  }
}
