/** One thread's share of a job: samples of a batch (or of a test) taken from the common list, a few at a time.
 *  Sums of whole numbers are exact in any order, so who takes which sample does not show in the result. */
import type { Ir } from "../generator/ir.ts";
import type { Arena } from "./kernels/arena.ts";
import type { Kernels } from "./kernels/load.ts";
import { createPathBuffers, type PathBuffers, type ReadState, WasmSamplePath } from "./kernels/wasm-sample-path.ts";

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
  first: 4,
  count: 5,
  train: 6,
  /** Samples that a thread takes at once. */
  chunk: 7,
  quit: 8,
  /** 1 where a thread's work ended in an error; its text is in `message`. */
  failed: 9,
  words: 16,
} as const;

/** Samples as all threads see them. */
export interface SamplePool {
  /** Of inputBits each. */
  readonly codes: Uint8Array;
  readonly labels: Uint16Array;
  /** The list that jobs are parts of. */
  readonly order: Uint32Array;
}

/** What one thread owns. */
export interface ShareBuffers {
  readonly path: PathBuffers;
  /** By layer: int32 sums of this thread, empty for sgd. The caller's thread has the state's own. */
  readonly gradient: readonly Int32Array[];
  /** [pair][output] and [input][pair], staged. */
  readonly errors: readonly Int32Array[];
  readonly inputs: readonly Int32Array[];
  readonly list: Int32Array;
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
}

export function createShareBuffers(ir: Ir, arena: Arena, gradient: readonly Int32Array[] | null): ShareBuffers {
  const staged = ir.method === "mbgd";
  return {
    path: createPathBuffers(ir, arena),
    gradient: gradient ?? ir.layers.map((l) => arena.int32(staged ? l.inputs * l.outputs : 0)),
    errors: ir.layers.map((l) => arena.int32(staged ? PAIRS * stride(l.outputs) : 0)),
    inputs: ir.layers.map((l) => arena.int32(staged ? PAIRS * l.inputs : 0)),
    list: arena.int32(2 * PAIRS),
    outcome: arena.int32(2),
  };
}

const stride = (outputs: number): number => Math.ceil(outputs / 4) * 4;

export class Share {
  readonly path: WasmSamplePath;
  readonly buffers: ShareBuffers;
  readonly #kernels: Kernels;
  readonly #common: Common;
  #staged = 0;

  constructor(kernels: Kernels, common: Common, buffers: ShareBuffers) {
    this.#kernels = kernels;
    this.#common = common;
    this.buffers = buffers;
    this.path = new WasmSamplePath(kernels, common.ir, common.layers, buffers.path);
  }

  /** Works on the present job until its list is empty. */
  work(): void {
    const { control, ir } = this.#common;
    const count = control[CONTROL.count];
    const chunk = control[CONTROL.chunk];
    const train = control[CONTROL.train] === 1;
    const outcome = this.buffers.outcome;
    for (;;) {
      const begin = Atomics.add(control, CONTROL.next, chunk);
      if (begin >= count) break;
      const end = Math.min(count, begin + chunk);
      for (let k = begin; k < end; k++) {
        outcome[0] += this.#sample(control[CONTROL.first] + k, train) ? 1 : 0;
        if (k === count - 1) this.#common.exponent.set(this.path.scratch.exponent);
        if (train && ir.method === "mbgd") this.#stage();
      }
    }
    if (this.#staged > 0) this.#accumulate();
  }

  #sample(place: number, train: boolean): boolean {
    const { codes, labels, order } = this.#common.pool;
    const x = this.path.scratch.x[0];
    const index = order[place];
    x.set(codes.subarray(index * x.length, (index + 1) * x.length));
    return this.path.run(labels[index], train) === labels[index];
  }

  #stage(): void {
    const { x, aligned } = this.path.scratch;
    for (const { index: l, inputs, outputs } of this.#common.ir.layers) {
      this.#kernels.stageInputs(x[l].byteOffset, inputs, this.buffers.inputs[l].byteOffset, PAIRS, this.#staged);
      const errors = this.buffers.errors[l].byteOffset;
      this.#kernels.stageErrors(aligned[l].byteOffset, outputs, errors, stride(outputs), this.#staged);
    }
    this.#staged++;
    if (this.#staged === STAGE) this.#accumulate();
  }

  #accumulate(): void {
    const { inputs, errors, gradient, list, outcome } = this.buffers;
    for (const { index: l, inputs: rows, outputs } of this.#common.ir.layers) {
      const [x, d, g] = [inputs[l].byteOffset, errors[l].byteOffset, gradient[l].byteOffset];
      this.#kernels.accumulateGradient(x, rows, PAIRS, d, stride(outputs), outputs, list.byteOffset, g);
      inputs[l].fill(0);
    }
    this.#staged = 0;
    outcome[1] = 1;
  }
}
