/** Training as the command line calls it. */
import { expect, test } from "vitest";
import { loadDataset } from "../../data/dataset.ts";
import { epochOrder } from "../../data/order.ts";
import { presets } from "../../generator/design/presets.ts";
import { type Design, validateDesign } from "../../generator/design/schema.ts";
import { prepareMachine } from "../../prepare/machine.ts";
import { totalCycles } from "../../sim/cycles.ts";
import { Machine } from "../../sim/machine.ts";
import { PlainSamplePath } from "../../sim/sample-path.ts";
import { createState, stateHash } from "../../sim/state.ts";
import { type TrainResult, train } from "../../sim/train.ts";
import { inputCodes } from "../../sim/units/sample-input.ts";
import type { Waveform } from "../../sim/waveform.ts";

const preset = (changes: object = {}): Design => validateDesign({ ...presets.tiny, ...changes }, "tiny");
const sgd = () => preset({ gradient: { method: "sgd", lanes: 4 } });
const lrt = () => preset({ gradient: { method: "lrt", rank: 2, lanes: 4 } });

const trains = () => preset({ gradient: { method: "sgd", lanes: 4, programming: "coincidence" } });

const withoutTime = ({ seconds: _, ...rest }: TrainResult): unknown => rest;

test("training is the plain machine over the epoch's order, remainder dropped", async () => {
  for (const design of [preset(), sgd(), lrt(), trains()]) {
    const result = await train({ design, epochs: 2, samples: 100, testSamples: 50, threads: 2 });
    const { ir, conductances } = prepareMachine(design);
    const { train: data } = loadDataset({ inputs: 16, outputs: 4 });
    const state = createState(ir, conductances);
    const machine = new Machine(ir, state, new PlainSamplePath(ir, state.layers));
    for (const epoch of [0, 1])
      for (const k of epochOrder(100, design.training.seed, epoch).subarray(0, 96))
        machine.sample(inputCodes(data.codes.subarray(16 * k, 16 * k + 16), 8), data.labels[k], true);
    expect(result.samples).toBe(192);
    expect(result.epochs).toBe(2);
    expect(result.cycles.byPhase).toEqual(machine.cycles);
    expect(result.cycles.total).toBe(totalCycles(machine.cycles));
    expect(result.stateHash).toBe(stateHash(state.layers.map((l) => l.cells)));
    expect(result.pulses.total).toBe(state.pulses);
    expect(result.saturation.layers.map((l) => l.forward)).toEqual(state.layers.map((l) => l.saturation[0]));
    expect(result.interrupted).toBe(false);
  }
});

test("an epoch of drawn samples is as long as the design says, and its last accuracy is not measured again", async () => {
  const design = preset({ training: { batch: 8, learningRate: 0.2, epochSamples: 50 } });
  const result = await train({ design, epochs: 2, samples: 20, testSamples: 50, threads: 1 });
  expect(result.samples).toBe(96);
  expect(result.accuracy.test).toBe(result.accuracy.perEpoch[1]);
});

test("each layer's update has its own rate", () => {
  const rate = (layerRates: number[] | undefined, l: number) => {
    const design = preset({ training: { batch: 8, learningRate: 0.2, layerRates } });
    const { multiplier, shift } = prepareMachine(design).ir.layers[l].update;
    return multiplier * 2 ** -shift;
  };
  expect(rate([1, 0.3], 0)).toBe(rate(undefined, 0));
  // The multiplier has 15 significant bits.
  expect(rate([1, 0.3], 1) / rate(undefined, 1)).toBeCloseTo(0.3, 3);
});

test("a result is plain JSON and names every memory", async () => {
  const result = await train({ design: preset(), epochs: 1, samples: 64, testSamples: 20, threads: 1 });
  expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  expect(result.accuracy.perEpoch).toEqual([result.accuracy.test]);
  const { bits, total, gradient } = result.memory;
  expect(Object.values(bits).reduce((a, b) => a + b, 0)).toBe(total);
  expect(gradient).toBe(bits["layer_0.gradient_buffer"] + bits["layer_1.gradient_buffer"]);
});

test("progress goes from nothing to the whole of each epoch", async () => {
  const seen: string[] = [];
  await train({
    ...{ design: preset(), epochs: 2, samples: 40, testSamples: 10, threads: 1 },
    onProgress: ({ epoch, epochs, samples, of }) => seen.push(`${epoch}/${epochs} ${samples}/${of}`),
    onEpoch: ({ epoch }) => seen.push(`epoch ${epoch}`),
  });
  for (const line of ["1/2 0/40", "1/2 40/40", "epoch 1", "2/2 0/40", "2/2 40/40", "epoch 2"])
    expect(seen).toContain(line);
  expect(seen[seen.length - 1]).toBe("epoch 2");
});

test("an abort ends the training after the present batch, with what was finished", async () => {
  const stop = new AbortController();
  const result = await train({
    ...{ design: preset(), epochs: 50, samples: 800, testSamples: 10, threads: 2, signal: stop.signal },
    onProgress: ({ epoch, samples }) => {
      if (epoch === 3 && samples > 0) stop.abort();
    },
  });
  expect(result.interrupted).toBe(true);
  expect(result.accuracy.perEpoch.length).toBe(result.epochs);
  expect(result.samples).toBeGreaterThan(1600);
  expect(result.samples).toBeLessThanOrEqual(2400);
  expect(result.samples % 8).toBe(0);
});

test("fewer samples than one batch are refused", async () => {
  await expect(train({ design: preset(), epochs: 1, samples: 7 })).rejects.toThrow(
    /training.batch: 8 samples are more than the 7/,
  );
});

test("a waveform's window changes no result, whatever the method", async () => {
  for (const design of [preset(), sgd(), lrt(), trains()]) {
    const options = { design, epochs: 1, samples: 400, testSamples: 10, threads: 2 };
    const plain = await train(options);
    const from = Math.round(200 * plain.cycles.perSample);
    const cycles = Math.round(30 * plain.cycles.perSample);
    const taken: Waveform[] = [];
    const traced = await train({ ...options, window: { from, cycles, take: (waveform) => taken.push(waveform) } });
    expect(withoutTime(traced)).toEqual(withoutTime(plain));
    expect(taken).toMatchObject([{ from, cycles }]);
  }
});
