/** Every non-ideality alone and all of them together, in both encodings and with every way of programming. */
import { describe, expect, it } from "vitest";
import { type DesignInput, validateDesign } from "../../generator/design/schema.ts";
import { verify } from "../../verify/verify.ts";

const curves = { states: { set: 9, reset: 14 }, nonlinearity: { set: 3, reset: -4.5 } };
const everything = {
  model: { ...curves, cycleToCycle: 0.04, deviceToDevice: 0.7 },
  ...{ stuckOn: 0.06, stuckOff: 0.06, readNoise: 0.02, drift: 0.003, driftTarget: 0.4 },
};

async function expectEqual(changes: Partial<DesignInput>, stalls: number): Promise<void> {
  const design = validateDesign(
    {
      name: "devices",
      network: { layers: [7, 6, 4], activation: "relu", loss: "softmax-cross-entropy" },
      tile: { rows: 8, cols: 6, columnsPerAdc: 2, adcBits: 6, ...changes.tile },
      device: changes.device ?? { preset: "ideal-30" },
      gradient: changes.gradient ?? { method: "mbgd", lanes: 3, maxPulses: 5 },
      training: { batch: 2, learningRate: 3, seed: stalls },
    },
    "devices",
  );
  // Pairs are refreshed one row a batch: so many batches that every row has its turn.
  const result = await verify({ design, samples: 2 * (design.tile.rows + 1), stalls, optimise: "-O0" });
  expect(result.firstDifference).toBeUndefined();
  expect(result.equal).toBe(true);
  expect(result.stateHash.rtl).toBe(result.stateHash.sim);
  for (const { preactivation, delta } of result.goldenError)
    expect([preactivation.outside, delta.outside]).toEqual([0, 0]);
}

describe("RTL and simulator are equal with", () => {
  const alone: [string, DesignInput["device"]][] = [
    ["curves of set and reset", { model: curves }],
    ["noise of pulses", { preset: "ideal-30", cycleToCycle: 0.05 }],
    ["devices that differ", { model: { ...curves, deviceToDevice: 1 } }],
    ["a table of changes", { preset: "tabular-example" }],
    ["stuck cells", { preset: "ideal-30", stuckOn: 0.1, stuckOff: 0.1 }],
    ["noise of reads", { preset: "ideal-30", readNoise: 0.03 }],
    ["drift", { preset: "ideal-30", drift: 0.003, driftTarget: 1 }],
    ["rows that are read back", { model: { ...curves, cycleToCycle: 0.05 }, verify: 3, pulseCycles: 2 }],
  ];
  alone.forEach(([name, device], n) => {
    it(name, () => expectEqual({ device }, n + 1));
  });

  const gradients: [string, DesignInput["gradient"]][] = [
    ["sgd", { method: "sgd", lanes: 3 }],
    ["mbgd", { method: "mbgd", lanes: 3, rounding: "nearest" }],
    ["sbpca, rank-sum", { method: "sbpca", rank: 2, lanes: 3 }],
    ["nmf, rank-seq", { method: "nmf", rank: 1, subBatch: 2, iterations: 1, update: "rank-seq", lanes: 2 }],
    ["lrt, by coincidence", { method: "lrt", rank: 1, update: "rank-seq", programming: "coincidence", lanes: 2 }],
  ];
  let stalls = 20;
  for (const encoding of ["offset", "differential"] as const)
    for (const [name, gradient] of gradients) {
      const seed = stalls++;
      const verify = gradient.programming === "coincidence" ? 0 : 1;
      it(`everything at once, ${encoding}, ${name}`, () =>
        expectEqual({ device: { ...everything, verify }, gradient, tile: { encoding } as DesignInput["tile"] }, seed));
    }
});
