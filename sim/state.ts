/** The machine's state between two samples: conductances, gradient, LFSRs, range registers, counters. */
import { createHash } from "node:crypto";
import type { Ir } from "../generator/ir/ir.ts";
import type { LowRankIr } from "../generator/methods/low-rank/unit.ts";
import { type Allocator, plainAllocator } from "./allocator.ts";
import { Arena } from "./kernels/arena.ts";
import { createLowRankStates, type LowRankState, unitSizes } from "./kernels/low-rank-unit.ts";
import { cellWords, createDevices, type LayerCells, weightOf } from "./units/cell.ts";
import { createEdges, type EdgesState } from "./units/pulse-train.ts";

/** Saturation counters, by cause. */
export const CAUSES = ["forward", "backward", "activation", "z", "aligned", "pulse"] as const;
export type Cause = (typeof CAUSES)[number];

/** The causes that have a range register of their own, as indices of CAUSES and of `ranges`. */
export const FORWARD = 0;
export const BACKWARD = 1;
export const ACTIVATION = 2;
export const Z = 3;
export const ALIGNED = 4;
export const PULSE = 5;

export interface LayerState extends LayerCells {
  /** Full gradient of the batch [inputs][outputs]; empty for sgd. */
  readonly gradient: Int32Array | Float64Array;
  /** Factors and strengths, where the gradient is a few outer products. */
  readonly lowRank: LowRankState | null;
  readonly lfsr: Uint32Array;
  /** LFSRs of the tiles' edges, where coincidence programs the layer. */
  readonly edges: EdgesState | null;
  /** Where the cells are, for the kernels (`cell-layout.ts`). */
  readonly cellWords: Int32Array;
  /** Range registers: [FORWARD], [BACKWARD], [ACTIVATION]. */
  readonly ranges: Int32Array;
  /** Exponent of the last sample's error. */
  exponent: number;
  /** Saturations since the last range decision: forward, backward, activation. */
  readonly batchSaturation: Float64Array;
  /** Saturations since reset, in the order of CAUSES. */
  readonly saturation: Float64Array;
}

export interface MachineState {
  readonly layers: LayerState[];
  samples: number;
  correct: number;
  batches: number;
  /** Samples of the current batch already seen. */
  inBatch: number;
  pulses: number;
}

/** Training samples since reset, those of the present batch included. */
export const trainedSamples = (ir: Ir, state: MachineState): number => state.batches * ir.batch + state.inBatch;

const pad = (n: number, multiple: number): number => Math.ceil(n / multiple) * multiple;

/** Row length of a weight matrix, padded so that the kernels read whole blocks. */
export const LANE_PAD = 64;

export function createState(
  ir: Ir,
  conductances: readonly Uint16Array[],
  allocate: Allocator = plainAllocator,
): MachineState {
  const lowRank = ir.lowRank ? lowRankStates(ir, ir.lowRank, allocate) : null;
  const layers = ir.layers.map((layer, l): LayerState => {
    const { inputs, outputs } = layer;
    const cells = allocate.uint16(conductances[l].length);
    cells.set(conductances[l]);
    const forwardStride = pad(outputs, LANE_PAD);
    const backwardStride = pad(inputs, LANE_PAD);
    const { device } = ir.cell;
    const devices = device ? createDevices(ir, layer, device, cells, allocate) : null;
    const weights = allocate.int16(inputs * forwardStride);
    const transposed = allocate.int16(l > 0 ? outputs * backwardStride : 0);
    for (let i = 0; i < inputs; i++)
      for (let j = 0; j < outputs; j++) {
        const w = weightOf(ir, layer, cells, i, j);
        weights[i * forwardStride + j] = w;
        if (l > 0) transposed[j * backwardStride + i] = w;
      }
    const wear = allocate.uint32(cells.length);
    const held = { cells, wear, weights, forwardStride, transposed, backwardStride, devices };
    const gradientSize = ir.keeps === "gradient" ? inputs * outputs : 0;
    const ranges = allocate.int32(3);
    ranges[FORWARD] = layer.forward.rangeInitial;
    ranges[BACKWARD] = layer.backward?.rangeInitial ?? 0;
    const lfsr = allocate.uint32(layer.update.lfsrSeeds.length);
    lfsr.set(layer.update.lfsrSeeds);
    return {
      ...held,
      cellWords: cellWords(ir, layer, held, allocate),
      gradient: layer.gradient.accumulatorBits <= 32 ? allocate.int32(gradientSize) : new Float64Array(gradientSize),
      lowRank: lowRank?.[l] ?? null,
      lfsr,
      edges: layer.edges ? createEdges(ir, layer.edges) : null,
      ranges,
      exponent: 0,
      batchSaturation: new Float64Array(3),
      saturation: new Float64Array(CAUSES.length),
    };
  });
  return { layers, samples: 0, correct: 0, batches: 0, inBatch: 0, pulses: 0 };
}

/** The low-rank units run on the kernels everywhere, and these see nothing but an arena. */
function lowRankStates(ir: Ir, unit: LowRankIr, allocate: Allocator): LowRankState[] {
  const arena = allocate instanceof Arena ? allocate : new Arena();
  return createLowRankStates(unit, unitSizes(ir, unit), arena);
}

/** sha256 over all conductances: layer by layer, [inputs][outputs], 16 bits little-endian. */
export function stateHash(cells: readonly Uint16Array[]): string {
  const hash = createHash("sha256");
  for (const layer of cells) hash.update(new Uint8Array(layer.buffer, layer.byteOffset, layer.byteLength));
  return hash.digest("hex");
}
