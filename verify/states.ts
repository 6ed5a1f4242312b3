/** The machine's state as the RTL stores it: what the harness dumps after each batch, predicted from the simulator. */
import type { Ir, LayerIr } from "../generator/ir/ir.ts";
import { cellsPerTile, columnLines, lineOf, rowLines } from "../generator/ir/lines.ts";
import { type HeldSignal, ID_VALUE, MAP_VERSION } from "../generator/ir/registers.ts";
import { packLanes } from "../sim/arith.ts";
import type { Scratch } from "../sim/sample-path.ts";
import { ACTIVATION, BACKWARD, CAUSES, type Cause, FORWARD, type MachineState } from "../sim/state.ts";
import { finalRegisters, itemName, stateItems } from "./harness-header.ts";

/** Halves of a layer's cells: of pairs those that add and those that subtract, else all of them. */
function halves<T extends Uint16Array | Uint32Array>({ cell }: Ir, cells: T): T[] {
  if (!cell.pairs) return [cells];
  const half = cells.length / 2;
  return [cells.subarray(0, half) as T, cells.subarray(half) as T];
}

/** What the cells of one tile hold, row by row and half by half; @param unused what those hold that carry no weight */
function tileCells<T extends Uint16Array | Uint32Array>(
  ir: Ir,
  layer: LayerIr,
  cells: T,
  rowTile: number,
  colTile: number,
  unused: number,
): T {
  const places = ir.tileRows * ir.tileCols;
  const tile = cells.slice(0, 0).constructor as new (length: number) => T;
  const result = new tile(cellsPerTile(ir)).fill(unused) as T;
  halves(ir, cells).forEach((half, h) => {
    for (let i = 0; i < layer.inputs; i++) {
      const row = lineOf(rowLines(layer), i);
      if (row.tile !== rowTile) continue;
      for (let j = 0; j < layer.outputs; j++) {
        const column = lineOf(columnLines(layer), j);
        if (column.tile === colTile)
          result[h * places + row.line * ir.tileCols + column.line] = half[i * layer.outputs + j];
      }
    }
  });
  return result;
}

/** All cells in the order in which the harness loads and reads them. */
export function allCells(ir: Ir, cells: readonly Uint16Array[]): Uint16Array {
  const parts = ir.layers.flatMap((layer) =>
    Array.from({ length: layer.rowTiles * layer.colTiles }, (_, tile) =>
      tileCells(
        ir,
        layer,
        cells[layer.index],
        Math.floor(tile / layer.colTiles),
        tile % layer.colTiles,
        ir.cell.reference,
      ),
    ),
  );
  const all = new Uint16Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The inverse of `allCells`: conductances by layer, as the simulator has them. */
export function logicalCells(ir: Ir, all: Uint16Array): Uint16Array[] {
  let base = 0;
  return ir.layers.map((layer) => {
    const cells = new Uint16Array(layer.inputs * layer.outputs * (ir.cell.pairs ? 2 : 1));
    const tileSize = cellsPerTile(ir);
    halves(ir, cells).forEach((half, h) => {
      for (let i = 0; i < layer.inputs; i++) {
        const row = lineOf(rowLines(layer), i);
        for (let j = 0; j < layer.outputs; j++) {
          const column = lineOf(columnLines(layer), j);
          const tile = row.tile * layer.colTiles + column.tile;
          const address = h * ir.tileRows * ir.tileCols + row.line * ir.tileCols + column.line;
          half[i * layer.outputs + j] = all[base + tile * tileSize + address];
        }
      }
    });
    base += layer.rowTiles * layer.colTiles * tileSize;
    return cells;
  });
}

/** Bytes of one element as Verilator stores it. */
export function elementBytes(bits: number): number {
  return bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : bits <= 64 ? 8 : 4 * Math.ceil(bits / 32);
}

/** A vector, or the rows of a matrix, as words of a buffer.
 *  @param stride elements from one row to the next */
function bufferWords(
  values: ArrayLike<number>,
  rows: number,
  size: number,
  lanes: number,
  bits: number,
  stride = size,
): Buffer {
  const words = Math.ceil(size / lanes);
  const bytes = elementBytes(lanes * bits);
  const buffer = Buffer.alloc(rows * words * bytes);
  for (let r = 0; r < rows; r++)
    for (let w = 0; w < words; w++) {
      const word = packLanes(values, r * stride + w * lanes, lanes, bits, r * stride + size);
      const hex = word.toString(16).padStart(bytes * 2, "0");
      Buffer.from(hex, "hex")
        .reverse()
        .copy(buffer, (r * words + w) * bytes);
    }
  return buffer;
}

type Vectors = Pick<Scratch, "x" | "delta">;

/** What the banks of the layers' buffers hold: a sample that is trained on goes to the bank after the last one's. */
export class Banks {
  readonly #held: (Vectors | undefined)[] = [];
  readonly #count: number;
  #samples = 0;

  constructor(ir: Ir) {
    this.#count = ir.lowRank ? 2 : 1;
  }

  sample({ x, delta }: Vectors): void {
    const copy = (vectors: Vectors["x"]) => vectors.map((v) => v.slice());
    this.#held[this.#samples++ % this.#count] = { x: copy(x), delta: copy(delta) };
  }

  /** @param scope a bank, or a buffer that has one only */
  of(scope: string): Vectors | undefined {
    return this.#held[Number(/\.bank_(\d)$/.exec(scope)?.[1] ?? 0)];
  }
}

/** Raw contents of every compared array, by name; null where nothing was ever written. */
export function snapshot(ir: Ir, state: MachineState, banks: Banks): Map<string, Buffer | null> {
  const result = new Map<string, Buffer | null>();
  const make = (scope: string, variable: string): Buffer | null => {
    const layer = ir.layers[Number(/layer_(\d+)/.exec(scope)?.[1])];
    const l = layer.index;
    const tile = /g_row\[(\d+)\]\.g_col\[(\d+)\]/.exec(scope);
    if (tile && variable === "pulse_counts") {
      const counts = tileCells(ir, layer, state.layers[l].wear, Number(tile[1]), Number(tile[2]), 0);
      return Buffer.from(counts.buffer);
    }
    if (tile && variable === "cells") {
      const cells = tileCells(ir, layer, state.layers[l].cells, Number(tile[1]), Number(tile[2]), ir.cell.reference);
      return ir.cell.bits <= 8 ? Buffer.from(Uint8Array.from(cells)) : Buffer.from(cells.buffer);
    }
    const input = ir.vectors[l];
    const output = ir.vectors[l + 1];
    const buffer = /\.(x|delta)_buffer/.exec(scope)?.[1] as keyof Vectors | undefined;
    if (buffer) {
      const vector = banks.of(scope)?.[buffer][l];
      const { size, lanes } = buffer === "x" ? input : output;
      return vector ? bufferWords(vector, 1, size, lanes, buffer === "x" ? input.bits : ir.errorBits) : null;
    }
    const [, side, what] = /\.([xd])_(factors|samples)$/.exec(scope) ?? [];
    const unit = state.layers[l].lowRank;
    if (side && unit && ir.lowRank) {
      const { lanes, bits } = side === "x" ? input : output;
      const codeBits = side === "x" ? bits : ir.errorBits;
      const { factors, samples, size, stride } = unit[side as "x" | "d"];
      return what === "factors"
        ? bufferWords(factors, ir.lowRank.columns, size, lanes, ir.lowRank.factorBits, stride)
        : bufferWords(samples, ir.lowRank.slots, size, lanes, codeBits, stride);
    }
    return bufferWords(
      state.layers[l].gradient,
      layer.inputs,
      output.size,
      output.lanes,
      layer.gradient.accumulatorBits,
    );
  };
  for (const item of stateItems(ir)) result.set(itemName(item), make(item.scope, item.variable));
  return result;
}

/** The machine when the harness has read the last sample's state, and stopped it. */
interface Stopped {
  readonly ir: Ir;
  readonly state: MachineState;
  /** Cycles outside IDLE. */
  readonly cycles: number;
}

const counted = (state: MachineState, layer: number, cause: Cause): number =>
  Math.min(0xffffffff, state.layers[layer].saturation[CAUSES.indexOf(cause)]);

/** What each signal must hold then. The last cell that the host wrote is the last of all. */
const FINAL: { readonly [S in HeldSignal]: (stopped: Stopped, layer: number) => number } = {
  id: () => ID_VALUE,
  version: () => MAP_VERSION,
  control: () => 0,
  phase: () => 0,
  // BACKWARD was the last phase to set it, and ends with layer 1; where there is one layer only, FORWARD was.
  layer: ({ ir }) => Math.min(1, ir.layers.length - 1),
  batch: ({ ir }) => ir.batch,
  samples: ({ state }) => state.samples,
  correct: ({ state }) => state.correct,
  batches: ({ state }) => state.batches,
  cycles: ({ cycles }) => cycles,
  cell_layer: ({ ir }) => ir.layers.length - 1,
  cell_tile: ({ ir }) => {
    const { rowTiles, colTiles } = ir.layers[ir.layers.length - 1];
    return rowTiles * colTiles - 1;
  },
  cell_address: ({ ir }) => cellsPerTile(ir),
  forward_range: ({ state }, l) => state.layers[l].ranges[FORWARD],
  backward_range: ({ state }, l) => state.layers[l].ranges[BACKWARD],
  activation_range: ({ state }, l) => state.layers[l].ranges[ACTIVATION],
  forward_saturation: ({ state }, l) => counted(state, l, "forward"),
  backward_saturation: ({ state }, l) => counted(state, l, "backward"),
  activation_saturation: ({ state }, l) => counted(state, l, "activation"),
  z_saturation: ({ state }, l) => counted(state, l, "z"),
  aligned_saturation: ({ state }, l) => counted(state, l, "aligned"),
  pulse_saturation: ({ state }, l) => counted(state, l, "pulse"),
  exponent: ({ state }, l) => state.layers[l].exponent,
};

/** What the host must read at the end, field by field.
 *  @param cycles cycles outside IDLE */
export function expectedRegisters(ir: Ir, state: MachineState, cycles: number): { name: string; value: number }[] {
  const stopped = { ir, state, cycles };
  return finalRegisters(ir).map(({ name, layer, fields }) => ({
    name,
    value: fields.reduce((sum, { signal, from, low, high }) => {
      const held = FINAL[signal as HeldSignal](stopped, layer ?? 0);
      const wrap = 2 ** (high - low + 1);
      const bits = Math.floor(held / 2 ** from) % wrap;
      return sum + ((bits + wrap) % wrap) * 2 ** low;
    }, 0),
  }));
}

/** One record of the harness's state file. */
export interface StateRecord {
  readonly name: string;
  readonly data: Buffer;
}

export function readRecords(file: Buffer): StateRecord[] {
  const records: StateRecord[] = [];
  let at = 0;
  const line = () => {
    const end = file.indexOf(10, at);
    const text = file.toString("latin1", at, end);
    at = end + 1;
    return text;
  };
  while (at < file.length) {
    const name = line();
    const [count, bytes] = line().split(" ").map(Number);
    records.push({ name, data: file.subarray(at, at + count * bytes) });
    at += count * bytes;
  }
  return records;
}
