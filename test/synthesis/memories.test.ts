/** The list of memories that all reports read is what the Verilog has: same names, words and bits, of every method. */
import { describe, expect, it } from "vitest";
import { presets } from "../../generator/design/presets.ts";
import { type DesignInput, validateDesign } from "../../generator/design/schema.ts";
import { emitRtl } from "../../generator/rtl/emit.ts";
import { prepareMachine } from "../../prepare/machine.ts";
import { differences, memoriesOf } from "../../verify/memories.ts";
import { netlistOf } from "../../verify/netlist.ts";

type Gradient = Partial<DesignInput["gradient"]>;

/** Sides of no multiple of a tile or a word, and a tile of two different sides. */
const small = (gradient: Gradient, tile: Partial<DesignInput["tile"]> = {}): DesignInput => ({
  name: "small",
  network: { layers: [21, 13, 5], activation: "tanh", loss: "softmax-cross-entropy" },
  tile: { rows: 8, cols: 6, columnsPerAdc: 2, ...tile },
  device: { preset: "ideal-100" },
  gradient: { method: "sgd", lanes: 4, ...gradient },
  training: { batch: 7, learningRate: 0.4 },
});

const designs: Readonly<Record<string, DesignInput>> = {
  ...presets,
  sgd: small({ method: "sgd" }),
  mbgd: small({ method: "mbgd" }),
  "sgd by coincidence": small({ method: "sgd", programming: "coincidence" }),
  "sgd by coincidence, tiles of odd sides": small(
    { method: "sgd", programming: "coincidence", lanes: 1 },
    { rows: 5, cols: 9, columnsPerAdc: 1 },
  ),
  "squared error, one layer": {
    ...small({ method: "mbgd" }),
    network: { layers: [9, 3], activation: "sigmoid", loss: "squared-error" },
  },
  "nmf of 1 slot": small({ method: "nmf", subBatch: 1 }),
  "nmf of 5 slots, wide errors": small({ method: "nmf", subBatch: 5, factorBits: 9 }, { errorBits: 12 }),
  "nmf behind more columns than it has": small({ method: "nmf", rank: 2, frontEnd: "lrt", frontEndRank: 5 }),
  "factors of 16 bits": small({ method: "lrt", factorBits: 16 }),
  "factors of 6 bits": small({ method: "sbpca", factorBits: 6 }, { inputBits: 3, errorBits: 4 }),
};
for (const rank of [1, 4])
  for (const [name, gradient] of Object.entries<Gradient>({
    sbpca: { method: "sbpca" },
    lrt: { method: "lrt", update: "rank-seq" },
    nmf: { method: "nmf" },
    "nmf-sbpca": { method: "nmf", frontEnd: "sbpca", update: "rank-seq" },
    "nmf-lrt": { method: "nmf", frontEnd: "lrt" },
    "lrt by coincidence": { method: "lrt", update: "rank-seq", programming: "coincidence" },
    "nmf by coincidence": { method: "nmf", update: "rank-seq", programming: "coincidence" },
  }))
    Object.assign(designs, { [`${name}, rank ${rank}`]: small({ rank, ...gradient }) });

const readBack = async (input: DesignInput) => {
  const { ir } = prepareMachine(validateDesign(input, input.name));
  return { listed: ir.memories, found: memoriesOf(await netlistOf(emitRtl(ir))) };
};

describe("the list of memories is what the Verilog has", () => {
  it.each(Object.entries(designs))("in %s", async (_, input) => {
    const { listed, found } = await readBack(input);
    expect(listed.length).toBeGreaterThan(5);
    expect(differences(listed, found)).toEqual([]);
  });
});

it("a memory that only one of them has, or of another size, is named", async () => {
  const { listed, found } = await readBack(small({ method: "sbpca", rank: 1 }));
  const [first, ...rest] = found;
  expect(differences(listed, rest)[0]).toMatch(/^only in the list: layer 0: \w+: \d+ words of \d+ bits/);
  expect(differences(listed, [{ ...first, words: first.words + 1 }, ...rest])).toHaveLength(2);
  expect(differences(listed, [...found, first])).toHaveLength(1);
});
