/** Trains a design on the simulator: epochs over a data set, on all cores, and what it cost. */
import { setImmediate } from "node:timers/promises";
import { type Dataset, loadDataset, type Samples } from "../data/dataset.ts";
import { epochLength, epochOrder } from "../data/order.ts";
import { shapeOf } from "../data/samples.ts";
import { Refusal } from "../generator/base/errors.ts";
import type { Design } from "../generator/design/schema.ts";
import { MOST_PHASES } from "../generator/ir/coincidence.ts";
import { gradientPhase, sampleCycles } from "../generator/ir/hand-over.ts";
import type { Ir, LayerIr } from "../generator/ir/ir.ts";
import { type LayerUpdateSchedule, schedule } from "../generator/ir/schedule.ts";
import { type Utilisation, utilisation } from "../generator/ir/utilisation.ts";
import { prepareMachine } from "../prepare/machine.ts";
import { type CellMaps, cellMaps } from "./cells.ts";
import { type CycleCount, totalCycles } from "./cycles.ts";
import type { Listener, Machine } from "./machine.ts";
import { createRunner, defaultThreads, type Runner } from "./parallel.ts";
import { rowSlots, trainCycles } from "./pulse-times.ts";
import { PlainSamplePath } from "./sample-path.ts";
import { ACTIVATION, BACKWARD, CAUSES, type Cause, FORWARD, stateHash } from "./state.ts";
import { inputCodes } from "./units/sample-input.ts";
import { type Recorder, record, type WaveformWindow } from "./waveform.ts";

export interface TrainOptions {
  readonly design: Design;
  /** Path of the data set; the design's own if absent. */
  readonly data?: string;
  /** The data set of that path, where it is loaded already. */
  readonly dataset?: Dataset;
  readonly epochs: number;
  /** The first so many training samples only. */
  readonly samples?: number;
  /** The first so many test samples only. */
  readonly testSamples?: number;
  /** At most so many; default: the cores, up to 8, or one where there is little to do. The result does not depend on it. */
  readonly threads?: number;
  /** Cycles whose events somebody wants; the result does not depend on it. */
  readonly window?: WaveformWindow;
  /** Who hears of the batch of this number, if anyone. */
  readonly listen?: (machine: Machine, batch: number) => Partial<Listener> | null;
  /** Samples of the present epoch. */
  readonly onProgress?: (progress: { epoch: number; epochs: number; samples: number; of: number }) => void;
  readonly onEpoch?: (epoch: { epoch: number; accuracy: number; seconds: number }) => void;
  /** Hears of the cells at the end. */
  readonly onCells?: (cells: CellMaps) => void;
  /** Ends the training after the present batch. */
  readonly signal?: AbortSignal;
}

export interface TrainResult {
  readonly design: Design;
  readonly data: { readonly name: string; readonly source: string; readonly sha256: string };
  /** Epochs that were finished. */
  readonly epochs: number;
  /** Samples trained on, over all epochs. */
  readonly samples: number;
  /** Part of the test samples classified rightly: at the end, and after each finished epoch. */
  readonly accuracy: { readonly test: number; readonly perEpoch: readonly number[] };
  /** Of the training; tests are not counted. The host never stalls. */
  readonly cycles: { readonly total: number; readonly perSample: number; readonly byPhase: CycleCount };
  /** By the schedule, of one batch. */
  readonly utilisation: Utilisation;
  readonly memory: { readonly bits: Record<string, number>; readonly total: number; readonly gradient: number };
  readonly pulses: { readonly total: number; readonly maxPerCell: number };
  readonly saturation: { readonly total: Record<Cause, number>; readonly layers: readonly Record<Cause, number>[] };
  /** Range registers at the end, by layer. */
  readonly ranges: readonly { readonly forward: number; readonly backward: number; readonly activation: number }[];
  readonly stateHash: string;
  readonly seconds: number;
  readonly interrupted: boolean;
}

/** Less than this many cells times samples, about a second's work, is done before further threads are ready. */
const LITTLE = 4e9;

/** The event loop gets a turn this often, for signals and progress. */
const TURN_MS = 20;

export async function train(options: TrainOptions): Promise<TrainResult> {
  const begun = performance.now();
  const { design, epochs } = options;
  const { ir, conductances } = prepareMachine(design, { data: options.data });
  const dataset = options.dataset ?? loadDataset(shapeOf(design.network), { path: options.data });
  const data = { train: firstOf(dataset.train, options.samples), test: firstOf(dataset.test, options.testSamples) };
  if (data.train.count < ir.batch)
    throw new Refusal(
      `${design.name}: training.batch: ${ir.batch} samples are more than the ${data.train.count} to train on; use ${data.train.count} or fewer, or more --samples`,
    );
  const threads =
    options.threads ??
    (isLittle(ir, epochs * epochLength(data.train.count, design.training.epochSamples)) ? 1 : defaultThreads());
  const runner = await createRunner(ir, conductances, data, threads);
  try {
    const run = new Run(runner, data, options);
    await run.epochs(epochs);
    options.onCells?.(cellMaps(ir, conductances, runner.machine.state.layers));
    return run.result(dataset, (performance.now() - begun) / 1000);
  } finally {
    await runner.close();
  }
}

function isLittle(ir: Ir, samples: number): boolean {
  return samples * ir.layers.reduce((cells, l) => cells + l.inputs * l.outputs, 0) < LITTLE;
}

function firstOf(samples: Samples, count = samples.count): Samples {
  return count >= samples.count ? samples : { ...samples, count };
}

class Run {
  readonly #runner: Runner;
  readonly #ir: Ir;
  readonly #train: Samples;
  readonly #testCount: number;
  readonly #options: TrainOptions;
  readonly #perEpoch: number[] = [];
  readonly #window: WindowRunner | null;
  #lastTurn = performance.now();

  constructor(runner: Runner, data: { train: Samples; test: Samples }, options: TrainOptions) {
    this.#runner = runner;
    this.#ir = runner.machine.ir;
    this.#train = data.train;
    this.#testCount = data.test.count;
    this.#options = options;
    this.#window = options.window ? new WindowRunner(runner, data.train, options.window) : null;
  }

  async epochs(count: number): Promise<void> {
    const { signal, onEpoch } = this.#options;
    for (let epoch = 0; epoch < count && !signal?.aborted; epoch++) {
      const begun = performance.now();
      if (!(await this.#epoch(epoch))) break;
      const accuracy = this.#runner.test(this.#testCount);
      this.#perEpoch.push(accuracy);
      onEpoch?.({ epoch: epoch + 1, accuracy, seconds: (performance.now() - begun) / 1000 });
    }
    this.#window?.close();
  }

  /** @returns whether the epoch was finished */
  async #epoch(epoch: number): Promise<boolean> {
    const { batch, design } = this.#ir;
    const { seed, epochSamples } = design.training;
    const order = epochOrder(this.#train.count, seed, epoch, epochSamples);
    const of = Math.floor(order.length / batch) * batch;
    await this.#turn(epoch, 0, of, true);
    for (let first = 0; first < of; first += batch) {
      const samples = order.subarray(first, first + batch);
      if (!this.#window?.batch(samples)) this.#batch(samples);
      await this.#turn(epoch, first + batch, of, first + batch === of);
      if (this.#options.signal?.aborted) return first + batch === of;
    }
    return true;
  }

  #batch(samples: Uint32Array): void {
    const { machine } = this.#runner;
    machine.listener = this.#options.listen?.(machine, machine.state.batches) ?? null;
    this.#runner.batch(samples);
    machine.listener = null;
  }

  async #turn(epoch: number, samples: number, of: number, report: boolean): Promise<void> {
    if (!report && performance.now() - this.#lastTurn < TURN_MS) return;
    this.#options.onProgress?.({ epoch: epoch + 1, epochs: this.#options.epochs, samples, of });
    await setImmediate();
    this.#lastTurn = performance.now();
  }

  result({ name, source, sha256 }: Dataset, seconds: number): TrainResult {
    const { state, cycles } = this.#runner.machine;
    const total = totalCycles(cycles);
    const layers = state.layers.map((layer) => byCause((cause) => layer.saturation[cause]));
    return {
      design: this.#options.design,
      data: { name, source, sha256 },
      epochs: this.#perEpoch.length,
      samples: state.samples,
      accuracy: { test: this.#lastAccuracy(), perEpoch: this.#perEpoch },
      cycles: { total, perSample: state.samples === 0 ? 0 : total / state.samples, byPhase: { ...cycles } },
      utilisation: utilisation(this.#ir),
      memory: memoryOf(this.#ir),
      pulses: { total: state.pulses, maxPerCell: mostPulses(state.layers.map((layer) => layer.wear)) },
      saturation: { total: byCause((c) => state.layers.reduce((sum, layer) => sum + layer.saturation[c], 0)), layers },
      ranges: state.layers.map(({ ranges }) => ({
        forward: ranges[FORWARD],
        backward: ranges[BACKWARD],
        activation: ranges[ACTIVATION],
      })),
      stateHash: stateHash(state.layers.map((layer) => layer.cells)),
      seconds,
      interrupted: this.#options.signal?.aborted ?? false,
    };
  }

  #lastAccuracy(): number {
    const { batches } = this.#runner.machine.state;
    const { epochSamples } = this.#ir.design.training;
    const perEpoch = Math.floor(epochLength(this.#train.count, epochSamples) / this.#ir.batch);
    const fresh = batches === this.#perEpoch.length * perEpoch;
    return fresh && this.#perEpoch.length > 0
      ? this.#perEpoch[this.#perEpoch.length - 1]
      : this.#runner.test(this.#testCount);
  }
}

/** Runs the batches around a window of cycles. Those before and after it run fast; those that it may touch run sample by
 *  sample on the plain path, with a listener. */
class WindowRunner {
  readonly #machine: Machine;
  readonly #runner: Runner;
  readonly #train: Samples;
  readonly #window: WaveformWindow;
  readonly #path: PlainSamplePath;
  readonly #longestBatch: number;
  #recorder: Recorder | null = null;
  #closed = false;

  constructor(runner: Runner, train: Samples, window: WaveformWindow) {
    this.#runner = runner;
    this.#machine = runner.machine;
    this.#train = train;
    this.#window = window;
    this.#path = new PlainSamplePath(runner.machine.ir, runner.machine.state.layers);
    this.#longestBatch = longestBatch(runner.machine.ir);
  }

  /** @returns whether it ran the batch; if not, the window is not near */
  batch(order: Uint32Array): boolean {
    const now = totalCycles(this.#machine.cycles);
    if (this.#closed || now + this.#longestBatch <= this.#window.from) return false;
    const machine = this.#machine;
    const { size, bits } = machine.ir.vectors[0];
    this.#recorder ??= record(machine, this.#path, this.#window);
    machine.path = this.#path;
    machine.listener = this.#recorder.listener;
    for (const index of order) {
      const codes = this.#train.codes.subarray(index * size, (index + 1) * size);
      machine.sample(inputCodes(codes, bits), this.#train.labels[index], true);
    }
    machine.path = this.#runner.path;
    machine.listener = null;
    if (totalCycles(machine.cycles) >= this.#window.from + this.#window.cycles) this.close();
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#recorder?.close();
    this.#recorder = null;
  }
}

/** No batch takes more cycles. */
function longestBatch(ir: Ir): number {
  const once = (phase: string) => ir.phases.filter((p) => p.phase === phase).reduce((sum, p) => sum + p.cycles, 0);
  // As if no low-rank program ran beside other phases.
  const others = sampleCycles(ir.phases);
  let samples = 0;
  for (let n = 0; n < ir.batch; n++) samples += others + (ir.lowRank ? gradientPhase(ir, n, 0) : once("gradient"));
  const updates = schedule(ir).update.layers;
  const update = Math.max(
    ...ir.layers.map((layer, l) => updates[l].length.cycles + mostPulseCycles(ir, layer, updates[l])),
  );
  return samples + (ir.keeps === "nothing" ? ir.batch : 1) * update + once("range");
}

/** No pulses of one update take more. */
function mostPulseCycles(ir: Ir, { update }: LayerIr, { trains }: LayerUpdateSchedule): number {
  const { coincidence } = ir;
  if (coincidence && trains) return coincidence.products * trainCycles(ir, trains, MOST_PHASES * coincidence.mostSlots);
  return (ir.lowRank?.passes ?? 1) * update.rows * rowSlots(ir, update.pulseMax) * ir.pulseCycles;
}

function byCause(count: (cause: number) => number): Record<Cause, number> {
  return Object.fromEntries(CAUSES.map((cause, c) => [cause, count(c)])) as Record<Cause, number>;
}

function memoryOf(ir: Ir): TrainResult["memory"] {
  const sum = (list: Ir["memories"]) => list.reduce((total, m) => total + m.bits, 0);
  return {
    bits: Object.fromEntries(
      ir.memories.map((m) => [`${m.layer === null ? "error_unit" : `layer_${m.layer}`}.${m.name}`, m.bits]),
    ),
    total: sum(ir.memories),
    gradient: sum(ir.memories.filter((m) => m.gradient)),
  };
}

function mostPulses(wear: readonly Uint32Array[]): number {
  let most = 0;
  for (const layer of wear) for (const pulses of layer) if (pulses > most) most = pulses;
  return most;
}
