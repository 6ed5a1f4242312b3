/** A gradient method that is no part of the project (test/outside) is registered as any other, and goes through the design
 *  file, the golden model, the Verilog, the simulator and `verify`: what docs/add-a-method.md promises. */
import { describe, expect, it } from "vitest";
import { Random } from "../../data/random.ts";
import { registerMethod } from "../../generator/methods/registry.ts";
import { addOuterProduct } from "../../golden/linear.ts";
import { reconstruct } from "../../golden/low-rank/low-rank.ts";
import { newGradientUnit, registerGoldenMethod } from "../../golden/registry.ts";
import { norm } from "../../golden/vectors.ts";
import { power } from "../outside/power.ts";
import { powerGolden } from "../outside/power-golden.ts";

registerMethod("power", power);
registerGoldenMethod("power", powerGolden);

// The schema is made of the registry: it comes after.
const { designJsonSchema, validateDesign } = await import("../../generator/design/schema.ts");
const { nameOfMethod, variants } = await import("../../generator/methods/compared.ts");
const { prepareMachine } = await import("../../prepare/machine.ts");
const { emitRtl } = await import("../../generator/rtl/emit.ts");
const { yardstick } = await import("../../generator/ir/yardstick.ts");
const { loadDataset } = await import("../../data/dataset.ts");
const { shapeOf } = await import("../../data/samples.ts");
const { trainGolden } = await import("../../golden/train.ts");
const { train } = await import("../../sim/train.ts");
const { verify } = await import("../../verify/verify.ts");
const { UnitAlone, reals } = await import("../../verify/low-rank-alone.ts");
const { refusalOf } = await import("../cli/refusal.ts");

const input = (fields: object) => ({
  name: "outside",
  network: { layers: [13, 9, 5], activation: "relu", loss: "softmax-cross-entropy" },
  tile: { rows: 8, cols: 6, columnsPerAdc: 2, adcBits: 5 },
  device: { preset: "ideal-60" },
  gradient: { method: "power", lanes: 4, ...fields },
  training: { batch: 3, learningRate: 2, seed: 5 },
});
const designOf = (fields: object = {}) => validateDesign(input(fields), "outside");

const sizes = { inputs: 23, outputs: 11, inputBits: 8, errorBits: 9 };

function samples(random: Random, count: number) {
  const code = (limit: number) => Math.round(limit * (2 * random.uniform() - 1));
  return Array.from({ length: count }, () => ({
    x: Int16Array.from({ length: sizes.inputs }, () => Math.abs(code(255))),
    delta: Int16Array.from({ length: sizes.outputs }, () => code(255)),
    exponent: -8,
  }));
}

describe("a method from outside", () => {
  it("is in the design file, with its fields filled and other methods' refused", () => {
    expect(designOf().gradient).toMatchObject({ method: "power", rank: 1, update: "rank-sum", factorBits: 12 });
    expect(refusalOf(() => designOf({ subBatch: 2 }))).toMatch(/^outside: gradient\.subBatch: power takes one sample/);
    const { method } = designJsonSchema().properties?.gradient.properties ?? {};
    expect(method?.enum).toContain("power");
    expect(method?.description).toContain("power: one outer product stands for it");
    expect(refusalOf(() => prepareMachine(designOf({ rank: 2 })))).toMatch(/gradient\.rank: 2 is in the golden model/);
  });

  it("is compared under its name", () => {
    expect(variants().map(({ name }) => name)).toContain("power");
    expect(nameOfMethod(designOf().gradient)).toBe("power");
  });

  it("comes too late once a design was read, and never under a name that is taken", () => {
    expect(() => registerMethod("later", power)).toThrow("later comes too late");
    expect(() => registerMethod("lrt", power)).toThrow("lrt already");
  });

  it("has Verilog, memories and a yardstick", () => {
    const { ir } = prepareMachine(designOf());
    expect(ir.keeps).toBe("factors");
    expect(emitRtl(ir).has("rtl/low_rank_program.v")).toBe(true);
    expect(ir.memories.some(({ name }) => name === "x_factors")).toBe(true);
    expect(yardstick(ir, ir.layers[0]).factors.words).toBe(13 + 9);
  });

  it("gives in hardware what its golden half gives", () => {
    const random = new Random(3);
    const gradient = { method: "power", rank: 1, factorBits: 16 };
    const unit = new UnitAlone(gradient, 16, sizes);
    const golden = newGradientUnit(gradient, sizes.inputs, sizes.outputs, new Random(1));
    for (let batch = 0; batch < 3; batch++) {
      const list = samples(random, 16);
      unit.feed(list);
      const exact = new Float64Array(sizes.inputs * sizes.outputs);
      for (const { x, delta } of list.map(reals)) {
        golden.add(x, delta);
        addOuterProduct(exact, delta, x, 1);
      }
      const expected = reconstruct(golden.finish(), new Float64Array(exact.length)).map((g) => 16 * g);
      const found = unit.gradient();
      expect(norm(expected)).toBeGreaterThan(0.3 * norm(exact));
      expect(norm(found.map((g, n) => g - expected[n]))).toBeLessThan(2e-3 * norm(expected));
    }
  });

  it("trains in float64 and on the simulator", async () => {
    const design = designOf({ update: "rank-seq" });
    const data = loadDataset(shapeOf(design.network), {});
    const { weights } = prepareMachine(design);
    const run = { design, data, initial: weights, samples: 60, testSamples: 20, seed: 1 };
    const golden = trainGolden({ ...run, epochs: 2 });
    const simulated = await train({ design, epochs: 2, samples: 60, testSamples: 20 });
    expect(golden.pulses).toBeGreaterThan(0);
    expect(simulated.pulses.total).toBeGreaterThan(golden.pulses / 2);
    expect(simulated.pulses.total).toBeLessThan(2 * golden.pulses);
  });

  it.each([
    ["rank-sum", {}],
    ["rank-seq by row", { update: "rank-seq" }],
    ["rank-seq by coincidence", { update: "rank-seq", programming: "coincidence" }],
  ])("is equal in RTL and simulator, %s, within the golden model's bound", async (_, fields) => {
    const result = await verify({ design: designOf(fields), samples: 7, stalls: 3, optimise: "-O0" });
    expect(result.firstDifference).toBeUndefined();
    expect(result.equal).toBe(true);
    expect(result.stateHash.rtl).toBe(result.stateHash.sim);
  });
});
