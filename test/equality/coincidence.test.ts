/** Programming by coincidence: every method that has outer products, on small machines, with trains that grow, clip or are
 *  left out. */
import { describe, expect, it } from "vitest";
import { type DesignInput, validateDesign } from "../../generator/schema.ts";
import { verify } from "../../verify/verify.ts";

interface Shape {
  readonly layers: number[];
  readonly rows: number;
  readonly cols: number;
  readonly columnsPerAdc: number;
}

/** Several tiles along both sides, with lines that carry no weight. */
const uneven: Shape = { layers: [13, 9, 5], rows: 8, cols: 6, columnsPerAdc: 2 };

async function isEqual(
  gradient: Partial<DesignInput["gradient"]> & Pick<DesignInput["gradient"], "method">,
  { layers, ...tile }: Shape,
  seed: number,
  rest: { activation?: "relu" | "sigmoid" | "tanh"; learningRate?: number; pulseCycles?: number } = {},
) {
  const { activation = "relu", learningRate = 2, pulseCycles = 1 } = rest;
  const design = validateDesign(
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
  const result = await verify({ design, samples: 7, stalls: seed, optimise: "-O0" });
  expect(result.firstDifference).toBeUndefined();
  expect(result.equal).toBe(true);
  expect(result.stateHash.rtl).toBe(result.stateHash.sim);
}

describe("RTL and simulator are equal with pulses that meet in the cells, of", () => {
  it("sgd", () => isEqual({ method: "sgd" }, uneven, 1));
  it("sgd, with inputs of both signs", () => isEqual({ method: "sgd" }, uneven, 2, { activation: "tanh" }));
  it("sgd, one lane, long pulses and tiles of odd sides", () =>
    isEqual({ method: "sgd", lanes: 1, pulseTrain: 1 }, { layers: [11, 7, 3], rows: 5, cols: 9, columnsPerAdc: 1 }, 3, {
      activation: "sigmoid",
      pulseCycles: 3,
    }));
  it("sgd, trains that grow", () => isEqual({ method: "sgd", pulseTrain: 2 }, uneven, 4, { learningRate: 60 }));
  it("sgd, lines that are clipped", () => isEqual({ method: "sgd" }, uneven, 5, { learningRate: 1000 }));
  it("sbpca", () =>
    isEqual({ method: "sbpca", rank: 3, update: "rank-seq", pulseTrain: 15 }, uneven, 6, { learningRate: 8 }));
  it("sbpca of long factors, one cell", () =>
    isEqual(
      { method: "sbpca", rank: 1, update: "rank-seq", factorBits: 16, pulseTrain: 7 },
      { layers: [1, 1], rows: 4, cols: 4, columnsPerAdc: 4 },
      7,
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
