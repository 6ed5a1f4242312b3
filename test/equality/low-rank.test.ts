/** Low-rank gradients: every method, update and rounding on small machines, and inputs that give them nothing to hold. */
import { describe, expect, it } from "vitest";
import { type DesignInput, validateDesign } from "../../generator/schema.ts";
import { verify } from "../../verify/verify.ts";

type Gradient = DesignInput["gradient"];

function design(gradient: Gradient, layers = [13, 9, 5], activation: "relu" | "sigmoid" | "tanh" = "relu") {
  return validateDesign(
    {
      name: "low-rank",
      network: { layers, activation, loss: "softmax-cross-entropy" },
      tile: { rows: 8, cols: 6, columnsPerAdc: 2, adcBits: 5 },
      device: { preset: "ideal-60" },
      gradient,
      training: { batch: 3, learningRate: 2, seed: 5 },
    },
    "low-rank",
  );
}

async function isEqual(
  gradient: Gradient,
  stalls: number,
  layers?: number[],
  activation?: "relu" | "sigmoid" | "tanh",
) {
  const result = await verify({ design: design(gradient, layers, activation), samples: 7, stalls, optimise: "-O0" });
  expect(result.firstDifference).toBeUndefined();
  expect(result.equal).toBe(true);
  expect(result.stateHash.rtl).toBe(result.stateHash.sim);
}

describe("RTL and simulator are equal with", () => {
  let stalls = 1;
  for (const method of ["sbpca", "lrt"] as const)
    for (const update of ["rank-sum", "rank-seq"] as const)
      for (const rounding of ["stochastic", "nearest"] as const) {
        const seed = stalls++;
        const activation = (["relu", "sigmoid", "tanh"] as const)[seed % 3];
        it(`${method}, ${update}, ${rounding} rounding, ${activation}`, () =>
          isEqual({ method, update, rounding, rank: 2, lanes: 4 }, seed, undefined, activation));
      }

  it("nmf behind sbpca, rank-sum", () =>
    isEqual({ method: "nmf", frontEnd: "sbpca", frontEndRank: 3, rank: 2, iterations: 2, lanes: 4 }, 31));
  it("nmf behind lrt, rank-seq, tanh", () =>
    isEqual(
      { method: "nmf", frontEnd: "lrt", frontEndRank: 2, rank: 2, update: "rank-seq", lanes: 3 },
      32,
      [9, 7, 4],
      "tanh",
    ));
  it("nmf in the stream, with a sub-batch that is not full", () =>
    isEqual({ method: "nmf", rank: 2, subBatch: 2, iterations: 2, lanes: 4 }, 33));
  it("nmf in the stream of one component, sample by sample, rank-seq, short factors", () =>
    isEqual(
      { method: "nmf", rank: 1, subBatch: 1, iterations: 1, update: "rank-seq", factorBits: 6, lanes: 1 },
      34,
      [5, 4, 3],
    ));

  it("a rank above the outputs", () => isEqual({ method: "sbpca", rank: 8, lanes: 3 }, 21));
  it("a rank above the outputs, and reduction", () => isEqual({ method: "lrt", rank: 4, lanes: 3 }, 22, [7, 2]));
  it("one rank, one lane and short factors", () =>
    isEqual({ method: "sbpca", rank: 1, lanes: 1, factorBits: 6 }, 23, [5, 4, 3]));
  it("long factors and a reduction that is now and then unbiased", () =>
    isEqual({ method: "lrt", rank: 3, update: "rank-seq", factorBits: 16, unbiased: 0.3, lanes: 8 }, 24, [30, 12, 5]));
});
