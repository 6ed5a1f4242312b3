/** Runs batches and tests on several threads, with the same result as on one. The caller's thread works too; the others
 *  join when they are ready, so nothing waits for a thread that has not woken up yet. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Samples } from "../data/samples.ts";
import type { Ir } from "../generator/ir/ir.ts";
import { Arena } from "./kernels/arena.ts";
import { beyondKernels, KEPT, threadsThatFit } from "./kernels/limits.ts";
import type { Kernels } from "./kernels/load.ts";
import { instantiate, kernelModule } from "./kernels/load.ts";
import { WasmUpdateUnit } from "./kernels/wasm-sample-path.ts";
import { Machine } from "./machine.ts";
import {
  CONTROL,
  type Common,
  createKeptSamples,
  createShareBuffers,
  KIND,
  type Kind,
  type SamplePool,
  Share,
  type ShareBuffers,
} from "./parallel-share.ts";
import type { WorkerStart } from "./parallel-worker.ts";
import { PlainSamplePath, type SamplePath, TEST_SAMPLES } from "./sample-path.ts";
import { createState, trainedSamples } from "./state.ts";
import { inputCodes } from "./units/sample-input.ts";

/** Samples that a thread takes at once, at most. */
const CHUNK = 16;
const MESSAGE_BYTES = 1024;
const ENTRY = new URL("parallel-entry.mjs", import.meta.url);
const SPINS = 20_000;

export const defaultThreads = (): number => Math.min(8, availableParallelism());

/** Training and test samples in one list: the test's come after the training's. */
export interface RunnerData {
  readonly train: Samples;
  readonly test: Samples;
}

export interface Runner {
  readonly machine: Machine;
  /** Path that the machine runs single samples on. */
  readonly path: SamplePath;
  /** Why the kernels cannot run the design; null where they do. */
  readonly plain: string | null;
  /** Resolves when all threads are up; until then, those that are do the work. */
  ready(): Promise<void>;
  /** Trains on one whole batch of training samples.
   *  @param order numbers of the training samples */
  batch(order: Uint32Array): void;
  /** Part of the first `count` test samples classified rightly. Changes neither state nor counters. */
  test(count: number): number;
  close(): Promise<void>;
}

/** A machine, and the fastest way to run it.
 *  @param threads at most so many; sgd runs on one, as each of its samples changes what the next one reads
 *  @param entry first module of the other threads */
export async function createRunner(
  ir: Ir,
  conductances: readonly Uint16Array[],
  data: RunnerData,
  threads: number = defaultThreads(),
  entry: URL = ENTRY,
): Promise<Runner> {
  const plain = beyondKernels(ir);
  if (plain !== null) return new PlainRunner(ir, conductances, data, plain);
  const module = kernelModule();
  const most = ir.keeps === "nothing" ? 1 : threadsThatFit(ir);
  return new KernelRunner(module, ir, conductances, data, Math.min(threads, most), entry);
}

/** Runs designs that the kernels' integers cannot hold. */
class PlainRunner implements Runner {
  readonly machine: Machine;
  readonly path: PlainSamplePath;
  readonly plain: string;
  readonly #data: RunnerData;

  constructor(ir: Ir, conductances: readonly Uint16Array[], data: RunnerData, reason: string) {
    const state = createState(ir, conductances);
    this.path = new PlainSamplePath(ir, state.layers);
    this.machine = new Machine(ir, state, this.path);
    this.plain = reason;
    this.#data = data;
  }

  #codes({ codes }: Samples, index: number): Int16Array {
    const { size, bits } = this.machine.ir.vectors[0];
    return inputCodes(codes.subarray(index * size, (index + 1) * size), bits);
  }

  async ready(): Promise<void> {}

  batch(order: Uint32Array): void {
    const { train } = this.#data;
    for (const index of order) this.machine.sample(this.#codes(train, index), train.labels[index], true);
  }

  test(count: number): number {
    const { test } = this.#data;
    const { scratch } = this.path;
    let correct = 0;
    for (let k = 0; k < count; k++) {
      scratch.x[0].set(this.#codes(test, k));
      this.path.samples.forward = TEST_SAMPLES + k;
      if (this.path.run(test.labels[k], false) === test.labels[k]) correct++;
    }
    for (const counts of scratch.saturation) counts.fill(0);
    return correct / count;
  }

  async close(): Promise<void> {}
}

/** All samples in memory that the threads share, in the machine's input codes. */
function createPool(ir: Ir, { train, test }: RunnerData): SamplePool {
  const { size, bits } = ir.vectors[0];
  const count = train.count + test.count;
  const codes = new Uint8Array(new SharedArrayBuffer(count * size));
  codes.set(train.codes.subarray(0, train.count * size));
  codes.set(test.codes.subarray(0, test.count * size), train.count * size);
  if (bits < 8) {
    const table = inputCodes(
      Uint8Array.from({ length: 256 }, (_, code) => code),
      bits,
    );
    for (let k = 0; k < codes.length; k++) codes[k] = table[codes[k]];
  }
  const labels = new Uint16Array(new SharedArrayBuffer(2 * count));
  labels.set(train.labels.subarray(0, train.count));
  labels.set(test.labels.subarray(0, test.count), train.count);
  return { codes, labels, order: new Uint32Array(new SharedArrayBuffer(4 * Math.max(ir.batch, test.count))) };
}

class KernelRunner implements Runner {
  readonly machine: Machine;
  readonly path: SamplePath;
  readonly plain = null;
  readonly #ir: Ir;
  readonly #kernels: Kernels;
  readonly #common: Common;
  readonly #shares: ShareBuffers[];
  readonly #own: Share;
  readonly #workers: Worker[] = [];
  readonly #started: Promise<void>[] = [];
  readonly #firstTest: number;
  #failure: Error | null = null;

  constructor(
    module: WebAssembly.Module,
    ir: Ir,
    conductances: readonly Uint16Array[],
    data: RunnerData,
    threads: number,
    entry: URL,
  ) {
    const arena = new Arena();
    const state = createState(ir, conductances, arena);
    const layers = state.layers.map(
      ({ weights, transposed, forwardStride, backwardStride, ranges, devices, cellWords }) => ({
        devices,
        cellWords,
        weights,
        transposed,
        forwardStride,
        backwardStride,
        ranges,
      }),
    );
    this.#ir = ir;
    this.#firstTest = data.train.count;
    this.#common = {
      ir,
      layers,
      control: arena.int32(CONTROL.words),
      pool: createPool(ir, data),
      exponent: arena.int32(ir.layers.length),
      message: new Uint8Array(new SharedArrayBuffer(MESSAGE_BYTES)),
      lowRank: state.layers.flatMap(({ lowRank }) => lowRank ?? []),
      kept: createKeptSamples(ir, ir.lowRank ? Math.min(KEPT, ir.batch) : 0, arena),
    };
    const stateGradient = state.layers.map((l) => l.gradient as Int32Array);
    this.#shares = Array.from({ length: threads }, (_, t) =>
      createShareBuffers(ir, arena, t === 0 ? stateGradient : null),
    );
    this.#kernels = instantiate(module, arena.memory);
    this.#own = new Share(this.#kernels, this.#common, this.#shares[0]);
    this.path = this.#own.path;
    this.#own.path.updateUnit = new WasmUpdateUnit(this.#kernels, ir, state.layers, this.path.scratch, arena);
    this.machine = new Machine(ir, state, this.path);
    for (const buffers of this.#shares.slice(1))
      this.#start(entry, { module, memory: arena.memory, common: this.#common, buffers });
  }

  #start(entry: URL, start: WorkerStart): void {
    const worker = new Worker(entry, { workerData: start, execArgv: [] });
    worker.unref();
    const started = new Promise<void>((done, failed) => {
      worker.once("message", done);
      worker.on("error", (error) => {
        this.#failure = error;
        failed(error);
      });
    });
    // Whoever does not wait for the threads hears of the failure from the next batch.
    started.catch(() => {});
    this.#started.push(started);
    this.#workers.push(worker);
  }

  async ready(): Promise<void> {
    await Promise.all(this.#started);
  }

  batch(order: Uint32Array): void {
    const { machine } = this;
    if (this.#ir.keeps === "nothing") {
      const { codes, labels } = this.#common.pool;
      const { size } = this.#ir.vectors[0];
      for (const index of order) machine.sample(codes.subarray(index * size, (index + 1) * size), labels[index], true);
      return;
    }
    for (const { gradient } of machine.state.layers) gradient.fill(0);
    const correct = this.#ir.lowRank ? this.#keptSamples(order) : this.#samples(order);
    machine.countBatch(correct);
    for (const { path } of this.#shares) machine.countErrors(path.scratch, true);
    machine.state.layers.forEach((layer, l) => {
      layer.exponent = this.#common.exponent[l];
    });
    this.#merge();
    machine.state.inBatch += order.length;
    machine.update();
    machine.endBatch();
  }

  /** @param begin their place in the batch */
  #samples(order: Uint32Array, begin = 0): number {
    const { control, pool } = this.#common;
    const { state } = this.machine;
    pool.order.set(order);
    control[CONTROL.forwardSamples] = state.samples + begin;
    control[CONTROL.backwardSamples] = trainedSamples(this.#ir, state) + begin;
    return this.#run(order.length, KIND.train);
  }

  /** The samples' reads, which only see weights, then the low-rank units, which take them in their order. */
  #keptSamples(order: Uint32Array): number {
    const { control, kept } = this.#common;
    const { state } = this.machine;
    let correct = 0;
    for (let begin = 0; begin < order.length; begin += kept.length) {
      correct += this.#samples(order.subarray(begin, begin + kept.length), begin);
      control[CONTROL.place] = begin + 1;
      control[CONTROL.batches] = state.batches;
      this.#run(this.#ir.layers.length, KIND.units);
    }
    return correct;
  }

  test(count: number): number {
    for (let k = 0; k < count; k++) this.#common.pool.order[k] = this.#firstTest + k;
    this.#common.control[CONTROL.forwardSamples] = TEST_SAMPLES;
    const correct = this.#run(count, KIND.test);
    for (const { path } of this.#shares) for (const counts of path.scratch.saturation) counts.fill(0);
    return correct / count;
  }

  /** Runs the first `count` samples of the list, or layers; @returns right predictions */
  #run(count: number, kind: Kind): number {
    const { control, message } = this.#common;
    if (this.#failure) throw this.#failure;
    control[CONTROL.count] = count;
    control[CONTROL.kind] = kind;
    control[CONTROL.chunk] = Math.max(1, Math.min(CHUNK, Math.ceil(count / (2 * this.#shares.length))));
    Atomics.store(control, CONTROL.next, 0);
    Atomics.store(control, CONTROL.open, 1);
    Atomics.add(control, CONTROL.job, 1);
    if (this.#workers.length > 0) Atomics.notify(control, CONTROL.job);
    this.#own.work();
    Atomics.store(control, CONTROL.open, 0);
    this.#awaitOthers();
    if (control[CONTROL.failed] === 1)
      throw new Error(
        `a thread of the simulator failed: ${new TextDecoder().decode(message.slice()).replace(/\0.*$/s, "")}`,
      );
    let correct = 0;
    for (const { outcome } of this.#shares) {
      correct += outcome[0];
      outcome[0] = 0;
    }
    return correct;
  }

  #awaitOthers(): void {
    const { control } = this.#common;
    for (let k = 0; ; k++) {
      const active = Atomics.load(control, CONTROL.active);
      if (active === 0) return;
      if (k >= SPINS) Atomics.wait(control, CONTROL.active, active);
    }
  }

  /** Adds the other threads' gradients to the state's, which the caller's thread uses itself. */
  #merge(): void {
    this.#shares.forEach(({ stage, outcome }, thread) => {
      const used = outcome[1] === 1;
      outcome[1] = 0;
      if (thread === 0 || !used) return;
      stage.gradient.forEach((own, l) => {
        const { gradient } = this.machine.state.layers[l];
        this.#kernels.mergeGradient(gradient.byteOffset, own.byteOffset, own.length);
      });
    });
  }

  async close(): Promise<void> {
    const { control } = this.#common;
    Atomics.store(control, CONTROL.quit, 1);
    Atomics.add(control, CONTROL.job, 1);
    Atomics.notify(control, CONTROL.job);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
