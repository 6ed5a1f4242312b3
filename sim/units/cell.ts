/** The cells of `crossbar_macro`: what a pulse and what time does to a conductance, with all its randomness drawn by cell
 *  and pulse, so that it does not depend on the order of evaluation. docs/devices.md, "In integers". */

import { drawHash } from "../../generator/base/mix.ts";
import {
  BYTES_MEAN,
  CHANGE_FRACTION,
  type DeviceIr,
  DRAW,
  DRIFT_FRACTION,
  READ_FRACTION,
  READ_KEY,
  READ_NUMBERS,
  SEGMENT_BITS,
} from "../../generator/device/response.ts";
import type { Ir, LayerIr, ReadIr } from "../../generator/ir/ir.ts";
import { columnLines, lineOf, rowLines } from "../../generator/ir/lines.ts";
import type { Allocator } from "../allocator.ts";
import { clip } from "../arith.ts";
import * as layout from "../kernels/assembly/cell-layout.ts";

/** ADCs of a tile, at most, and a kernel's overhang: the table of normal numbers goes on so far past its end. */
const MOST_LINES = 1024 + 4;

/** One layer's devices. */
export interface DevicesState {
  /** [cell]: classes of set and reset, 4 bits each, and `layout.STUCK`. */
  readonly kinds: Uint16Array;
  readonly means: Int32Array;
  readonly deviations: Int32Array;
  readonly keys: Uint32Array;
  /** Where each input's row and each output's column is. */
  readonly rowTiles: Uint32Array;
  readonly rowCells: Uint32Array;
  readonly columnTiles: Uint32Array;
  readonly columnLines: Uint32Array;
  readonly readNoise: Int32Array;
  readonly readTable: Int32Array;
}

/** What one layer's cells are and hold. */
export interface LayerCells {
  /** Conductances [inputs][outputs], in units; with pairs, those that add and then those that subtract. */
  readonly cells: Uint16Array;
  /** What the cells make, in units: [inputs][forwardStride]. */
  readonly weights: Int16Array;
  /** The same transposed, [outputs][backwardStride]. */
  readonly transposed: Int16Array;
  readonly forwardStride: number;
  readonly backwardStride: number;
  /** Where devices are not exact: what each of them is. */
  readonly devices: DevicesState | null;
  /** Pulses each cell has seen. */
  readonly wear: Uint32Array;
}

/** Sum of a hash's four bytes about zero: a normal number of deviation 147.8. */
export const bytesSum = (hash: number): number =>
  (hash & 255) + ((hash >>> 8) & 255) + ((hash >>> 16) & 255) + (hash >>> 24) - BYTES_MEAN;

/** Which of its kinds a cell is: its classes, and whether it is stuck.
 *  @returns kind, and the conductance at which a stuck cell stands */
function kindOf(device: DeviceIr, hash: number): { kind: number; stuckOn: boolean } {
  const classes = device.classes - 1;
  const lot = hash >>> 16;
  const stuckOn = lot < device.stuckOn;
  const stuck = lot < device.stuckOn + device.stuckOff;
  return { kind: (hash & classes) | (((hash >>> 4) & classes) << 4) | (stuck ? layout.STUCK : 0), stuckOn };
}

/** @param cells conductances, changed where a cell is stuck */
export function createDevices(
  ir: Ir,
  layer: LayerIr,
  device: DeviceIr,
  cells: Uint16Array,
  allocate: Allocator,
): DevicesState {
  const { inputs, outputs, colTiles, tileKeys = [] } = layer;
  const uint32 = (values: ArrayLike<number>) => {
    const array = allocate.uint32(values.length);
    array.set(values);
    return array;
  };
  const int32 = (values: ArrayLike<number>) => {
    const array = allocate.int32(values.length);
    array.set(values);
    return array;
  };
  const rows = Array.from({ length: inputs }, (_, i) => lineOf(rowLines(layer), i));
  const columns = Array.from({ length: outputs }, (_, j) => lineOf(columnLines(layer), j));
  const halves = ir.cell.pairs ? 2 : 1;
  const state: DevicesState = {
    kinds: allocate.uint16(halves * inputs * outputs),
    means: int32(device.means),
    deviations: int32(device.deviations),
    keys: uint32(tileKeys),
    rowTiles: uint32(rows.map(({ tile }) => tile * colTiles)),
    rowCells: uint32(rows.map(({ line }) => line * ir.tileCols)),
    columnTiles: uint32(columns.map(({ tile }) => tile)),
    columnLines: uint32(columns.map(({ line }) => line)),
    readNoise: int32(device.readNoise),
    readTable: int32(
      device.readNoise.length > 0
        ? Array.from({ length: READ_NUMBERS + MOST_LINES }, (_, n) => bytesSum(drawHash(READ_KEY, n % READ_NUMBERS, 0)))
        : [],
    ),
  };
  const places = ir.tileRows * ir.tileCols;
  for (let half = 0; half < halves; half++)
    for (let i = 0; i < inputs; i++)
      for (let j = 0; j < outputs; j++) {
        const k = (half * inputs + i) * outputs + j;
        const { kind, stuckOn } = kindOf(device, drawOf(state, half * places, i, j, DRAW.kind));
        state.kinds[k] = kind;
        if (kind & layout.STUCK) cells[k] = stuckOn ? ir.cell.full : 0;
      }
  return state;
}

/** Words that the kernels take a layer's cells from (`cell-layout.ts`). */
export function cellWords(ir: Ir, layer: LayerIr, state: LayerCells, allocate: Allocator): Int32Array {
  const { cell } = ir;
  const words = allocate.int32(layout.WORDS);
  words[layout.CELLS] = state.cells.byteOffset;
  words[layout.WEAR] = state.wear.byteOffset;
  words[layout.WEIGHTS] = state.weights.byteOffset;
  words[layout.WEIGHT_STRIDE] = state.forwardStride;
  words[layout.TRANSPOSED] = layer.index > 0 ? state.transposed.byteOffset : 0;
  words[layout.TRANSPOSED_STRIDE] = state.backwardStride;
  words[layout.FULL] = cell.full;
  words[layout.REFERENCE] = cell.reference;
  words[layout.UNITS_PER_PULSE] = cell.unitsPerPulse;
  words[layout.WEIGHT_ONE] = cell.weightOne;
  words[layout.PAIRS] = cell.pairs ? layer.inputs * layer.outputs : 0;
  words[layout.PLACES] = ir.tileRows * ir.tileCols;
  words[layout.VERIFY] = ir.readBacks;
  const { device } = cell;
  const { devices } = state;
  if (!device || !devices) return words;
  words[layout.MEANS] = devices.means.byteOffset;
  words[layout.DEVIATIONS] = devices.deviations.byteOffset;
  words[layout.CLASSES] = device.classes;
  words[layout.ENTRIES] = device.entries;
  words[layout.SEGMENT_BITS] = SEGMENT_BITS;
  words[layout.CHANGE_FRACTION] = CHANGE_FRACTION;
  words[layout.BYTES_MEAN] = BYTES_MEAN;
  words[layout.KINDS] = devices.kinds.byteOffset;
  words[layout.KEYS] = devices.keys.byteOffset;
  words[layout.ROW_TILES] = devices.rowTiles.byteOffset;
  words[layout.ROW_CELLS] = devices.rowCells.byteOffset;
  words[layout.COLUMN_TILES] = devices.columnTiles.byteOffset;
  words[layout.COLUMN_LINES] = devices.columnLines.byteOffset;
  words[layout.DRIFT] = device.drift;
  words[layout.DRIFT_TARGET] = device.driftTarget;
  words[layout.DRIFT_FRACTION] = DRIFT_FRACTION;
  words[layout.DRAW_DRIFT] = DRAW.drift;
  words[layout.READ_NOISE] = device.readNoise.length > 0 ? devices.readNoise.byteOffset : 0;
  words[layout.READ_TABLE] = devices.readTable.byteOffset;
  words[layout.READ_NUMBERS] = READ_NUMBERS;
  words[layout.READ_FRACTION] = READ_FRACTION;
  return words;
}

/** A draw of the cell of input i and output j.
 *  @param first address of the tile's first cell of this half */
function drawOf(
  { keys, rowTiles, rowCells, columnTiles, columnLines: lines }: DevicesState,
  first: number,
  i: number,
  j: number,
  draw: number,
): number {
  return drawHash(keys[rowTiles[i] + columnTiles[j]], first + rowCells[i] + lines[j], draw);
}

/** Conductance after one pulse: along the curve by the mean change at this conductance, and the noise; what is less than
 *  a unit is rounded by chance.
 *  @param hash the pulse's draw */
export function pulsed(
  device: DeviceIr,
  full: number,
  conductance: number,
  kind: number,
  up: boolean,
  hash: number,
): number {
  if (kind & layout.STUCK) return conductance;
  const direction = up ? 0 : 1;
  const from = up ? conductance : full - conductance;
  const entry = from >>> SEGMENT_BITS;
  const place = from & (2 ** SEGMENT_BITS - 1);
  const tableRow = (direction * device.classes + ((kind >>> (4 * direction)) & 15)) * device.entries + entry;
  const mean = device.means[tableRow] * (2 ** SEGMENT_BITS - place) + device.means[tableRow + 1] * place;
  const noise = device.deviations[direction * device.entries + entry] * bytesSum(hash);
  const chance = Math.imul(hash, 0x9e3779b1) >>> (32 - CHANGE_FRACTION);
  const change = (mean + noise + chance) >> CHANGE_FRACTION;
  return Math.min(full, Math.max(0, up ? conductance + change : conductance - change));
}

/** Gives the cell of input i and output j one pulse; of a pair a set pulse, up to the one that adds. */
export function pulse(ir: Ir, layer: LayerIr, state: LayerCells, i: number, j: number, up: boolean): void {
  if (ir.cell.pairs) pulseCell(ir, layer, state, up ? 0 : 1, i, j, true);
  else pulseCell(ir, layer, state, 0, i, j, up);
  setWeight(ir, layer, state, i, j);
}

/** @param half of a pair: 0 adds, 1 subtracts */
function pulseCell(ir: Ir, layer: LayerIr, state: LayerCells, half: number, i: number, j: number, up: boolean): void {
  const { full, unitsPerPulse, device } = ir.cell;
  const k = (half * layer.inputs + i) * layer.outputs + j;
  const now = state.cells[k];
  if (device && state.devices) {
    const hash = drawOf(state.devices, half * ir.tileRows * ir.tileCols, i, j, state.wear[k]);
    state.cells[k] = pulsed(device, full, now, state.devices.kinds[k], up, hash);
  } else state.cells[k] = Math.min(full, Math.max(0, up ? now + unitsPerPulse : now - unitsPerPulse));
  state.wear[k]++;
}

/** The weight that the cells of input i and output j make, in units. */
export function weightOf({ cell }: Ir, { inputs, outputs }: LayerIr, cells: Uint16Array, i: number, j: number): number {
  const k = i * outputs + j;
  return cells[k] - (cell.pairs ? cells[inputs * outputs + k] : cell.reference);
}

/** Takes the weight of input i and output j over from its cells. */
function setWeight(ir: Ir, layer: LayerIr, state: LayerCells, i: number, j: number): void {
  const weight = weightOf(ir, layer, state.cells, i, j);
  state.weights[i * state.forwardStride + j] = weight;
  if (layer.index > 0) state.transposed[j * state.backwardStride + i] = weight;
}

/** The cell of input i and output j gets `count` pulses, up where it is more than 0, and as many more as reading it back
 *  asks for.
 *  @returns pulses given */
export function programCell(ir: Ir, layer: LayerIr, state: LayerCells, i: number, j: number, count: number): number {
  const { weightOne, unitsPerPulse } = ir.cell;
  const goal = clip(weightOf(ir, layer, state.cells, i, j) + count * unitsPerPulse, -weightOne, weightOne);
  let given = Math.abs(count);
  for (let n = 0; n < given; n++) pulse(ir, layer, state, i, j, count > 0);
  for (let n = 0; n < ir.readBacks && count !== 0; n++) {
    const left = goal - weightOf(ir, layer, state.cells, i, j);
    if (2 * Math.abs(left) <= unitsPerPulse) break;
    pulse(ir, layer, state, i, j, left > 0);
    given++;
  }
  return given;
}

/** The time of one batch passes: each conductance goes a part of its way to where it drifts.
 *  @param age batches before */
export function drift(ir: Ir, layer: LayerIr, state: LayerCells, age: number): void {
  const { device, pairs } = ir.cell;
  const { devices, cells } = state;
  if (!device || !devices || device.drift === 0) return;
  const draw = (DRAW.drift + age) >>> 0;
  for (let half = 0; half < (pairs ? 2 : 1); half++)
    for (let i = 0; i < layer.inputs; i++)
      for (let j = 0; j < layer.outputs; j++) {
        const k = (half * layer.inputs + i) * layer.outputs + j;
        if (devices.kinds[k] & layout.STUCK) continue;
        const chance = drawOf(devices, half * ir.tileRows * ir.tileCols, i, j, draw) >>> (32 - DRIFT_FRACTION);
        cells[k] += ((device.driftTarget - cells[k]) * device.drift + chance) >> DRIFT_FRACTION;
        setWeight(ir, layer, state, i, j);
      }
}

/** Pairs of one row of every tile have their turn: where one of the two is too full, both are erased, and one is set until
 *  it makes the difference again.
 *  @param age batches before
 *  @returns pulses given */
export function refresh(ir: Ir, layer: LayerIr, state: LayerCells, age: number): number {
  const { pairs } = ir.cell;
  if (!pairs) return 0;
  const { cells, wear, devices } = state;
  const { inputs, outputs } = layer;
  let given = 0;
  for (let i = 0; i < inputs; i++) {
    if (lineOf(rowLines(layer), i).line !== age % ir.tileRows) continue;
    for (let j = 0; j < outputs; j++) {
      const plus = i * outputs + j;
      const minus = inputs * outputs + plus;
      if (cells[plus] <= pairs.limit && cells[minus] <= pairs.limit) continue;
      const difference = cells[plus] - cells[minus];
      for (const k of [plus, minus]) {
        if (((devices?.kinds[k] ?? 0) & layout.STUCK) === 0) cells[k] = 0;
        wear[k]++;
      }
      given += 2;
      const up = difference > 0;
      for (let n = 0; n < pairs.most; n++) {
        const made = cells[plus] - cells[minus];
        if (up ? made >= difference : made <= difference) break;
        pulseCell(ir, layer, state, up ? 0 : 1, i, j, true);
        given++;
      }
      setWeight(ir, layer, state, i, j);
    }
  }
  return given;
}

/** How the keys of a layer's tiles are counted in one direction of reading. */
export interface TileKeys {
  /** Keys from one summed tile to the next, and from one sampled tile to the next. */
  readonly summed: number;
  readonly sampled: number;
}

export const tileKeys = ({ colTiles }: LayerIr, forward: boolean): TileKeys =>
  forward ? { summed: colTiles, sampled: 1 } : { summed: 1, sampled: colTiles };

/** Noise of the sums of one direction's reads. */
export class ReadNoise {
  readonly #devices: DevicesState;
  readonly #read: ReadIr;
  readonly #keys: TileKeys;
  readonly #draw: number;

  constructor(devices: DevicesState, layer: LayerIr, read: ReadIr, forward: boolean) {
    this.#devices = devices;
    this.#read = read;
    this.#keys = tileKeys(layer, forward);
    this.#draw = forward ? DRAW.forward : DRAW.backward;
  }

  /** @param samples read in this direction before
   *  @param n plane, from the most significant
   *  @param driven lines of the summed tile that are driven
   *  @param line which is sampled */
  of(samples: number, n: number, summedTile: number, driven: number, line: number): number {
    const { planes, steps, group, adcsPerTile } = this.#read;
    const { keys, readNoise: scale, readTable } = this.#devices;
    const place = line % group;
    const key = keys[summedTile * this.#keys.summed + Math.floor(place / adcsPerTile) * this.#keys.sampled];
    const reads = samples * steps * planes + Math.floor(line / group) * planes + n;
    const first = drawHash(key, reads, this.#draw) % READ_NUMBERS;
    const number = readTable[first + (place % adcsPerTile)];
    return (number * scale[driven] + 2 ** (READ_FRACTION - 1)) >> READ_FRACTION;
  }
}
