/** Trains one batch after the other in float64, by the gradient method and the update that the design asks for. */
import { Random, stream } from "../data/random.ts";
import type { Samples } from "../data/samples.ts";
import { layerRate } from "../generator/design/rates.ts";
import type { Design } from "../generator/design/schema.ts";
import type { Gradient } from "../generator/methods/fields.ts";
import type { TrainCount } from "./coincidence.ts";
import type { Cells } from "./device/cells.ts";
import { newReadNoise, type ReadNoise } from "./device/read-noise.ts";
import { type DeviceDesign, deviceOf, endBatch, newCells } from "./device.ts";
import { exactGradient } from "./gradient.ts";
import {
  byRow,
  newCoincidence,
  newProgram,
  type Program,
  type ProgramLowRank,
  type ProgramOuterProduct,
  rankSeq,
  rankSum,
  type UpdateSettings,
} from "./low-rank/update.ts";
import type { GradientUnit } from "./method.ts";
import { backward, forward, loadSample, loss, newPass, type Pass } from "./network.ts";
import { goldenMethod, newGradientUnit } from "./registry.ts";

/** The parts of a design that the golden model reads: how a weight is made, but nothing else of its tiles, converters and word lengths. */
export type GoldenDesign = DeviceDesign &
  Pick<Design, "network" | "training"> & {
    readonly gradient: Gradient & UpdateSettings;
  };

/** Trains one batch; returns its mean loss. `visit` sees each sample's vectors before they are used for an update. */
type TrainBatch = (samples: Samples, batch: Uint32Array, visit?: (pass: Pass) => void) => number;

export interface Trainer {
  readonly weights: readonly Float64Array[];
  /** Pulses that each cell has had. */
  readonly pulses: readonly Uint32Array[];
  /** What pulse trains have done; null without coincidence. */
  readonly trains: Readonly<TrainCount> | null;
  readonly train: TrainBatch;
  /** What the devices' reads add to their sums; absent where that is nothing. */
  readonly noise?: ReadNoise;
}

/** A device programmed with the initial weights, and the update that its design asks for. */
export function newTrainer(design: GoldenDesign, initial: readonly Float64Array[], seed: number): Trainer {
  const { network, gradient } = design;
  const device = deviceOf(design);
  const layers = initial.map((w, l) => newCells(device, w, seed, l));
  const noise = device.memristor?.readNoise
    ? newReadNoise(device.memristor.readNoise, device.pairs ?? false, new Random(stream.reads, seed))
    : undefined;
  const random = new Random(stream.rounding, seed);
  const byCell = newProgram(device, gradient, random);
  const trains = gradient.programming === "coincidence" ? { slots: 0, clipped: 0 } : null;
  const byTrain = trains && newCoincidence(device, gradient, random, trains);

  const trainer = (): TrainBatch => {
    switch (goldenMethod(gradient.method).keeps) {
      case "nothing":
        return sampleBySample(design, layers, byTrain ?? byRow(byCell), noise);
      case "gradient":
        return fullGradient(design, layers, byCell, noise);
      case "factors": {
        const update = gradient.update === "rank-seq" ? rankSeq(byTrain ?? byRow(byCell)) : rankSum(byCell);
        const units = layers.map((_, l) =>
          newGradientUnit(gradient, network.layers[l], network.layers[l + 1], new Random(stream.rounding, seed, l)),
        );
        return lowRank(design, layers, units, update, noise);
      }
    }
  };
  const trainBatch = trainer();
  const train: TrainBatch = (samples, batch, visit) => {
    const meanLoss = trainBatch(samples, batch, visit);
    for (const cells of layers) endBatch(cells, device);
    return meanLoss;
  };
  return { weights: layers.map((l) => l.weights), pulses: layers.map((l) => l.pulses), trains, train, noise };
}

/** mbgd: the exact mean gradient, programmed once. */
function fullGradient(
  { network, training }: GoldenDesign,
  layers: readonly Cells[],
  program: Program,
  noise?: ReadNoise,
): TrainBatch {
  const weights = layers.map((l) => l.weights);
  const reuse = { layers: weights.map((w) => new Float64Array(w.length)), pass: newPass(network) };
  return (samples, batch, visit) => {
    const gradient = exactGradient(network, weights, samples, batch, reuse, visit, noise);
    layers.forEach((cells, l) => {
      program(cells, gradient.layers[l], layerRate(training, l));
    });
    return gradient.loss;
  };
}

/** sgd: each sample's outer product at once, with its part of the learning rate, η / B. */
function sampleBySample(
  design: GoldenDesign,
  layers: readonly Cells[],
  program: ProgramOuterProduct,
  noise?: ReadNoise,
): TrainBatch {
  const { training } = design;
  const pass = newPass(design.network);
  return eachSample(design, layers, pass, noise, () => {
    layers.forEach((cells, l) => {
      program(cells, pass.delta[l], pass.x[l], layerRate(training, l) / training.batch);
    });
  });
}

/** A method that keeps factors: each layer's unit takes in the samples; its gradient is programmed at the end of the batch. */
function lowRank(
  design: GoldenDesign,
  layers: readonly Cells[],
  units: readonly GradientUnit[],
  update: ProgramLowRank,
  noise?: ReadNoise,
): TrainBatch {
  const pass = newPass(design.network);
  const takeIn = eachSample(design, layers, pass, noise, () => {
    units.forEach((unit, l) => {
      unit.add(pass.x[l], pass.delta[l]);
    });
  });
  return (samples, batch, visit) => {
    const meanLoss = takeIn(samples, batch, visit);
    layers.forEach((cells, l) => {
      update(cells, units[l].finish(), layerRate(design.training, l));
    });
    return meanLoss;
  };
}

/** Forward and backward pass of each sample, and then what the method does with it. */
function eachSample(
  { network }: GoldenDesign,
  layers: readonly Cells[],
  pass: Pass,
  noise: ReadNoise | undefined,
  then: () => void,
): TrainBatch {
  const weights = layers.map((l) => l.weights);
  return (samples, batch, visit) => {
    let total = 0;
    for (const n of batch) {
      loadSample(pass, samples.codes, n);
      forward(network, weights, pass, noise);
      backward(network, weights, pass, samples.labels[n], noise);
      total += loss(network, pass, samples.labels[n]);
      visit?.(pass);
      then();
    }
    return total / batch.length;
  };
}
