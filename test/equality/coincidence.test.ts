/** Programming by coincidence: every method that has outer products, on small machines, with trains that grow, clip or are
 *  left out. */
import { describe, expect, it } from "vitest";
import { loadHead } from "../../data/dataset.ts";
import { type Design, type DesignInput, validateDesign } from "../../generator/design/schema.ts";
import { prepareMachine } from "../../prepare/machine.ts";
import { Machine } from "../../sim/machine.ts";
import { PlainSamplePath } from "../../sim/sample-path.ts";
import { createState, PULSE } from "../../sim/state.ts";
import { inputCodes } from "../../sim/units/sample-input.ts";
import { verify } from "../../verify/verify.ts";

interface Shape {
  readonly layers: number[];
  readonly rows: number;
  readonly cols: number;
  readonly columnsPerAdc: number;
}

/** Several tiles along both sides, with lines that carry no weight. */
const uneven: Shape = { layers: [13, 9, 5], rows: 8, cols: 6, columnsPerAdc: 2 };

interface Rest {
  readonly activation?: "relu" | "sigmoid" | "tanh";
  readonly learningRate?: number;
  readonly pulseCycles?: number;
}

type Gradient = Partial<DesignInput["gradient"]> & Pick<DesignInput["gradient"], "method">;

function designOf(gradient: Gradient, { layers, ...tile }: Shape, seed: number, rest: Rest): Design {
  const { activation = "relu", learningRate = 2, pulseCycles = 1 } = rest;
  return validateDesign(
    {
      name: "coincidence",
      network: { layers, activation, loss: "softmax-cross-entropy" },
      tile: { ...tile, adcBits: 5 },
      device: { preset: "ideal-61", pulseCycles },
      gradient: { lanes: 4, programming: "coincidence", ...gradient },
      training: { batch: 3, learningRate, seed },
    },
    "coincidence",
  );
}

const SAMPLES = 7;

/** What the trains of the same samples do: their lengths, and lines that are clipped. */
function simulate(design: Design): { lengths: Set<number>; clipped: number; idle: number } {
  const { ir, conductances } = prepareMachine(design);
  const state = createState(ir, conductances);
  const machine = new Machine(ir, state, new PlainSamplePath(ir, state.layers));
  const lengths = new Set<number>();
  let idle = 0;
  const nothing = () => {};
  machine.listener = {
    ...{
      sample: nothing,
      gradientStart: nothing,
      instruction: nothing,
      gradient: nothing,
      update: nothing,
      range: nothing,
    },
    trains: (trains) => {
      for (const { trace } of trains.flat())
        if (trace) lengths.add(trace.slots);
        else idle++;
    },
  };
  const { size, bits } = ir.vectors[0];
  const { codes, labels } = loadHead({ inputs: size, outputs: ir.errorUnit.outputs }, {}, SAMPLES).samples;
  for (let n = 0; n < SAMPLES; n++)
    machine.sample(inputCodes(codes.subarray(n * size, (n + 1) * size), bits), labels[n], true);
  return { lengths, clipped: state.layers.reduce((sum, { saturation }) => sum + saturation[PULSE], 0), idle };
}

async function isEqual(gradient: Gradient, shape: Shape, seed: number, rest: Rest = {}): Promise<Design> {
  const design = designOf(gradient, shape, seed, rest);
  const result = await verify({ design, samples: SAMPLES, stalls: seed, optimise: "-O0" });
  expect(result.firstDifference).toBeUndefined();
  expect(result.equal).toBe(true);
  expect(result.stateHash.rtl).toBe(result.stateHash.sim);
  return design;
}

describe("RTL and simulator are equal with pulses that meet in the cells, of", () => {
  it("sgd", () => isEqual({ method: "sgd" }, uneven, 1));
  it("sgd, with inputs of both signs", () => isEqual({ method: "sgd" }, uneven, 2, { activation: "tanh" }));
  it("sgd, one lane, long pulses and tiles of odd sides", () =>
    isEqual({ method: "sgd", lanes: 1, pulseTrain: 1 }, { layers: [11, 7, 3], rows: 5, cols: 9, columnsPerAdc: 1 }, 3, {
      activation: "sigmoid",
      pulseCycles: 3,
    }));
  it("sgd, trains that grow", async () => {
    const design = await isEqual({ method: "sgd", pulseTrain: 2 }, uneven, 4, { learningRate: 20 });
    const { lengths, clipped } = simulate(design);
    expect(lengths.size).toBeGreaterThan(4);
    expect(clipped).toBe(0);
  });
  it("sgd, lines that are clipped", async () => {
    const { lengths, clipped } = simulate(await isEqual({ method: "sgd" }, uneven, 5, { learningRate: 1000 }));
    expect(lengths).toContain(1023);
    expect(clipped).toBeGreaterThan(0);
  });
  it("sbpca", () =>
    isEqual({ method: "sbpca", rank: 3, update: "rank-seq", pulseTrain: 15 }, uneven, 6, { learningRate: 8 }));
  it("sbpca of long factors, one cell", () =>
    isEqual(
      { method: "sbpca", rank: 1, update: "rank-seq", factorBits: 16, pulseTrain: 7 },
      { layers: [1, 1], rows: 4, cols: 4, columnsPerAdc: 4 },
      7,
    ));
  it("nmf, whose second half pushes the other way", () =>
    isEqual(
      { method: "nmf", frontEnd: "sbpca", frontEndRank: 2, rank: 2, iterations: 1, update: "rank-seq", pulseTrain: 9 },
      uneven,
      9,
      { learningRate: 8 },
    ));
  it("nmf that keeps samples", () =>
    isEqual(
      { method: "nmf", rank: 1, subBatch: 2, iterations: 1, update: "rank-seq", pulseTrain: 9 },
      { layers: [11, 3], rows: 6, cols: 4, columnsPerAdc: 2 },
      10,
      { learningRate: 8 },
    ));
  it("lrt, with outer products of zeros", () =>
    isEqual(
      { method: "lrt", rank: 4, update: "rank-seq", pulseTrain: 5, lanes: 3 },
      { ...uneven, layers: [14, 2] },
      8,
      {
        activation: "tanh",
      },
    ));
});
