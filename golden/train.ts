/** Trains a design in float64: what the machine would do with exact arithmetic. */
import { epochOrder } from "../data/order.ts";
import { Random, stream } from "../data/random.ts";
import type { Samples } from "../data/samples.ts";
import { Refusal } from "../generator/errors.ts";
import type { Design } from "../generator/schema.ts";
import { applyContinuous, applyPulses, type Device, deviceOf, program } from "./device.ts";
import { accuracy, exactGradient } from "./gradient.ts";
import { backward, forward, loadSample, loss, newPass, type Pass } from "./network.ts";

/** The parts of a design that the golden model reads: nothing of its tiles, converters and word lengths. */
export type GoldenDesign = Pick<Design, "network" | "training"> & {
  readonly device: Pick<Design["device"], "preset">;
  readonly gradient: Pick<Design["gradient"], "method" | "rounding" | "maxPulses">;
};

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

export interface GoldenEpoch {
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
}

export function trainGolden(run: GoldenRun): GoldenResult {
  const { design, epochs, seed, onEpoch } = run;
  const train = firstOf(run.data.train, run.samples);
  const test = firstOf(run.data.test, run.testSamples);
  const trainer = newTrainer(design, run.initial, seed);
  const { batch } = design.training;
  const batches = Math.floor(train.count / batch);
  if (batches === 0) {
    throw new Refusal(`training.batch: ${batch} is more than the ${train.count} training samples; use fewer`);
  }
  const history: GoldenEpoch[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const start = performance.now();
    const order = epochOrder(train.count, seed, epoch);
    let total = 0;
    // The remainder that does not fill a batch is dropped.
    for (let b = 0; b < batches; b++) total += trainer.train(train, order.subarray(b * batch, (b + 1) * batch));
    const result: GoldenEpoch = {
      epoch: epoch + 1,
      accuracy: accuracy(design.network, trainer.weights, test),
      loss: total / batches,
      seconds: (performance.now() - start) / 1000,
    };
    history.push(result);
    onEpoch?.(result);
  }
  return { epochs: history, weights: trainer.weights, ...count(trainer.pulses) };
}

export interface Trainer {
  readonly weights: readonly Float64Array[];
  /** Pulses that each cell has had. */
  readonly pulses: readonly Uint32Array[];
  /** Trains one batch; returns its mean loss. `visit` sees each sample's vectors before they are used for an update. */
  readonly train: (samples: Samples, batch: Uint32Array, visit?: (pass: Pass) => void) => number;
}

/** A device programmed with the initial weights, and the update that its design asks for. */
export function newTrainer(design: GoldenDesign, initial: readonly Float64Array[], seed: number): Trainer {
  const { network, training } = design;
  const device = deviceOf(design.device.preset);
  const weights = initial.map((w) => program(device, w));
  const pulses = weights.map((w) => new Uint32Array(device.levels === null ? 0 : w.length));
  const update = newUpdate(device, design.gradient, new Random(stream.rounding, seed));
  const pass = newPass(network);

  if (design.gradient.method === "mbgd") {
    const reuse = { layers: weights.map((w) => new Float64Array(w.length)), pass };
    const train: Trainer["train"] = (samples, batch, visit) => {
      const gradient = exactGradient(network, weights, samples, batch, reuse, visit);
      weights.forEach((w, l) => {
        update(w, gradient.layers[l], training.learningRate, pulses[l]);
      });
      return gradient.loss;
    };
    return { weights, pulses, train };
  }

  // sgd: each sample's outer product at once, with its part of the learning rate, η / B. Only the rows of inputs that
  // are not zero are updated: the others have no gradient.
  const rows = weights.map((_, l) => new Float64Array(network.layers[l + 1]));
  const sampleRate = training.learningRate / training.batch;
  const train: Trainer["train"] = (samples, batch, visit) => {
    let total = 0;
    for (const n of batch) {
      loadSample(pass, samples.codes, n);
      forward(network, weights, pass);
      backward(network, weights, pass, samples.labels[n]);
      total += loss(network, pass, samples.labels[n]);
      visit?.(pass);
      weights.forEach((w, l) => {
        const x = pass.x[l];
        const delta = pass.delta[l];
        const row = rows[l];
        const b = row.length;
        for (let i = 0; i < x.length; i++) {
          if (x[i] === 0) continue;
          for (let j = 0; j < b; j++) row[j] = x[i] * delta[j];
          const cells = [i * b, (i + 1) * b] as const;
          update(w.subarray(...cells), row, sampleRate, pulses[l].subarray(...cells));
        }
      });
    }
    return total / batch.length;
  };
  return { weights, pulses, train };
}

type Update = (weights: Float64Array, gradient: Float64Array, learningRate: number, pulses: Uint32Array) => void;

function newUpdate(device: Device, gradient: GoldenDesign["gradient"], random: Random): Update {
  const { levels } = device;
  if (levels === null) return applyContinuous;
  const settings = { levels, rounding: gradient.rounding, maxPulses: gradient.maxPulses };
  return (weights, g, learningRate, pulses) => applyPulses(weights, g, learningRate, settings, random, pulses);
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
