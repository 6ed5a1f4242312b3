/** Low-rank gradients: every method, update and rounding on small machines, and inputs that give them nothing to hold. */
import { describe, expect, it } from "vitest";
import { type Design, type DesignInput, validateDesign } from "../../generator/design/schema.ts";
import { programCycles, sampleCycles } from "../../generator/ir/hand-over.ts";
import { prepareMachine } from "../../prepare/machine.ts";
import { verify } from "../../verify/verify.ts";

type Gradient = DesignInput["gradient"];

interface Settings {
  readonly layers?: number[];
  readonly activation?: "relu" | "sigmoid" | "tanh";
  readonly batch?: number;
  readonly readCycles?: number;
}

function design(gradient: Gradient, { layers = [13, 9, 5], activation = "relu", batch = 3, readCycles }: Settings) {
  return validateDesign(
    {
      name: "low-rank",
      network: { layers, activation, loss: "softmax-cross-entropy" },
      tile: { rows: 8, cols: 6, columnsPerAdc: 2, adcBits: 5, readCycles },
      device: { preset: "ideal-60" },
      gradient,
      training: { batch, learningRate: 2, seed: 5 },
    },
    "low-rank",
  );
}

const isEqual = (gradient: Gradient, stalls: number, settings: Settings = {}) =>
  runsEqual(design(gradient, settings), stalls);

async function runsEqual(design: Design, stalls: number) {
  const result = await verify({ design, samples: 7, stalls, optimise: "-O0" });
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
          isEqual({ method, update, rounding, rank: 2, lanes: 4 }, seed, { activation }));
      }

  it("nmf behind sbpca, rank-sum", () =>
    isEqual({ method: "nmf", frontEnd: "sbpca", frontEndRank: 3, rank: 2, iterations: 2, lanes: 4 }, 31));
  it("nmf behind lrt, rank-seq, tanh", () =>
    isEqual({ method: "nmf", frontEnd: "lrt", frontEndRank: 2, rank: 2, update: "rank-seq", lanes: 3 }, 32, {
      layers: [9, 7, 4],
      activation: "tanh",
    }));
  it("nmf in the stream, with a sub-batch that is not full", () =>
    isEqual({ method: "nmf", rank: 2, subBatch: 2, iterations: 2, lanes: 4 }, 33));
  it("nmf in the stream of one component, sample by sample, rank-seq, short factors", () =>
    isEqual({ method: "nmf", rank: 1, subBatch: 1, iterations: 1, update: "rank-seq", factorBits: 6, lanes: 1 }, 34, {
      layers: [5, 4, 3],
    }));

  it("a rank above the outputs", () => isEqual({ method: "sbpca", rank: 8, lanes: 3 }, 21));
  it("a rank above the outputs, and reduction", () =>
    isEqual({ method: "lrt", rank: 4, lanes: 3 }, 22, { layers: [7, 2] }));
  it("one rank, one lane and short factors", () =>
    isEqual({ method: "sbpca", rank: 1, lanes: 1, factorBits: 6 }, 23, { layers: [5, 4, 3] }));
  it("long factors and a reduction that is now and then unbiased", () =>
    isEqual({ method: "lrt", rank: 3, update: "rank-seq", factorBits: 16, unbiased: 0.3, lanes: 8 }, 24, {
      layers: [30, 12, 5],
    }));
});

describe("RTL and simulator are equal with a gradient that the next sample", () => {
  const ONE = [13, 5];
  const THREE = [9, 8, 6, 4];
  const sbpca = { method: "sbpca", rank: 1, lanes: 8 } as const;
  const lrt = { method: "lrt", rank: 2, lanes: 4 } as const;

  it.each<[string, "longer" | "shorter", Gradient, number, Settings]>([
    ["waits for, one layer, batches of two", "longer", lrt, 0, { layers: ONE, batch: 2 }],
    ["waits for, three layers", "longer", { ...sbpca, rank: 2 }, 31, { layers: THREE }],
    [
      "waits for if the host does not stall",
      "longer",
      { ...sbpca, rank: 2 },
      32,
      { layers: ONE, batch: 7, readCycles: 4 },
    ],
    ["never waits for, one layer, batches of two", "shorter", sbpca, 33, { layers: ONE, batch: 2, readCycles: 16 }],
    ["never waits for, three layers", "shorter", sbpca, 0, { layers: THREE, readCycles: 8 }],
    ["never waits for, lrt", "shorter", lrt, 34, { layers: THREE, readCycles: 32, batch: 4 }],
    ["never sees: batches of one", "longer", lrt, 35, { batch: 1 }],
    ["never sees: batches of one, one layer", "longer", sbpca, 0, { layers: ONE, batch: 1 }],
  ])("%s", async (_, than, gradient, stalls, settings) => {
    const input = design(gradient, settings);
    const { ir } = prepareMachine(input);
    expect(programCycles(ir, 0) > sampleCycles(ir.phases) ? "longer" : "shorter").toBe(than);
    await runsEqual(input, stalls);
  });
});
