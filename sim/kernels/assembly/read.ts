// One direction of reading a layer's crossbars: `crossbar_macro`, `column_adc` and `shift_add` in one pass.
//
// The driven lines are first sorted into one list for each (plane, tile): the addresses of the rows to add, from the list's
// front, and of the rows to subtract, from its back. So the work is proportional to the bits that are set. Then, for one
// block of columns after the other (a block of all used rows stays in the first-level cache over all planes), the rows of
// each list add up in registers, are converted, and go to the accumulators.
import { readNoise } from "./cell";

/** Columns of one block, in 16-bit words: strides of weight matrices are multiples of it. */
const BLOCK_BYTES = 128;

/** Sorts driven lines into lists.
 *  @param lists [plane n][tile][capacity] addresses of rows
 *  @param counts [plane n][tile] pairs: how many to add, how many to subtract */
function sort(
  drive: usize,
  driven: i32,
  planes: i32,
  tileOf: usize,
  tiles: i32,
  weights: usize,
  stride: i32,
  lists: usize,
  capacity: i32,
  counts: usize,
): void {
  memory.fill(counts, 0, (<usize>(planes * tiles)) << 3);
  const mask = (1 << planes) - 1;
  for (let base = 0; base < driven; base += 8) {
    if (!v128.any_true(v128.load(drive + ((<usize>base) << 1)))) continue;
    const end = min(base + 8, driven);
    for (let d = base; d < end; d++) {
      const value = <i32>load<i16>(drive + ((<usize>d) << 1));
      const tile = <i32>load<u16>(tileOf + ((<usize>d) << 1));
      const row = <u32>(weights + <usize>d * <usize>stride);
      const negative = value < 0;
      let bits = (negative ? -value : value) & mask;
      while (bits !== 0) {
        const bucket = (planes - 1 - ctz(bits)) * tiles + tile;
        bits &= bits - 1;
        const list = lists + ((<usize>(bucket * capacity)) << 2);
        const count = counts + ((<usize>bucket) << 3);
        if (negative) {
          const k = load<i32>(count, 4);
          store<u32>(list + ((<usize>(capacity - 1 - k)) << 2), row);
          store<i32>(count, k + 1, 4);
        } else {
          const k = load<i32>(count);
          store<u32>(list + ((<usize>k) << 2), row);
          store<i32>(count, k + 1);
        }
      }
    }
  }
}

/** |v| rounded to the converter's unit: halves away from zero. */
function magnitude(v: v128, half: v128, range: i32): v128 {
  return i16x8.shr_u(i16x8.add(i16x8.abs(v), half), range);
}

/** The magnitude's code, clipped, with the sign of the sum. */
function code(m: v128, sum: v128, max: v128): v128 {
  const sign = i16x8.shr_s(sum, 15);
  return i16x8.sub(v128.xor(i16x8.min_s(m, max), sign), sign);
}

/** acc ← (keep ? 2 · acc : 0) + code. */
function merge(at: usize, value: v128, keep: i32): void {
  v128.store(at, i16x8.add(i16x8.shl(v128.load(at), keep), value));
}

/** acc ← 0 for one block: cheaper than the call of `memory.fill`. */
function clear(acc: usize): void {
  for (let k = 0; k < BLOCK_BYTES; k += 16) v128.store(acc + k, i16x8.splat(0));
}

/** sums ← (sums << shift) + acc, for eight columns. */
function widen(sums: usize, acc: v128, shift: i32): void {
  v128.store(sums, i32x4.add(i32x4.shl(v128.load(sums), shift), i32x4.extend_low_i16x8_s(acc)));
  v128.store(sums, i32x4.add(i32x4.shl(v128.load(sums, 16), shift), i32x4.extend_high_i16x8_s(acc)), 16);
}

/** sums ← sums + (value << shift), for eight columns. */
function addShifted(sums: usize, value: v128, shift: i32): void {
  v128.store(sums, i32x4.add(v128.load(sums), i32x4.shl(i32x4.extend_low_i16x8_s(value), shift)));
  v128.store(sums, i32x4.add(v128.load(sums, 16), i32x4.shl(i32x4.extend_high_i16x8_s(value), shift)), 16);
}

/** Reads with 16-bit column sums.
 *  @param drive int16 signed codes of the driven lines
 *  @param stride bytes of a row of weights, a multiple of the block
 *  @param group planes whose merged codes fit 16 bits when accumulated; 0: not even one
 *  @param acc room for one block
 *  @param sums out: int32 accumulators, one for each column of the stride
 *  @returns codes that saturated */
export function read(
  drive: usize,
  driven: i32,
  planes: i32,
  tileOf: usize,
  tiles: i32,
  weights: usize,
  stride: i32,
  range: i32,
  codeMax: i32,
  group: i32,
  lists: usize,
  capacity: i32,
  counts: usize,
  acc: usize,
  sums: usize,
): i32 {
  sort(drive, driven, planes, tileOf, tiles, weights, stride, lists, capacity, counts);
  memory.fill(sums, 0, (<usize>stride) << 1);
  const unitHalf = range > 0 ? 1 << (range - 1) : 0;
  const half = i16x8.splat(<i16>unitHalf);
  const max = i16x8.splat(<i16>codeMax);
  let saturated = i32x4.splat(0);
  for (let column = 0; column < stride; column += BLOCK_BYTES) {
    const out = sums + ((<usize>column) << 1);
    clear(acc);
    let pending = 0;
    for (let n = 0; n < planes; n++) {
      let keep = 1;
      for (let t = 0; t < tiles; t++) {
        const bucket = n * tiles + t;
        const positive = load<i32>(counts + ((<usize>bucket) << 3));
        const negative = load<i32>(counts + ((<usize>bucket) << 3), 4);
        if ((positive | negative) === 0) continue;
        let a0 = i16x8.splat(0),
          a1 = a0,
          a2 = a0,
          a3 = a0,
          a4 = a0,
          a5 = a0,
          a6 = a0,
          a7 = a0;
        const list = lists + ((<usize>(bucket * capacity)) << 2);
        let end = list + ((<usize>positive) << 2);
        for (let p = list; p < end; p += 4) {
          const row = <usize>load<u32>(p) + column;
          a0 = i16x8.add(a0, v128.load(row));
          a1 = i16x8.add(a1, v128.load(row, 16));
          a2 = i16x8.add(a2, v128.load(row, 32));
          a3 = i16x8.add(a3, v128.load(row, 48));
          a4 = i16x8.add(a4, v128.load(row, 64));
          a5 = i16x8.add(a5, v128.load(row, 80));
          a6 = i16x8.add(a6, v128.load(row, 96));
          a7 = i16x8.add(a7, v128.load(row, 112));
        }
        end = list + ((<usize>capacity) << 2);
        for (let p = end - ((<usize>negative) << 2); p < end; p += 4) {
          const row = <usize>load<u32>(p) + column;
          a0 = i16x8.sub(a0, v128.load(row));
          a1 = i16x8.sub(a1, v128.load(row, 16));
          a2 = i16x8.sub(a2, v128.load(row, 32));
          a3 = i16x8.sub(a3, v128.load(row, 48));
          a4 = i16x8.sub(a4, v128.load(row, 64));
          a5 = i16x8.sub(a5, v128.load(row, 80));
          a6 = i16x8.sub(a6, v128.load(row, 96));
          a7 = i16x8.sub(a7, v128.load(row, 112));
        }
        const m0 = magnitude(a0, half, range),
          m1 = magnitude(a1, half, range);
        let clipped = i16x8.add(i16x8.gt_s(m0, max), i16x8.gt_s(m1, max));
        a0 = code(m0, a0, max);
        a1 = code(m1, a1, max);
        const m2 = magnitude(a2, half, range),
          m3 = magnitude(a3, half, range);
        clipped = i16x8.add(clipped, i16x8.add(i16x8.gt_s(m2, max), i16x8.gt_s(m3, max)));
        a2 = code(m2, a2, max);
        a3 = code(m3, a3, max);
        const m4 = magnitude(a4, half, range),
          m5 = magnitude(a5, half, range);
        clipped = i16x8.add(clipped, i16x8.add(i16x8.gt_s(m4, max), i16x8.gt_s(m5, max)));
        a4 = code(m4, a4, max);
        a5 = code(m5, a5, max);
        const m6 = magnitude(a6, half, range),
          m7 = magnitude(a7, half, range);
        clipped = i16x8.add(clipped, i16x8.add(i16x8.gt_s(m6, max), i16x8.gt_s(m7, max)));
        a6 = code(m6, a6, max);
        a7 = code(m7, a7, max);
        // Each lane of `clipped` holds −(0 … 8).
        saturated = i32x4.sub(saturated, i32x4.extadd_pairwise_i16x8_s(clipped));
        if (group > 0) {
          merge(acc, a0, keep);
          merge(acc + 16, a1, keep);
          merge(acc + 32, a2, keep);
          merge(acc + 48, a3, keep);
          merge(acc + 64, a4, keep);
          merge(acc + 80, a5, keep);
          merge(acc + 96, a6, keep);
          merge(acc + 112, a7, keep);
          keep = 0;
        } else {
          const plane = planes - 1 - n;
          addShifted(out, a0, plane);
          addShifted(out + 32, a1, plane);
          addShifted(out + 64, a2, plane);
          addShifted(out + 96, a3, plane);
          addShifted(out + 128, a4, plane);
          addShifted(out + 160, a5, plane);
          addShifted(out + 192, a6, plane);
          addShifted(out + 224, a7, plane);
        }
      }
      if (group === 0) continue;
      if (keep === 1) for (let k = 0; k < BLOCK_BYTES; k += 16) merge(acc + k, i16x8.splat(0), 1);
      if (++pending === group || n === planes - 1) {
        for (let k = 0; k < BLOCK_BYTES; k += 16) widen(out + ((<usize>k) << 1), v128.load(acc + k), pending);
        clear(acc);
        pending = 0;
      }
    }
  }
  return (
    i32x4.extract_lane(saturated, 0) +
    i32x4.extract_lane(saturated, 1) +
    i32x4.extract_lane(saturated, 2) +
    i32x4.extract_lane(saturated, 3)
  );
}

function magnitudeWide(v: v128, half: v128, range: i32): v128 {
  return i32x4.shr_u(i32x4.add(i32x4.abs(v), half), range);
}

function codeWide(m: v128, sum: v128, max: v128): v128 {
  const sign = i32x4.shr_s(sum, 31);
  return i32x4.sub(v128.xor(i32x4.min_s(m, max), sign), sign);
}

function addWide(sums: usize, value: v128, shift: i32): void {
  v128.store(sums, i32x4.add(v128.load(sums), i32x4.shl(value, shift)));
}

/** Reads with 32-bit column sums: the same, half a block at a time.
 *  @param noise int32 [plane n][tile][stride / 2] room for the noise of each sum; 0: none
 *  @param devices, draw, reads, sampledTiles, adcs, sampled, summedKey, sampledKey what `readNoise` takes */
export function readWide(
  drive: usize,
  driven: i32,
  planes: i32,
  tileOf: usize,
  tiles: i32,
  weights: usize,
  stride: i32,
  range: i32,
  codeMax: i32,
  lists: usize,
  capacity: i32,
  counts: usize,
  sums: usize,
  noise: usize,
  devices: usize,
  draw: u32,
  reads: u32,
  sampledTiles: i32,
  adcs: i32,
  sampled: i32,
  summedKey: i32,
  sampledKey: i32,
): i32 {
  sort(drive, driven, planes, tileOf, tiles, weights, stride, lists, capacity, counts);
  memory.fill(sums, 0, (<usize>stride) << 1);
  const columns = stride >> 1;
  if (noise !== 0)
    readNoise(
      devices,
      draw,
      reads,
      planes,
      tiles,
      counts,
      sampledTiles,
      adcs,
      sampled,
      summedKey,
      sampledKey,
      columns,
      noise,
    );
  const half = i32x4.splat(range > 0 ? 1 << (range - 1) : 0);
  const max = i32x4.splat(codeMax);
  let saturated = i32x4.splat(0);
  for (let column = 0; column < stride; column += BLOCK_BYTES / 2) {
    const out = sums + ((<usize>column) << 1);
    for (let n = 0; n < planes; n++) {
      for (let t = 0; t < tiles; t++) {
        const bucket = n * tiles + t;
        const positive = load<i32>(counts + ((<usize>bucket) << 3));
        const negative = load<i32>(counts + ((<usize>bucket) << 3), 4);
        if ((positive | negative) === 0) continue;
        let a0 = i32x4.splat(0),
          a1 = a0,
          a2 = a0,
          a3 = a0,
          a4 = a0,
          a5 = a0,
          a6 = a0,
          a7 = a0;
        if (noise !== 0) {
          const from = noise + ((<usize>(bucket * columns + (column >> 1))) << 2);
          a0 = v128.load(from);
          a1 = v128.load(from, 16);
          a2 = v128.load(from, 32);
          a3 = v128.load(from, 48);
          a4 = v128.load(from, 64);
          a5 = v128.load(from, 80);
          a6 = v128.load(from, 96);
          a7 = v128.load(from, 112);
        }
        const list = lists + ((<usize>(bucket * capacity)) << 2);
        let end = list + ((<usize>positive) << 2);
        for (let p = list; p < end; p += 4) {
          const row = <usize>load<u32>(p) + column;
          const w0 = v128.load(row),
            w1 = v128.load(row, 16),
            w2 = v128.load(row, 32),
            w3 = v128.load(row, 48);
          a0 = i32x4.add(a0, i32x4.extend_low_i16x8_s(w0));
          a1 = i32x4.add(a1, i32x4.extend_high_i16x8_s(w0));
          a2 = i32x4.add(a2, i32x4.extend_low_i16x8_s(w1));
          a3 = i32x4.add(a3, i32x4.extend_high_i16x8_s(w1));
          a4 = i32x4.add(a4, i32x4.extend_low_i16x8_s(w2));
          a5 = i32x4.add(a5, i32x4.extend_high_i16x8_s(w2));
          a6 = i32x4.add(a6, i32x4.extend_low_i16x8_s(w3));
          a7 = i32x4.add(a7, i32x4.extend_high_i16x8_s(w3));
        }
        end = list + ((<usize>capacity) << 2);
        for (let p = end - ((<usize>negative) << 2); p < end; p += 4) {
          const row = <usize>load<u32>(p) + column;
          const w0 = v128.load(row),
            w1 = v128.load(row, 16),
            w2 = v128.load(row, 32),
            w3 = v128.load(row, 48);
          a0 = i32x4.sub(a0, i32x4.extend_low_i16x8_s(w0));
          a1 = i32x4.sub(a1, i32x4.extend_high_i16x8_s(w0));
          a2 = i32x4.sub(a2, i32x4.extend_low_i16x8_s(w1));
          a3 = i32x4.sub(a3, i32x4.extend_high_i16x8_s(w1));
          a4 = i32x4.sub(a4, i32x4.extend_low_i16x8_s(w2));
          a5 = i32x4.sub(a5, i32x4.extend_high_i16x8_s(w2));
          a6 = i32x4.sub(a6, i32x4.extend_low_i16x8_s(w3));
          a7 = i32x4.sub(a7, i32x4.extend_high_i16x8_s(w3));
        }
        const plane = planes - 1 - n;
        const m0 = magnitudeWide(a0, half, range),
          m1 = magnitudeWide(a1, half, range);
        const m2 = magnitudeWide(a2, half, range),
          m3 = magnitudeWide(a3, half, range);
        const m4 = magnitudeWide(a4, half, range),
          m5 = magnitudeWide(a5, half, range);
        const m6 = magnitudeWide(a6, half, range),
          m7 = magnitudeWide(a7, half, range);
        saturated = i32x4.sub(saturated, i32x4.add(i32x4.gt_s(m0, max), i32x4.gt_s(m1, max)));
        saturated = i32x4.sub(saturated, i32x4.add(i32x4.gt_s(m2, max), i32x4.gt_s(m3, max)));
        saturated = i32x4.sub(saturated, i32x4.add(i32x4.gt_s(m4, max), i32x4.gt_s(m5, max)));
        saturated = i32x4.sub(saturated, i32x4.add(i32x4.gt_s(m6, max), i32x4.gt_s(m7, max)));
        addWide(out, codeWide(m0, a0, max), plane);
        addWide(out + 16, codeWide(m1, a1, max), plane);
        addWide(out + 32, codeWide(m2, a2, max), plane);
        addWide(out + 48, codeWide(m3, a3, max), plane);
        addWide(out + 64, codeWide(m4, a4, max), plane);
        addWide(out + 80, codeWide(m5, a5, max), plane);
        addWide(out + 96, codeWide(m6, a6, max), plane);
        addWide(out + 112, codeWide(m7, a7, max), plane);
      }
    }
  }
  return (
    i32x4.extract_lane(saturated, 0) +
    i32x4.extract_lane(saturated, 1) +
    i32x4.extract_lane(saturated, 2) +
    i32x4.extract_lane(saturated, 3)
  );
}
