// The cells of `crossbar_macro`: pulses, drift and the noise of reads. Twin of `sim/units/cell.ts`.
import {
  BYTES_MEAN,
  CELLS,
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
  PAIRS,
  PLACES,
  READ_FRACTION,
  READ_NOISE,
  READ_NUMBERS,
  READ_TABLE,
  REFERENCE,
  ROW_CELLS,
  ROW_TILES,
  SEGMENT_BITS,
  STUCK,
  TRANSPOSED,
  TRANSPOSED_STRIDE,
  UNITS_PER_PULSE,
  VERIFY,
  WEAR,
  WEIGHT_ONE,
  WEIGHT_STRIDE,
  WEIGHTS,
} from "./cell-layout";

function word(layer: usize, n: i32): i32 {
  return load<i32>(layer + ((<usize>n) << 2));
}

function at(layer: usize, n: i32, index: i32): u32 {
  return load<u32>(<usize>word(layer, n) + ((<usize>index) << 2));
}

function drawHash(key: u32, address: u32, draw: u32): u32 {
  let h: u32 = key + address * 0x9e3779b1 + draw * 0x85ebca77;
  h = (h ^ (h >> 16)) * 0x7feb352d;
  h = (h ^ (h >> 15)) * 0x846ca68b;
  return h ^ (h >> 16);
}

/** Conductance of the cell of input i and output j after `count` pulses, up where it is more than 0.
 *  @param half of a pair: 1 where it is the cell that subtracts
 *  @param k the cell's place in the layer
 *  @param wear pulses that it had before */
function pulsed(layer: usize, half: i32, i: i32, j: i32, k: i32, conductance: i32, count: i32, wear: u32): i32 {
  const kind = <i32>load<u16>(<usize>word(layer, KINDS) + ((<usize>k) << 1));
  if (kind & STUCK) return conductance;
  const up = count > 0;
  const direction = up ? 0 : 1;
  const full = word(layer, FULL);
  const entries = word(layer, ENTRIES);
  const segment = word(layer, SEGMENT_BITS);
  const fraction = word(layer, CHANGE_FRACTION);
  const middle = word(layer, BYTES_MEAN);
  const row = (direction * word(layer, CLASSES) + ((kind >> (4 * direction)) & 15)) * entries;
  const means = <usize>word(layer, MEANS) + ((<usize>row) << 2);
  const deviations = <usize>word(layer, DEVIATIONS) + ((<usize>(direction * entries)) << 2);
  const key = at(layer, KEYS, at(layer, ROW_TILES, i) + at(layer, COLUMN_TILES, j));
  const address = half * word(layer, PLACES) + at(layer, ROW_CELLS, i) + at(layer, COLUMN_LINES, j);
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

/** The weight that the cells at k make. */
function weightAt(layer: usize, k: i32): i32 {
  const cells = <usize>word(layer, CELLS) + ((<usize>k) << 1);
  const pairs = <usize>word(layer, PAIRS);
  return <i32>load<u16>(cells) - (pairs !== 0 ? <i32>load<u16>(cells + (pairs << 1)) : word(layer, REFERENCE));
}

function setWeight(layer: usize, i: i32, j: i32, k: i32): void {
  const weight = <i16>weightAt(layer, k);
  const place = <usize>i * <usize>word(layer, WEIGHT_STRIDE) + <usize>j;
  store<i16>(<usize>word(layer, WEIGHTS) + (place << 1), weight);
  const transposed = <usize>word(layer, TRANSPOSED);
  if (transposed === 0) return;
  store<i16>(transposed + ((<usize>j * <usize>word(layer, TRANSPOSED_STRIDE) + <usize>i) << 1), weight);
}

/** Gives the cell of input i and output j `count` pulses; of a pair set pulses, where it is more than 0 to the one that adds. */
function pulse(layer: usize, i: i32, j: i32, k: i32, count: i32): void {
  const pairs = word(layer, PAIRS);
  const half = pairs !== 0 && count < 0 ? 1 : 0;
  const steps = pairs !== 0 ? abs(count) : count;
  const cell = k + half * pairs;
  const conductance = <usize>word(layer, CELLS) + ((<usize>cell) << 1);
  const wear = <usize>word(layer, WEAR) + ((<usize>cell) << 2);
  const now = <i32>load<u16>(conductance);
  const worn = load<u32>(wear);
  const next =
    word(layer, MEANS) !== 0
      ? pulsed(layer, half, i, j, cell, now, steps, worn)
      : min(max(now + steps * word(layer, UNITS_PER_PULSE), 0), word(layer, FULL));
  store<u16>(conductance, <u16>next);
  store<u32>(wear, worn + <u32>abs(count));
}

/** `count` pulses for the weight of input i and output j, and as many more as reading it back asks for.
 *  @param layer words of `cell-layout.ts`
 *  @param k the cell's place in the layer
 *  @returns pulses given */
export function programCell(layer: usize, i: i32, j: i32, k: i32, count: i32): i32 {
  const unit = word(layer, UNITS_PER_PULSE);
  const one = word(layer, WEIGHT_ONE);
  const goal = min(max(weightAt(layer, k) + count * unit, -one), one);
  pulse(layer, i, j, k, count);
  let given = abs(count);
  for (let n = word(layer, VERIFY); n > 0; n--) {
    const left = goal - weightAt(layer, k);
    if (2 * abs(left) <= unit) break;
    pulse(layer, i, j, k, left > 0 ? 1 : -1);
    given++;
  }
  setWeight(layer, i, j, k);
  return given;
}

/** The time of one batch passes for one layer.
 *  @param layer words of `cell-layout.ts`
 *  @param age batches before */
export function drift(layer: usize, age: u32, inputs: i32, outputs: i32): void {
  const rate = word(layer, DRIFT);
  const target = word(layer, DRIFT_TARGET);
  const fraction = word(layer, DRIFT_FRACTION);
  const draw = <u32>word(layer, DRAW_DRIFT) + age;
  const pairs = word(layer, PAIRS);
  const halves = pairs !== 0 ? 2 : 1;
  for (let half = 0; half < halves; half++)
    for (let i = 0; i < inputs; i++) {
      const rowTile = at(layer, ROW_TILES, i);
      const rowCells = half * word(layer, PLACES) + at(layer, ROW_CELLS, i);
      for (let j = 0; j < outputs; j++) {
        const k = i * outputs + j;
        const cell = <usize>(k + half * pairs);
        if (load<u16>(<usize>word(layer, KINDS) + (cell << 1)) & STUCK) continue;
        const key = at(layer, KEYS, rowTile + at(layer, COLUMN_TILES, j));
        const chance = <i32>(drawHash(key, rowCells + at(layer, COLUMN_LINES, j), draw) >> (32 - fraction));
        const place = <usize>word(layer, CELLS) + (cell << 1);
        const now = <i32>load<u16>(place);
        const moved = now + (((target - now) * rate + chance) >> fraction);
        if (moved === now) continue;
        store<u16>(place, <u16>moved);
        setWeight(layer, i, j, k);
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
  layer: usize,
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
  const keys = <usize>word(layer, KEYS);
  const scale = <usize>word(layer, READ_NOISE);
  const table = <usize>word(layer, READ_TABLE);
  const mask = <u32>word(layer, READ_NUMBERS) - 1;
  const fraction = word(layer, READ_FRACTION);
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
