/** Random small designs with random samples, and a machine's whole state to compare. */
import fc from "fast-check";
import type { Samples } from "../../data/samples.ts";
import { Refusal } from "../../generator/base/errors.ts";
import { type Design, validateDesign } from "../../generator/design/schema.ts";
import { type PreparedMachine, prepareMachine } from "../../prepare/machine.ts";
import { FRESH } from "../../sim/kernels/assembly/low-rank-layout.ts";
import type { Machine } from "../../sim/machine.ts";
import type { RunnerData } from "../../sim/parallel.ts";
import type { MachineState } from "../../sim/state.ts";
import { deviceArbitrary } from "./devices.ts";
import { numbers } from "./low-rank-units.ts";

const LEVELS = [2, 3, 4, 7, 16, 100, 101, 256, 500, 999, 4096, 8191, 16383, 16384];

const tileSide = fc.constantFrom(4, 8, 12, 16, 32);
const size = fc.integer({ min: 1, max: 70 });

export interface DesignBounds {
  readonly method?: "sgd" | "mbgd";
}

/** A legal design, already elaborated; combinations that elaboration refuses are left out. */
export function preparedDesign({ method }: DesignBounds = {}): fc.Arbitrary<PreparedMachine> {
  return fc
    .record({
      layers: fc.tuple(size, fc.array(size, { minLength: 0, maxLength: 3 }), fc.integer({ min: 1, max: 12 })),
      activation: fc.constantFrom("relu", "sigmoid", "tanh"),
      loss: fc.constantFrom("softmax-cross-entropy", "squared-error"),
      rows: tileSide,
      cols: tileSide,
      columnsPerAdc: fc.constantFrom(1, 2, 4),
      inputBits: fc.integer({ min: 1, max: 8 }),
      fewerBits: fc.option(fc.integer({ min: 0, max: 7 }), { nil: undefined }),
      layerRates: fc.option(fc.array(fc.constantFrom(0.5, 1, 3), { minLength: 5, maxLength: 5 }), { nil: undefined }),
      errorBits: fc.integer({ min: 3, max: 12 }),
      adcBits: fc.oneof(fc.integer({ min: 3, max: 14 }), fc.constant("lossless" as const)),
      adcRange: fc.constantFrom("follow", "fixed"),
      rangeStart: fc.constantFrom("calibrated", "finest"),
      device: fc.oneof(
        fc.constantFrom(...LEVELS).map((levels) => ({ preset: `ideal-${levels}` })),
        deviceArbitrary,
      ),
      encoding: fc.constantFrom("offset", "differential"),
      method: method ? fc.constant(method) : fc.constantFrom("sgd", "mbgd"),
      rounding: fc.constantFrom("stochastic", "nearest"),
      lanes: fc.integer({ min: 1, max: 64 }),
      maxPulses: fc.constantFrom(1, 2, 31, 255),
      batch: fc.integer({ min: 1, max: 40 }),
      learningRate: fc.constantFrom(0.01, 0.2, 1, 8),
      seed: fc.nat(1000),
    })
    .map((d) =>
      prepared({
        name: "random",
        network: {
          layers: [d.layers[0], ...d.layers[1], d.layers[2]],
          activation: d.activation,
          loss: d.loss,
          sampleBits: d.fewerBits === undefined ? undefined : Math.max(1, d.inputBits - d.fewerBits),
        },
        tile: {
          rows: d.rows,
          cols: d.cols,
          columnsPerAdc: d.columnsPerAdc,
          inputBits: d.inputBits,
          errorBits: d.errorBits,
          adcBits: d.adcBits,
          adcRange: d.adcRange,
          rangeStart: d.rangeStart,
          encoding: d.encoding,
        },
        device: d.device,
        gradient: { method: d.method, rounding: d.rounding, lanes: d.lanes, maxPulses: d.maxPulses },
        training: {
          batch: d.batch,
          learningRate: d.learningRate,
          layerRates: d.layerRates?.slice(0, d.layers[1].length + 1),
          seed: d.seed,
        },
      }),
    )
    .filter((machine) => machine !== null);
}

export function prepared(input: unknown): PreparedMachine | null {
  try {
    const design: Design = validateDesign(input, "random");
    return prepareMachine(design);
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

/** Samples with many zeros, as images have. */
export function randomSamples(inputs: number, outputs: number, count: number, seed: number): Samples {
  let state = seed || 1;
  const next = () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5;
    return (state ^ (state >>> 13)) >>> 0;
  };
  const codes = Uint8Array.from({ length: count * inputs }, () => (next() % 3 === 0 ? next() % 256 : 0));
  return { count, codes, labels: Uint16Array.from({ length: count }, () => next() % outputs) };
}

export function randomData({ ir }: PreparedMachine, train: number, test: number, seed: number): RunnerData {
  const [inputs, outputs] = [ir.vectors[0].size, ir.errorUnit.outputs];
  return {
    train: randomSamples(inputs, outputs, train, seed),
    test: randomSamples(inputs, outputs, test, seed + 7919),
  };
}

/** Puts range registers somewhere between 0 and their largest value. */
export function forceRanges({ ir }: PreparedMachine, state: MachineState, part: number): void {
  ir.layers.forEach((layer, l) => {
    const { ranges } = state.layers[l];
    ranges[0] = Math.round(layer.forward.rangeMax * part);
    ranges[1] = Math.round((layer.backward?.rangeMax ?? 0) * part);
    ranges[2] = Math.round(layer.activationRangeMax * part);
  });
}

const list = (values: Iterable<number>): number[] => Array.from(values, (v) => v + 0);

/** Everything that a run can change. */
export function everything(machine: Machine): unknown {
  const { state, cycles } = machine;
  const { samples, correct, batches, inBatch, pulses } = state;
  return {
    counters: { samples, correct, batches, inBatch, pulses },
    cycles: { ...cycles },
    layers: state.layers.map((layer) => ({
      cells: list(layer.cells),
      weights: list(layer.weights),
      transposed: list(layer.transposed),
      gradient: list(layer.gradient),
      lowRank: layer.lowRank && { ...(numbers(layer.lowRank) as object), fresh: layer.lowRank.words[FRESH] },
      lfsr: list(layer.lfsr),
      wear: list(layer.wear),
      ranges: list(layer.ranges),
      exponent: layer.exponent,
      batchSaturation: list(layer.batchSaturation),
      saturation: list(layer.saturation),
    })),
  };
}
