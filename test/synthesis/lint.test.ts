/** The generated Verilog says nothing to any tool: Verilator, Icarus Verilog, Yosys. Every unit but the two macros
 *  synthesizes, without latches, and what is meant as a memory is a memory. */
import { describe, expect, it } from "vitest";
import { presets } from "../../generator/design/presets.ts";
import { type DesignInput, validateDesign } from "../../generator/design/schema.ts";
import type { Ir, MemoryIr } from "../../generator/ir/ir.ts";
import { emitRtl } from "../../generator/rtl/emit.ts";
import { prepareMachine } from "../../prepare/machine.ts";
import { portsOf } from "../../verify/leaf.ts";
import { icarusLint, inFolder, lint, verilatorLint } from "../../verify/lint.ts";
import { cellsOf, logicOf, moduleName, synthesise } from "./yosys.ts";

function generate(input: DesignInput): { ir: Ir; rtl: Map<string, string> } {
  const { ir } = prepareMachine(validateDesign(input, input.name));
  return { ir, rtl: emitRtl(ir) };
}

/** Ways of reading that change the hardware. */
const tiles: readonly Partial<DesignInput["tile"]>[] = [
  { adcBits: 5 },
  { adcBits: "lossless", inputBits: 5, errorBits: 12 },
  { adcBits: 3, rangeStart: "finest", readCycles: 3, errorBits: 3 },
  { adcBits: 6, adcRange: "fixed", inputBits: 2, errorBits: 5 },
];

/** Every activation with half of the methods, roundings and losses: each two of these three still meet in all ways, and
 *  each activation meets every tile. */
const matrix: DesignInput[] = [];
for (const activation of ["relu", "sigmoid", "tanh"] as const)
  for (const [method, rounding, loss] of [
    ["sgd", "stochastic", "squared-error"],
    ["sgd", "nearest", "softmax-cross-entropy"],
    ["mbgd", "stochastic", "softmax-cross-entropy"],
    ["mbgd", "nearest", "squared-error"],
  ] as const)
    matrix.push({
      name: `${activation}-${method}-${rounding}-${loss}`,
      network: { layers: [13, 9, 5], activation, loss },
      tile: { rows: 8, cols: 6, columnsPerAdc: 2, ...tiles[(matrix.length + Math.floor(matrix.length / 4)) % 4] },
      device: { preset: "ideal-60" },
      gradient: { method, rounding, lanes: 4 },
      training: { batch: 3, learningRate: 2 },
    });

/** Low-rank gradients: all methods, both updates and roundings. */
for (const gradient of [
  { method: "sbpca", update: "rank-sum", rounding: "stochastic", rank: 3 },
  { method: "lrt", update: "rank-seq", rounding: "nearest", rank: 2 },
  { method: "nmf", update: "rank-sum", rounding: "stochastic", rank: 2, subBatch: 3, factorBits: 9 },
  { method: "nmf", update: "rank-seq", rounding: "nearest", rank: 1, frontEnd: "sbpca", frontEndRank: 3 },
] as const)
  matrix.push({
    name: `${gradient.method}-${gradient.update}-${gradient.rounding}`,
    network: { layers: [13, 9, 5], activation: "relu", loss: "softmax-cross-entropy" },
    tile: { rows: 8, cols: 6, columnsPerAdc: 2 },
    device: { preset: "ideal-60" },
    gradient: { lanes: 4, ...gradient },
    training: { batch: 3, learningRate: 2 },
  });

/** Pulses that meet in the cells: of a sample, and of outer products; tiles of even and odd sides. */
for (const [gradient, activation, tile] of [
  [{ method: "sgd" }, "tanh", { rows: 8, cols: 6, columnsPerAdc: 2 }],
  [{ method: "sgd", pulseTrain: 1023, lanes: 1 }, "sigmoid", { rows: 5, cols: 9, columnsPerAdc: 1 }],
  [{ method: "lrt", rank: 2, update: "rank-seq" }, "relu", { rows: 8, cols: 6, columnsPerAdc: 2 }],
  [{ method: "nmf", rank: 1, subBatch: 2, update: "rank-seq" }, "relu", { rows: 8, cols: 6, columnsPerAdc: 2 }],
] as const)
  matrix.push({
    name: `coincidence-${gradient.method}-${activation}`,
    network: { layers: [13, 9, 5], activation, loss: "softmax-cross-entropy" },
    tile,
    device: { preset: "ideal-60", pulseCycles: 2 },
    gradient: { lanes: 4, ...gradient, programming: "coincidence" },
    training: { batch: 3, learningRate: 2 },
  });

/** Every width at its least: one neuron, one bit, one pulse, one cycle. */
const smallest: DesignInput = {
  name: "smallest",
  network: { layers: [1, 1], activation: "relu", loss: "softmax-cross-entropy" },
  tile: { rows: 4, cols: 4, columnsPerAdc: 4, inputBits: 1, errorBits: 3, adcBits: 3 },
  device: { preset: "ideal-2" },
  gradient: { method: "sgd", lanes: 1, maxPulses: 1 },
  training: { batch: 1, learningRate: 1 },
};

const smallestTrains: DesignInput = {
  ...smallest,
  name: "smallest-trains",
  gradient: { method: "sgd", lanes: 1, programming: "coincidence", pulseTrain: 1 },
};

/** All layers there may be, and wide formats. */
const deepest: DesignInput = {
  name: "deepest",
  network: { layers: [3, 3, 3, 3, 3, 3, 3, 3, 3], activation: "tanh", loss: "squared-error" },
  tile: { rows: 4, cols: 4, columnsPerAdc: 1, errorBits: 12, adcBits: 14, readCycles: 64 },
  device: { preset: "ideal-1000", pulseCycles: 1024 },
  gradient: { method: "mbgd", lanes: 1024, maxPulses: 255, accumulatorBits: 40 },
  training: { batch: 64, learningRate: 1 },
};

const NO_LATCH = "select -assert-none t:$dlatch t:$adlatch t:$dlatchsr t:$sr";
const CHECK = `hierarchy -check -top rankloom; proc -norom; check -assert; ${NO_LATCH}; select -assert-none t:$mem*`;

const isStub = (name: string) => name === "macros_blackbox.v";

/** What any tool must say of a module that is empty. */
const EMPTY_MODULE = /^%Warning-(UNUSEDPARAM|UNUSEDSIGNAL|UNDRIVEN|DECLFILENAME): macros_blackbox\.v:|^%Error: Exiting/;

describe("Verilator and Icarus Verilog have nothing to say", () => {
  for (const input of [...Object.values(presets), ...matrix, smallest, smallestTrains, deepest])
    it(`of ${input.name}`, async () => {
      expect(await lint(generate(input).rtl)).toBe("");
    });

  for (const input of [presets.tiny, presets["sensor-mlp"], matrix[0], smallestTrains])
    it(`of ${input.name} with blackboxes for its macros, but that they are empty`, async () => {
      const { rtl } = generate(input);
      const sources = [...rtl.keys()].filter((name) => isStub(name) || logicOf(rtl).includes(name));
      await inFolder(rtl, async (folder) => {
        const messages = (await verilatorLint(folder, sources)).split("\n").filter((line) => line.startsWith("%"));
        expect(messages.filter((line) => !EMPTY_MODULE.test(line))).toEqual([]);
        expect(await icarusLint(folder, sources)).toBe("");
      });
    });
});

describe.each([presets.tiny, smallestTrains])("a blackbox of $name", (input) => {
  const { rtl } = generate(input);
  const stubs = rtl.get("macros_blackbox.v")?.split(/^(?=\(\* blackbox)/m) ?? [];
  it.each(["crossbar_macro", "sram_1r1w"])("%s has the ports and parameters of the macro's model", (name) => {
    const model = rtl.get(`rtl/${name}.v`) ?? "";
    const stub = stubs.find((text) => text.includes(`module ${name} `)) ?? "";
    const parameters = (text: string) =>
      [...text.matchAll(/^ +parameter +(\w+) += ([^,\n]+)/gm)].map((m) => m.slice(1));
    expect(parameters(model).length).toBeGreaterThan(2);
    expect(parameters(stub)).toEqual(parameters(model));
    expect(portsOf(model, {}).length).toBeGreaterThan(6);
    expect(portsOf(stub, {})).toEqual(portsOf(model, {}));
  });
});

describe("Yosys finds no fault, no latch and no memory outside the macros", () => {
  for (const input of [
    presets["sensor-mlp"],
    presets["mnist-small"],
    presets["mnist-mlp"],
    ...matrix,
    smallest,
    smallestTrains,
  ])
    it(`in ${input.name}`, async () => {
      const { messages } = await synthesise(generate(input).rtl, CHECK);
      expect(messages).toBe("");
    });

  it("in tiny, each of whose units becomes gates", async () => {
    const { rtl } = generate(presets.tiny);
    const { messages, netlist } = await synthesise(
      rtl,
      `${CHECK}; synth -top rankloom -run coarse:fine; write_json netlist.json; techmap; ` +
        "select -assert-none t:$* t:$_*_ %d t:$paramod* %d; select -assert-none t:$_DLATCH* t:$_SR*",
    );
    expect(messages).toBe("");
    const units = new Set(Object.keys(netlist).map(moduleName));
    for (const file of logicOf(rtl)) expect(units).toContain(file.replace(/^rtl\/|\.v$/g, ""));
  });
});

describe("memories", () => {
  const FLIP_FLOP = /^\$(a|s|al)?dff/;

  type Gradient = Pick<DesignInput["gradient"], "method" | "programming">;

  const machine = (scale: number, { method, programming }: Gradient): DesignInput => ({
    name: "memories",
    network: {
      layers: [16 * scale, 16 * scale, 8 * scale],
      activation: "relu",
      loss: method === "sgd" ? "squared-error" : "softmax-cross-entropy",
    },
    tile: { rows: 16 * scale, cols: 16 * scale, columnsPerAdc: 4 * scale },
    device: { preset: "ideal-100" },
    gradient: { method, programming, lanes: 4 },
    training: { batch: 8, learningRate: 0.2 },
  });

  async function census(input: DesignInput) {
    const { ir, rtl } = generate(input);
    const { messages, netlist } = await synthesise(rtl, `${CHECK}; opt; write_json netlist.json`);
    expect(messages).toBe("");
    const cells = [...cellsOf(netlist, "rankloom")];
    const width = (cell: (typeof cells)[number]) => (FLIP_FLOP.test(cell.type) ? cell.width : 0);
    return {
      srams: ir.memories.filter((m) => m.kind === "sram"),
      latches: ir.memories.filter((m) => m.kind === "registers").reduce((sum, m) => sum + m.bits, 0),
      macros: cells.filter((c) => moduleName(c.type) === "sram_1r1w").map((c) => c.path.replace("error_scaler.", "")),
      flipFlops: cells.reduce((sum, cell) => sum + width(cell), 0),
      atTiles: cells.filter((c) => /\.(programmer|driver)\./.test(c.path)).reduce((sum, cell) => sum + width(cell), 0),
    };
  }

  const path = ({ layer, name }: MemoryIr) => (layer === null ? `error_unit.${name}` : `layer_${layer}.${name}`);

  for (const gradient of [
    { method: "sgd", programming: "row", scale: 8 },
    { method: "mbgd", programming: "row", scale: 8 },
    // The edges' latches take Yosys long.
    { method: "sgd", programming: "coincidence", scale: 4 },
  ] as const)
    it(`are macros, however large: flip-flops do not grow with the vectors (${gradient.method} by ${gradient.programming})`, async () => {
      const [small, large] = [await census(machine(1, gradient)), await census(machine(gradient.scale, gradient))];
      for (const { srams, latches, macros, atTiles } of [small, large]) {
        expect(macros.toSorted()).toEqual(srams.map(path).toSorted());
        expect(atTiles).toBe(latches);
      }
      // Counters and addresses get a few bits more each; all of them together less than any one memory's growth.
      const growth = large.flipFlops - large.latches - (small.flipFlops - small.latches);
      const least = Math.min(...large.srams.map((memory, k) => memory.bits - small.srams[k].bits));
      expect(growth).toBeGreaterThan(0);
      expect(growth).toBeLessThan(least);
    });
});
