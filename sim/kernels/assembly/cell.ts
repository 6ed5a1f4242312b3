// The cells of `crossbar_macro`: pulses, drift and the noise of reads. Twin of `sim/units/cell.ts`.
import {
  BYTES_MEAN,
  CHANGE_FRACTION,
  CLASSES,
  COLUMN_LINES,
  COLUMN_TILES,
  DEVIATIONS,
  DRAW_DRIFT,
  DRIFT,
  DRIFT_FRACTION,
  DRIFT_TARGET,
  ENTRIES,
  FULL,
  KEYS,
  KINDS,
  MEANS,
  READ_FRACTION,
  READ_NOISE,
  READ_NUMBERS,
  READ_TABLE,
  ROW_CELLS,
  ROW_TILES,
  SEGMENT_BITS,
  STUCK,
} from "./cell-layout";

function word(devices: usize, n: i32): i32 {
  return load<i32>(devices + ((<usize>n) << 2));
}

function at(devices: usize, n: i32, index: i32): u32 {
  return load<u32>(<usize>word(devices, n) + ((<usize>index) << 2));
}

function drawHash(key: u32, address: u32, draw: u32): u32 {
  let h: u32 = key + address * 0x9e3779b1 + draw * 0x85ebca77;
  h = (h ^ (h >> 16)) * 0x7feb352d;
  h = (h ^ (h >> 15)) * 0x846ca68b;
  return h ^ (h >> 16);
}

/** Conductance of the cell of input i and output j after `count` pulses, up where it is more than 0.
 *  @param k the cell's place in the layer
 *  @param wear pulses that it had before */
export function pulsed(devices: usize, i: i32, j: i32, k: i32, conductance: i32, count: i32, wear: u32): i32 {
  const kind = <i32>load<u16>(<usize>word(devices, KINDS) + ((<usize>k) << 1));
  if (kind & STUCK) return conductance;
  const up = count > 0;
  const direction = up ? 0 : 1;
  const full = word(devices, FULL);
  const entries = word(devices, ENTRIES);
  const segment = word(devices, SEGMENT_BITS);
  const fraction = word(devices, CHANGE_FRACTION);
  const middle = word(devices, BYTES_MEAN);
  const row = (direction * word(devices, CLASSES) + ((kind >> (4 * direction)) & 15)) * entries;
  const means = <usize>word(devices, MEANS) + ((<usize>row) << 2);
  const deviations = <usize>word(devices, DEVIATIONS) + ((<usize>(direction * entries)) << 2);
  const key = at(devices, KEYS, at(devices, ROW_TILES, i) + at(devices, COLUMN_TILES, j));
  const address = at(devices, ROW_CELLS, i) + at(devices, COLUMN_LINES, j);
  let from = up ? conductance : full - conductance;
  for (let n = abs(count); n > 0; n--) {
    const hash = drawHash(key, address, wear++);
    const entry = from >> segment;
    const place = from & ((1 << segment) - 1);
    const table = means + ((<usize>entry) << 2);
    const mean = load<i32>(table) * ((1 << segment) - place) + load<i32>(table, 4) * place;
    const bytes = <i32>((hash & 255) + ((hash >> 8) & 255) + ((hash >> 16) & 255) + (hash >> 24)) - middle;
    const noise = load<i32>(deviations + ((<usize>entry) << 2)) * bytes;
    const chance = <i32>((hash * 0x9e3779b1) >> (32 - fraction));
    from = min(max(from + ((mean + noise + chance) >> fraction), 0), full);
  }
  return up ? from : full - from;
}

/** The time of one batch passes for one layer.
 *  @param age batches before */
export function drift(
  devices: usize,
  age: u32,
  inputs: i32,
  outputs: i32,
  cells: usize,
  reference: i32,
  weights: usize,
  weightStride: i32,
  transposed: usize,
  transposedStride: i32,
): void {
  const rate = word(devices, DRIFT);
  const target = word(devices, DRIFT_TARGET);
  const fraction = word(devices, DRIFT_FRACTION);
  const draw = <u32>word(devices, DRAW_DRIFT) + age;
  for (let i = 0; i < inputs; i++) {
    const rowTile = at(devices, ROW_TILES, i);
    const rowCells = at(devices, ROW_CELLS, i);
    for (let j = 0; j < outputs; j++) {
      const k = <usize>i * <usize>outputs + <usize>j;
      if (load<u16>(<usize>word(devices, KINDS) + (k << 1)) & STUCK) continue;
      const key = at(devices, KEYS, rowTile + at(devices, COLUMN_TILES, j));
      const chance = <i32>(drawHash(key, rowCells + at(devices, COLUMN_LINES, j), draw) >> (32 - fraction));
      const now = <i32>load<u16>(cells + (k << 1));
      const moved = now + (((target - now) * rate + chance) >> fraction);
      if (moved === now) continue;
      store<u16>(cells + (k << 1), <u16>moved);
      const weight = <i16>(moved - reference);
      store<i16>(weights + ((<usize>i * <usize>weightStride + <usize>j) << 1), weight);
      if (transposed !== 0) store<i16>(transposed + ((<usize>j * <usize>transposedStride + <usize>i) << 1), weight);
    }
  }
}

/** Noise of every conversion of one read.
 *  @param draw which direction
 *  @param reads conversions of a tile before this read
 *  @param counts [plane n][summed tile] pairs: lines to add, lines to subtract
 *  @param sampledTiles tiles side by side along the sampled lines
 *  @param summedKey, sampledKey keys from one tile to the next, in both directions
 *  @param columns room for so many int32 a plane and summed tile
 *  @param noise out: int32 [plane n][summed tile][columns] */
export function readNoise(
  devices: usize,
  draw: u32,
  reads: u32,
  planes: i32,
  tiles: i32,
  counts: usize,
  sampledTiles: i32,
  adcs: i32,
  sampled: i32,
  summedKey: i32,
  sampledKey: i32,
  columns: i32,
  noise: usize,
): void {
  const keys = <usize>word(devices, KEYS);
  const scale = <usize>word(devices, READ_NOISE);
  const table = <usize>word(devices, READ_TABLE);
  const mask = <u32>word(devices, READ_NUMBERS) - 1;
  const fraction = word(devices, READ_FRACTION);
  const half = i32x4.splat(1 << (fraction - 1));
  for (let n = 0; n < planes; n++)
    for (let t = 0; t < tiles; t++) {
      const bucket = n * tiles + t;
      const driven = load<i32>(counts + ((<usize>bucket) << 3)) + load<i32>(counts + ((<usize>bucket) << 3), 4);
      if (driven === 0) continue;
      const factor = i32x4.splat(load<i32>(scale + ((<usize>driven) << 2)));
      const out = noise + ((<usize>bucket * <usize>columns) << 2);
      let column = 0;
      for (let step = 0; column < sampled; step++)
        for (let c = 0; c < sampledTiles && column < sampled; c++) {
          const key = load<u32>(keys + ((<usize>(t * summedKey + c * sampledKey)) << 2));
          const first = drawHash(key, reads + <u32>(step * planes + n), draw) & mask;
          // What is written past a tile's ADCs, the next tile's overwrite; the table goes on past its end.
          for (let a = 0; a < adcs; a += 4)
            v128.store(
              out + ((<usize>(column + a)) << 2),
              i32x4.shr_s(
                i32x4.add(i32x4.mul(v128.load(table + ((<usize>first + <usize>a) << 2)), factor), half),
                fraction,
              ),
            );
          column += adcs;
        }
      for (let k = sampled; k < columns; k++) store<i32>(out + ((<usize>k) << 2), 0);
    }
}
