// `update_unit` with `lfsr`, `pulse_programmer` and the device: gradient words to pulses to conductances, row by row in the
// hardware's order.
import { xorshift32 } from "./arith";
import { programCell } from "./cell";
import { rowFactors, scaleRow } from "./rank-sum";
import { PASSES, SCALED } from "./rank-sum-layout";

/** Random bits of a row, by element; advances the lanes' LFSRs once a word.
 *  From the last four lanes to the first: what a store writes past its word's end, the next word's first lanes overwrite. */
function drawRow(lfsr: usize, lanes: i32, words: i32, random: usize): void {
  for (let k = (lanes - 1) & ~3; k >= 0; k -= 4) {
    let state = v128.load(lfsr + ((<usize>k) << 2));
    let out = random + ((<usize>k) << 2);
    for (let w = 0; w < words; w++) {
      v128.store(out, state);
      out += (<usize>lanes) << 2;
      state = xorshift32(state);
    }
    v128.store(lfsr + ((<usize>k) << 2), state);
  }
}

/** The same where nobody asks for the bits. */
function skipRow(lfsr: usize, lanes: i32, words: i32): void {
  for (let k = 0; k < lanes; k += 4) {
    let state = v128.load(lfsr + ((<usize>k) << 2));
    for (let w = 0; w < words; w++) state = xorshift32(state);
    v128.store(lfsr + ((<usize>k) << 2), state);
  }
}

function rowIsZero(gradient: usize, outputs: i32): bool {
  let any = i32x4.splat(0);
  let j = 0;
  for (; j + 4 <= outputs; j += 4) any = v128.or(any, v128.load(gradient + ((<usize>j) << 2)));
  for (; j < outputs; j++) any = v128.or(any, i32x4.splat(load<i32>(gradient + ((<usize>j) << 2))));
  return !v128.any_true(any);
}

/** floor((−g · multiplier + rounding) / 2^shift), clipped, of two elements; the bias makes the shift one of unsigned numbers. */
function quotient(product: v128, rounding: v128, bias: v128, shift: i32, unbias: v128): v128 {
  return i64x2.sub(i64x2.shr_u(i64x2.add(i64x2.add(product, rounding), bias), shift), unbias);
}

/** Four elements of a row, of which only the first `left` are its own. */
function elements(at: usize, left: i32): v128 {
  let value = v128.load(at);
  if (left < 4) {
    value = i32x4.replace_lane(value, 3, 0);
    if (left < 3) value = i32x4.replace_lane(value, 2, 0);
    if (left < 2) value = i32x4.replace_lane(value, 1, 0);
  }
  return value;
}

/** Programs one layer.
 *  @param order int32 [row][row tile] → neuron, −1 where unused
 *  @param gradient int32 [inputs][outputs]; 0: one sample's x · aligned (sgd), or outer products
 *  @param ranks outer products that make the gradient (`rank-sum-layout.ts`); 0: none
 *  @param stochastic 0: nearest
 *  @param lfsr uint32, room for a multiple of four lanes
 *  @param verify times that a row is read back
 *  @param cells words of `cell-layout.ts`
 *  @param random room for one row and four elements more
 *  @param product room for one row
 *  @param result out, doubles: counts clipped, Σ over rows of the largest count, pulses given */
export function update(
  order: usize,
  rows: i32,
  rowTiles: i32,
  outputs: i32,
  gradient: usize,
  ranks: usize,
  x: usize,
  aligned: usize,
  multiplier: i32,
  shift: i32,
  stochastic: i32,
  randomBits: i32,
  lfsr: usize,
  lanes: i32,
  words: i32,
  pulseMax: i32,
  verify: i32,
  cells: usize,
  random: usize,
  product: usize,
  result: usize,
): void {
  const factor = i32x4.splat(-multiplier);
  const bias = i64x2.splat((<i64>1) << 62);
  const unbias = i64x2.splat((<i64>1) << (62 - shift));
  const top = i64x2.splat(pulseMax);
  const bottom = i64x2.splat(-pulseMax);
  const discard = 32 - randomBits;
  const up = max(shift - randomBits, 0);
  const down = max(randomBits - shift, 0);
  let roundLow = i64x2.splat(shift > 0 ? (<i64>1) << (shift - 1) : 0);
  let roundHigh = roundLow;
  let clipped: i64 = 0;
  let slots: i64 = 0;
  let given: i64 = 0;
  const passes = ranks !== 0 ? load<i32>(ranks + (PASSES << 2)) : 1;
  const scaled: usize = ranks !== 0 ? <usize>load<i32>(ranks + (SCALED << 2)) : 0;
  for (let n = 0; n < passes * rows; n++) {
    const pass = n / rows;
    const row = n - pass * rows;
    let largest = 0;
    for (let t = 0; t < rowTiles; t++) {
      const i = load<i32>(order + ((<usize>(row * rowTiles + t)) << 2));
      if (i < 0) continue;
      const first = <usize>i * <usize>outputs;
      let g = gradient + (first << 2);
      let zero: bool;
      if (ranks !== 0) {
        zero = !rowFactors(ranks, pass, i);
        if (!zero) scaleRow(ranks, pass, outputs, multiplier);
      } else if (gradient !== 0) zero = rowIsZero(g, outputs);
      else {
        const xi = <i32>load<i16>(x + ((<usize>i) << 1));
        zero = xi === 0;
        if (!zero) {
          const code = i32x4.splat(xi);
          for (let j = 0; j < outputs; j += 4)
            v128.store(product + ((<usize>j) << 2), i32x4.mul(code, v128.load16x4_s(aligned + ((<usize>j) << 1))));
          g = product;
        }
      }
      if (zero) {
        if (stochastic) skipRow(lfsr, lanes, words);
        continue;
      }
      if (stochastic) drawRow(lfsr, lanes, words, random);
      for (let j = 0; j < outputs; j += 4) {
        let low: v128, high: v128;
        if (ranks !== 0) {
          low = v128.load(scaled + ((<usize>j) << 3));
          high = v128.load(scaled + ((<usize>j) << 3), 16);
          if (!v128.any_true(v128.or(low, high))) continue;
        } else {
          const value = elements(g + ((<usize>j) << 2), outputs - j);
          if (!v128.any_true(value)) continue;
          low = i64x2.extmul_low_i32x4_s(value, factor);
          high = i64x2.extmul_high_i32x4_s(value, factor);
        }
        if (stochastic) {
          const bits = i32x4.shr_u(i32x4.shr_u(v128.load(random + ((<usize>j) << 2)), discard), down);
          roundLow = i64x2.shl(i64x2.extend_low_i32x4_u(bits), up);
          roundHigh = i64x2.shl(i64x2.extend_high_i32x4_u(bits), up);
        }
        low = quotient(low, roundLow, bias, shift, unbias);
        high = quotient(high, roundHigh, bias, shift, unbias);
        if (!v128.any_true(v128.or(low, high))) continue;
        const overLow = i64x2.gt_s(low, top),
          overHigh = i64x2.gt_s(high, top);
        const underLow = i64x2.gt_s(bottom, low),
          underHigh = i64x2.gt_s(bottom, high);
        low = v128.bitselect(bottom, v128.bitselect(top, low, overLow), underLow);
        high = v128.bitselect(bottom, v128.bitselect(top, high, overHigh), underHigh);
        clipped += <i64>(
          popcnt(i64x2.bitmask(v128.or(overLow, underLow)) | (i64x2.bitmask(v128.or(overHigh, underHigh)) << 2))
        );
        const counts = v128.shuffle<i32>(low, high, 0, 2, 4, 6);
        let used = 15 ^ i32x4.bitmask(i32x4.eq(counts, i32x4.splat(0)));
        v128.store(product + ((<usize>outputs) << 2) + 16, counts);
        while (used !== 0) {
          const lane = ctz(used);
          used &= used - 1;
          const count = load<i32>(product + ((<usize>outputs) << 2) + 16 + ((<usize>lane) << 2));
          const column = j + lane;
          given += programCell(cells, i, column, <i32>first + column, count);
          largest = max(largest, abs(count));
        }
      }
    }
    if (largest !== 0) slots += largest + verify;
  }
  store<f64>(result, <f64>clipped);
  store<f64>(result, <f64>slots, 8);
  store<f64>(result, <f64>given, 16);
}
