/** The cells of `crossbar_macro`: what a pulse and what time does to a conductance, with all its randomness drawn by cell
 *  and pulse, so that it does not depend on the order of evaluation. docs/devices.md, "In integers". */
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
import type { Ir, LayerIr, ReadIr } from "../../generator/ir.ts";
import { columnLines, lineOf, rowLines } from "../../generator/lines.ts";
import { drawHash } from "../../generator/random.ts";
import * as layout from "../kernels/assembly/cell-layout.ts";
import type { Allocator, LayerState } from "../state.ts";

/** ADCs of a tile, at most, and a kernel's overhang: the table of normal numbers goes on so far past its end. */
const MOST_LINES = 1024 + 4;

/** One layer's devices. */
export interface CellsState {
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
  /** The same for the kernels (`cell-layout.ts`). */
  readonly words: Int32Array;
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
export function createCells(
  ir: Ir,
  layer: LayerIr,
  device: DeviceIr,
  cells: Uint16Array,
  allocate: Allocator,
): CellsState {
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
  const state = {
    kinds: allocate.uint16(inputs * outputs),
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
  for (let i = 0; i < inputs; i++)
    for (let j = 0; j < outputs; j++) {
      const k = i * outputs + j;
      const { kind, stuckOn } = kindOf(device, drawOf(state, i, j, DRAW.kind));
      state.kinds[k] = kind;
      if (kind & layout.STUCK) cells[k] = stuckOn ? ir.cell.full : 0;
    }
  const words = allocate.int32(layout.WORDS);
  words[layout.MEANS] = state.means.byteOffset;
  words[layout.DEVIATIONS] = state.deviations.byteOffset;
  words[layout.CLASSES] = device.classes;
  words[layout.ENTRIES] = device.entries;
  words[layout.FULL] = ir.cell.full;
  words[layout.SEGMENT_BITS] = SEGMENT_BITS;
  words[layout.CHANGE_FRACTION] = CHANGE_FRACTION;
  words[layout.BYTES_MEAN] = BYTES_MEAN;
  words[layout.KINDS] = state.kinds.byteOffset;
  words[layout.KEYS] = state.keys.byteOffset;
  words[layout.ROW_TILES] = state.rowTiles.byteOffset;
  words[layout.ROW_CELLS] = state.rowCells.byteOffset;
  words[layout.COLUMN_TILES] = state.columnTiles.byteOffset;
  words[layout.COLUMN_LINES] = state.columnLines.byteOffset;
  words[layout.DRIFT] = device.drift;
  words[layout.DRIFT_TARGET] = device.driftTarget;
  words[layout.DRIFT_FRACTION] = DRIFT_FRACTION;
  words[layout.DRAW_DRIFT] = DRAW.drift;
  words[layout.READ_NOISE] = device.readNoise.length > 0 ? state.readNoise.byteOffset : 0;
  words[layout.READ_TABLE] = state.readTable.byteOffset;
  words[layout.READ_NUMBERS] = READ_NUMBERS;
  words[layout.READ_FRACTION] = READ_FRACTION;
  return { ...state, words };
}

/** A draw of the cell of input i and output j. */
function drawOf(
  { keys, rowTiles, rowCells, columnTiles, columnLines: lines }: Omit<CellsState, "words">,
  i: number,
  j: number,
  draw: number,
): number {
  return drawHash(keys[rowTiles[i] + columnTiles[j]], rowCells[i] + lines[j], draw);
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

/** Gives the cell of input i and output j one pulse. */
export function pulse(ir: Ir, layer: LayerIr, state: LayerState, i: number, j: number, up: boolean): void {
  const { full, unitsPerPulse, device } = ir.cell;
  const k = i * layer.outputs + j;
  const now = state.cells[k];
  if (device && state.devices) {
    const hash = drawOf(state.devices, i, j, state.wear[k]);
    state.cells[k] = pulsed(device, full, now, state.devices.kinds[k], up, hash);
  } else state.cells[k] = Math.min(full, Math.max(0, up ? now + unitsPerPulse : now - unitsPerPulse));
  state.wear[k]++;
  setWeight(ir, layer, state, i, j);
}

/** The weight that the cells of input i and output j make. */
export function setWeight(ir: Ir, layer: LayerIr, state: LayerState, i: number, j: number): void {
  const weight = state.cells[i * layer.outputs + j] - ir.cell.reference;
  state.weights[i * state.forwardStride + j] = weight;
  if (layer.index > 0) state.transposed[j * state.backwardStride + i] = weight;
}

/** The time of one batch passes: each conductance goes a part of its way to where it drifts.
 *  @param age batches before */
export function drift(ir: Ir, layer: LayerIr, state: LayerState, age: number): void {
  const { device } = ir.cell;
  const { devices, cells } = state;
  if (!device || !devices || device.drift === 0) return;
  for (let i = 0; i < layer.inputs; i++)
    for (let j = 0; j < layer.outputs; j++) {
      const k = i * layer.outputs + j;
      if (devices.kinds[k] & layout.STUCK) continue;
      const chance = drawOf(devices, i, j, (DRAW.drift + age) >>> 0) >>> (32 - DRIFT_FRACTION);
      cells[k] += ((device.driftTarget - cells[k]) * device.drift + chance) >> DRIFT_FRACTION;
      setWeight(ir, layer, state, i, j);
    }
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
  readonly #devices: CellsState;
  readonly #read: ReadIr;
  readonly #keys: TileKeys;
  readonly #draw: number;

  constructor(devices: CellsState, layer: LayerIr, read: ReadIr, forward: boolean) {
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
