/** Trains a design in float64: what the machine would do with exact arithmetic. */
import { epochLength, epochOrder } from "../data/order.ts";
import type { Samples } from "../data/samples.ts";
import { Refusal } from "../generator/base/errors.ts";
import type { TrainCount } from "./coincidence.ts";
import { accuracy } from "./gradient.ts";
import { type GoldenDesign, newTrainer } from "./trainer.ts";

export interface GoldenRun {
  readonly design: GoldenDesign;
  readonly data: { readonly train: Samples; readonly test: Samples };
  /** Weights before training, one array [inputs][outputs] a layer; they are left as they are. */
  readonly initial: readonly Float64Array[];
  readonly epochs: number;
  /** The first so many training samples and test samples only. */
  readonly samples?: number;
  readonly testSamples?: number;
  /** Of the sample order and of the rounding; usually design.training.seed. */
  readonly seed: number;
  readonly onEpoch?: (epoch: GoldenEpoch) => void;
}

interface GoldenEpoch {
  /** From 1. */
  readonly epoch: number;
  /** Part of the test samples classified rightly after the epoch. */
  readonly accuracy: number;
  /** Mean loss over the epoch's training samples, each before its own update. */
  readonly loss: number;
  readonly seconds: number;
}

export interface GoldenResult {
  readonly epochs: readonly GoldenEpoch[];
  readonly weights: readonly Float64Array[];
  /** Programming pulses of all cells in the whole run (0 for continuous weights). */
  readonly pulses: number;
  /** Most pulses that one cell got in the whole run. */
  readonly maxPerCell: number;
  /** What pulse trains did; null without coincidence. */
  readonly trains: Readonly<TrainCount> | null;
}

export function trainGolden(run: GoldenRun): GoldenResult {
  const { design, epochs, seed, onEpoch } = run;
  const train = firstOf(run.data.train, run.samples);
  const test = firstOf(run.data.test, run.testSamples);
  const trainer = newTrainer(design, run.initial, seed);
  const { batch, epochSamples } = design.training;
  const batches = Math.floor(epochLength(train.count, epochSamples) / batch);
  if (train.count < batch) {
    throw new Refusal(`training.batch: ${batch} is more than the ${train.count} training samples; use fewer`);
  }
  const history: GoldenEpoch[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const start = performance.now();
    const order = epochOrder(train.count, seed, epoch, epochSamples);
    let total = 0;
    // The remainder that does not fill a batch is dropped.
    for (let b = 0; b < batches; b++) total += trainer.train(train, order.subarray(b * batch, (b + 1) * batch));
    const result: GoldenEpoch = {
      epoch: epoch + 1,
      accuracy: accuracy(design.network, trainer.weights, test, trainer.noise),
      loss: total / batches,
      seconds: (performance.now() - start) / 1000,
    };
    history.push(result);
    onEpoch?.(result);
  }
  return { epochs: history, weights: trainer.weights, ...count(trainer.pulses), trains: trainer.trains };
}

function firstOf(samples: Samples, count = samples.count): Samples {
  if (count >= samples.count) return samples;
  const inputs = samples.codes.length / samples.count;
  return { count, codes: samples.codes.subarray(0, count * inputs), labels: samples.labels.subarray(0, count) };
}

function count(pulses: readonly Uint32Array[]): { pulses: number; maxPerCell: number } {
  let total = 0;
  let maxPerCell = 0;
  for (const layer of pulses) {
    for (const cell of layer) {
      total += cell;
      if (cell > maxPerCell) maxPerCell = cell;
    }
  }
  return { pulses: total, maxPerCell };
}
