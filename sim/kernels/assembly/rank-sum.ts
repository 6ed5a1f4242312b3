// `rank_sum_unit`: the elements of a low-rank gradient, row by row.
import { roundShift } from "./arith";
import * as layout from "./rank-sum-layout";

function word(block: usize, index: i32): i32 {
  return load<i32>(block + ((<usize>index) << 2));
}

/** Strength · input factor of row neuron i, by term; @returns whether any is not zero */
export function rowFactors(block: usize, pass: i32, i: i32): bool {
  const terms = word(block, layout.TERMS);
  const factors = <usize>word(block, layout.FACTORS);
  let any = 0;
  for (let n = 0; n < terms; n++) {
    const r = pass * terms + n;
    const x = <usize>word(block, layout.X_COLUMNS) + <usize>r * <usize>word(block, layout.X_STRIDE);
    const code = <i64>load<i16>(x + ((<usize>i) << 1));
    const strength = <i64>load<i32>(<usize>word(block, layout.MANTISSAS) + ((<usize>r) << 2));
    const shift = load<i32>(<usize>word(block, layout.SHIFTS) + ((<usize>r) << 2));
    const factor = <i32>roundShift(strength * code, shift);
    store<i32>(factors + ((<usize>n) << 2), factor);
    any |= factor;
  }
  return any !== 0;
}

/** floor(−gradient · multiplier / 2^cut) of a row's elements, as int64. */
export function scaleRow(block: usize, pass: i32, outputs: i32, multiplier: i32): void {
  const terms = word(block, layout.TERMS);
  const factors = <usize>word(block, layout.FACTORS);
  const stride = <usize>word(block, layout.D_STRIDE);
  const columns = <usize>word(block, layout.D_COLUMNS) + <usize>(pass * terms) * stride;
  const scale = i64x2.splat(-(<i64>multiplier));
  const cut = word(block, layout.CUT);
  let out = <usize>word(block, layout.SCALED);
  for (let j = 0; j < outputs; j += 8, out += 64) {
    let g0 = i64x2.splat(0),
      g1 = i64x2.splat(0),
      g2 = i64x2.splat(0),
      g3 = i64x2.splat(0);
    let column = columns + ((<usize>j) << 1);
    for (let n = 0; n < terms; n++, column += stride) {
      const codes = v128.load(column);
      // A factor is at most as large as its strength: 16 bits.
      const factor = v128.load16_splat(factors + ((<usize>n) << 2));
      const low = i32x4.extmul_low_i16x8_s(codes, factor);
      const high = i32x4.extmul_high_i16x8_s(codes, factor);
      g0 = i64x2.add(g0, i64x2.extend_low_i32x4_s(low));
      g1 = i64x2.add(g1, i64x2.extend_high_i32x4_s(low));
      g2 = i64x2.add(g2, i64x2.extend_low_i32x4_s(high));
      g3 = i64x2.add(g3, i64x2.extend_high_i32x4_s(high));
    }
    v128.store(out, i64x2.shr_s(i64x2.mul(g0, scale), cut));
    v128.store(out, i64x2.shr_s(i64x2.mul(g1, scale), cut), 16);
    v128.store(out, i64x2.shr_s(i64x2.mul(g2, scale), cut), 32);
    v128.store(out, i64x2.shr_s(i64x2.mul(g3, scale), cut), 48);
  }
}
