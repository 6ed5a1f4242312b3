/** `rankloom estimate`: one small design from its Verilog to its figures, and what is refused. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT, type Run, rankloom, temporaryFolder } from "./rankloom.ts";

interface Json {
  figures: Record<string, { value: number; unit: string; parts: string[] }>;
  breakdowns: Record<string, { total: string; byLayer: Record<string, string>; byUnit: Record<string, string> }>;
  warnings: string[];
  tool: string;
}

/** The smallest machine that has every kind of figure. */
const SETS = [
  ...["network.layers=[4,3,2]", "network.loss=squared-error", "tile.rows=4", "tile.cols=4", "tile.columnsPerAdc=2"],
  ...["tile.inputBits=2", "tile.errorBits=3", "gradient.lanes=2", "gradient.rounding=nearest", "gradient.method=sgd"],
  ...["training.learningRate=8"],
].flatMap((set) => ["--set", set]);

describe("the command", () => {
  it("gives every figure, with sums that are exact, and explains them", async () => {
    const file = join(temporaryFolder(), "estimate.json");
    const { code, stdout, stderr } = await rankloom(["estimate", "tiny", ...SETS, "--no-savings", "--json", file]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const line of ["gates", "area", "highest clock", "time of a sample", "energy of a sample", "endurance"])
      expect(stdout).toMatch(new RegExp(`^ +${line} +\\S`, "m"));
    const { figures, breakdowns, tool } = JSON.parse(readFileSync(file, "utf8")) as Json;
    expect(tool).toMatch(/yosys/i);
    for (const { total, byLayer, byUnit } of Object.values(breakdowns))
      for (const groups of [byLayer, byUnit])
        expect(Object.values(groups).reduce((sum, id) => sum + figures[id].value, 0)).toBe(figures[total].value);
    // 12 + 6 weights of the smallest formats still take registers, and the layers' units hold most of them.
    expect(figures["area.unit.update_unit"].value).toBeGreaterThan(0);
    expect(figures["clock.highest"].value).toBeGreaterThan(10);
    // Kept: the same again, at once, with its explanation.
    const again = await rankloom(["estimate", "tiny", ...SETS, "--no-savings", "--explain", "energy.sample"]);
    expect(again.stdout).toContain(`energy.sample = `);
    expect(again.stdout).toMatch(/driver|wire\.capacitance = 0\.2 fF\/um \[Ho, Mai, Horowitz/);
    const wrong = await rankloom(["estimate", "tiny", ...SETS, "--no-savings", "--explain", "area.nothing"]);
    expectOneLine(wrong, 2, /^--explain: "area\.nothing" is no figure; use area, /);
  });
});

const expectOneLine = ({ code, stderr }: Run, exitCode: number, text: RegExp) => {
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stderr).toMatch(text);
  expect(code).toBe(exitCode);
};

describe("bad input is refused in one line", () => {
  it.each([
    [["zebra"], 2, /^zebra: no such preset or file/],
    [["tiny", "--node", "0"], 2, /^--node: "0" is not allowed; use a whole number from 1 to 1000/],
    [["tiny", "--clock", "fast"], 2, /^--clock: "fast" is not allowed; use a number above 0/],
    [["tiny", "--liberty", "/nowhere.lib"], 3, /^--liberty \/nowhere\.lib: cannot be read; give a Liberty file/],
    [["tiny", "--constants", "/nowhere.json"], 3, /^\/nowhere\.json: cannot be read; give a JSON file of constants/],
    [["tiny", "--json", "/nowhere/e.json"], 3, /^\/nowhere\/e\.json: cannot be written/],
    [["tiny", "--set", "device.preset=ideal"], 2, /^tiny: device\.preset: .*use ideal-N/],
  ] as const)("%s", async (args, exitCode, text) => {
    expectOneLine(await rankloom(["estimate", ...args]), exitCode, text);
  });

  it("malformed files", async () => {
    const folder = temporaryFolder();
    const liberty = join(folder, "mine.lib");
    writeFileSync(liberty, "library (mine) { cell (A) {");
    expectOneLine(
      await rankloom(["estimate", "tiny", "--liberty", liberty]),
      2,
      /mine\.lib: line 1: \} of cell expected/,
    );
    const constants = join(folder, "mine.json");
    writeFileSync(constants, '{"constants": {"cell.ohm": 1}}');
    expectOneLine(
      await rankloom(["estimate", "tiny", "--constants", constants]),
      2,
      /cell\.ohm: no such constant; use one of/,
    );
  });
});

describe("docs/estimate.md", () => {
  const page = readFileSync(join(ROOT, "docs/estimate.md"), "utf8");

  it("names every constant and table that is an assumption", () => {
    const { constants } = JSON.parse(readFileSync(join(ROOT, "estimate/data/constants.json"), "utf8"));
    for (const [name, { source }] of Object.entries<{ source: string }>(constants))
      if (source.startsWith("assumption")) expect(page).toContain(`\`${name}\``);
  });

  it("has its command in the README", () => {
    expect(readFileSync(join(ROOT, "README.md"), "utf8")).toMatch(/^npx rankloom estimate mnist-mlp/m);
  });
});
