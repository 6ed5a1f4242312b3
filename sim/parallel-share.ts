/** One thread's share of a job: samples of a batch (or of a test) taken from the common list, a few at a time.
 *  Sums of whole numbers are exact in any order, so who takes which sample does not show in the result. */

import { programsOf } from "../generator/ir/hand-over.ts";
import type { Ir } from "../generator/ir/ir.ts";
import type { Arena } from "./kernels/arena.ts";
import type { Kernels } from "./kernels/load.ts";
import { type LowRankState, LowRankUnit } from "./kernels/low-rank-unit.ts";
import { createPathBuffers, type PathBuffers, type ReadState, WasmSamplePath } from "./kernels/wasm-sample-path.ts";
import { sampleVectors } from "./machine.ts";
import type { Scratch } from "./sample-path.ts";

/** Samples that are added to the gradient together: pairs go through one instruction. */
const STAGE = 16;
const PAIRS = STAGE / 2;

/** Words of the control block that all threads see. */
export const CONTROL = {
  /** Number of the job; it changes when a job begins. */
  job: 0,
  /** 1 while there is a job to join. */
  open: 1,
  /** Threads beside the caller's that are at work. */
  active: 2,
  /** Next place in the job's list. */
  next: 3,
  count: 4,
  kind: 5,
  /** Samples that a thread takes at once. */
  chunk: 6,
  quit: 7,
  /** 1 where a thread's work ended in an error; its text is in `message`. */
  failed: 8,
  /** Of samples kept for the low-rank units: the first one's place in the batch, from 1; 1 in the first batch of all. */
  place: 9,
  batches: 10,
  /** Samples read before the list's first, by direction. */
  forwardSamples: 11,
  backwardSamples: 12,
  words: 16,
} as const;

/** What a job's list is of. */
export const KIND = {
  /** Samples to classify. */
  test: 0,
  /** Samples to train on. */
  train: 1,
  /** Layers whose low-rank units take the kept samples. */
  units: 2,
} as const;
export type Kind = (typeof KIND)[keyof typeof KIND];

/** What the low-rank units see of one sample: by layer its input, error and the error's exponent. */
export type KeptSample = Pick<Scratch, "x" | "delta" | "exponent">;

/** Samples as all threads see them. */
export interface SamplePool {
  /** Of inputBits each. */
  readonly codes: Uint8Array;
  readonly labels: Uint16Array;
  /** The list that jobs are parts of. */
  readonly order: Uint32Array;
}

/** Working memory of a thread's gradient unit. */
export interface StageBuffers {
  /** By layer: int32 sums of this thread, empty for sgd. The caller's thread has the state's own. */
  readonly gradient: readonly Int32Array[];
  /** [pair][output] and [input][pair], staged. */
  readonly errors: readonly Int32Array[];
  readonly inputs: readonly Int32Array[];
  readonly list: Int32Array;
}

/** What one thread owns. */
export interface ShareBuffers {
  readonly path: PathBuffers;
  readonly stage: StageBuffers;
  /** Right predictions of the job; 1 where the gradient is not zero. */
  readonly outcome: Int32Array;
}

export interface Common {
  readonly ir: Ir;
  readonly layers: readonly ReadState[];
  readonly control: Int32Array;
  readonly pool: SamplePool;
  /** Exponents of the job's last sample, by layer. */
  readonly exponent: Int32Array;
  readonly message: Uint8Array;
  /** By layer, where there are low-rank units. */
  readonly lowRank: readonly LowRankState[];
  /** Places for the samples of one job; weights do not change between them, so their units may follow later. */
  readonly kept: readonly KeptSample[];
}

export function createKeptSamples(ir: Ir, count: number, arena: Arena): KeptSample[] {
  return Array.from({ length: count }, () => ({
    x: ir.layers.map((l) => arena.int16(l.inputs)),
    delta: ir.layers.map((l) => arena.int16(l.outputs)),
    exponent: arena.int32(ir.layers.length),
  }));
}

/** @param gradient sums that are there already; null: the thread gets its own */
export function createShareBuffers(ir: Ir, arena: Arena, gradient: readonly Int32Array[] | null): ShareBuffers {
  return {
    path: createPathBuffers(ir, arena),
    stage: createStageBuffers(ir, arena, gradient),
    outcome: arena.int32(2),
  };
}

export function createStageBuffers(ir: Ir, arena: Arena, gradient: readonly Int32Array[] | null): StageBuffers {
  const staged = ir.keeps === "gradient";
  return {
    gradient: gradient ?? ir.layers.map((l) => arena.int32(staged ? l.inputs * l.outputs : 0)),
    errors: ir.layers.map((l) => arena.int32(staged ? PAIRS * stride(l.outputs) : 0)),
    inputs: ir.layers.map((l) => arena.int32(staged ? PAIRS * l.inputs : 0)),
    list: arena.int32(2 * PAIRS),
  };
}

const stride = (outputs: number): number => Math.ceil(outputs / 4) * 4;

/** `gradient_unit` on the kernels: collects samples and adds them to the gradient a few at a time. */
export class GradientStage {
  readonly #kernels: Kernels;
  readonly #ir: Ir;
  readonly #buffers: StageBuffers;
  #staged = 0;

  constructor(kernels: Kernels, ir: Ir, buffers: StageBuffers) {
    this.#kernels = kernels;
    this.#ir = ir;
    this.#buffers = buffers;
  }

  add({ x, aligned }: Scratch): void {
    const { inputs, errors } = this.#buffers;
    for (const layer of this.#ir.layers) {
      const l = layer.index;
      this.#kernels.stageInputs(x[l].byteOffset, layer.inputs, inputs[l].byteOffset, PAIRS, this.#staged);
      const width = stride(layer.outputs);
      this.#kernels.stageErrors(aligned[l].byteOffset, layer.outputs, errors[l].byteOffset, width, this.#staged);
    }
    this.#staged++;
    if (this.#staged === STAGE) this.flush();
  }

  /** Adds what is still staged. */
  flush(): void {
    if (this.#staged === 0) return;
    const { inputs, errors, gradient, list } = this.#buffers;
    for (const { index: l, inputs: rows, outputs } of this.#ir.layers) {
      const [x, d, g] = [inputs[l].byteOffset, errors[l].byteOffset, gradient[l].byteOffset];
      this.#kernels.accumulateGradient(x, rows, PAIRS, d, stride(outputs), outputs, list.byteOffset, g);
      inputs[l].fill(0);
    }
    this.#staged = 0;
  }
}

export class Share {
  readonly path: WasmSamplePath;
  readonly buffers: ShareBuffers;
  readonly #common: Common;
  readonly #stage: GradientStage;
  readonly #units: LowRankUnit[];

  constructor(kernels: Kernels, common: Common, buffers: ShareBuffers) {
    this.#common = common;
    const { lowRank: unit } = common.ir;
    this.#units = unit ? common.lowRank.map((state) => new LowRankUnit(unit, state, kernels)) : [];
    this.buffers = buffers;
    this.path = new WasmSamplePath(kernels, common.ir, common.layers, buffers.path);
    this.#stage = new GradientStage(kernels, common.ir, buffers.stage);
  }

  /** Works on the present job until its list is empty. */
  work(): void {
    const { control, ir } = this.#common;
    const count = control[CONTROL.count];
    const chunk = control[CONTROL.chunk];
    const kind = control[CONTROL.kind];
    const train = kind === KIND.train;
    const gradient = train && ir.keeps === "gradient";
    const outcome = this.buffers.outcome;
    for (;;) {
      const begin = Atomics.add(control, CONTROL.next, chunk);
      if (begin >= count) break;
      const end = Math.min(count, begin + chunk);
      if (kind === KIND.units) {
        for (let l = begin; l < end; l++) this.#layer(l);
        continue;
      }
      for (let k = begin; k < end; k++) {
        outcome[0] += this.#sample(k, train) ? 1 : 0;
        if (k === count - 1) this.#common.exponent.set(this.path.scratch.exponent);
        if (gradient) this.#stage.add(this.path.scratch);
        if (train && ir.lowRank) this.#keep(this.#common.kept[k]);
      }
      if (gradient) outcome[1] = 1;
    }
    if (gradient) this.#stage.flush();
  }

  #keep({ x, delta, exponent }: KeptSample): void {
    const { scratch } = this.path;
    x.forEach((codes, l) => {
      codes.set(scratch.x[l]);
    });
    delta.forEach((codes, l) => {
      codes.set(scratch.delta[l]);
    });
    exponent.set(scratch.exponent);
  }

  /** Gives a layer's low-rank unit the kept samples, in their order. */
  #layer(l: number): void {
    const { ir, layers, kept, control } = this.#common;
    if (!ir.lowRank) return;
    const place = control[CONTROL.place];
    const first = control[CONTROL.batches] * ir.batch - 1;
    const samples = Math.min(kept.length, ir.batch - place + 1);
    for (let k = 0; k < samples; k++) {
      const count = place + k;
      const programs = programsOf(ir, first + count);
      this.#units[l].run(programs, sampleVectors(ir, layers, l, kept[k], count));
    }
  }

  #sample(place: number, train: boolean): boolean {
    const { control, pool } = this.#common;
    const { codes, labels, order } = pool;
    this.path.samples.forward = control[CONTROL.forwardSamples] + place;
    this.path.samples.backward = control[CONTROL.backwardSamples] + place;
    const x = this.path.scratch.x[0];
    const index = order[place];
    x.set(codes.subarray(index * x.length, (index + 1) * x.length));
    return this.path.run(labels[index], train) === labels[index];
  }
}
