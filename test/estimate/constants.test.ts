/** Constants: each with a source; the user's file over them; warnings outside their ranges. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fc, it as prop } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { loadConstants } from "../../estimate/constants.ts";
import { temporaryFolder } from "../cli/rankloom.ts";
import { estimateOf, machine } from "./machines.ts";

const file = JSON.parse(readFileSync(new URL("../../estimate/data/constants.json", import.meta.url), "utf8"));

function fileOf(content: unknown): string {
  const path = join(temporaryFolder(), "mine.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

describe("a constant", () => {
  it.each(Object.entries<{ source: string }>(file.constants))("%s says where it is from", (_, { source }) => {
    expect(source).toMatch(/^(assumption: |choice)|\d{4}|NeuroSim|github/);
  });

  prop.prop([fc.double({ min: 7, max: 180, noNaN: true })])(
    "of a table lies between those of its neighbours",
    (node) => {
      const points: { nodeNm: number; value: number }[] = file.tables["sram.cellArea"].points;
      const { value } = loadConstants().at("sram.cellArea", node);
      const below = points.filter((p) => p.nodeNm <= node).map((p) => p.value);
      const above = points.filter((p) => p.nodeNm >= node).map((p) => p.value);
      expect(value).toBeGreaterThanOrEqual(Math.max(...below) * (1 - 1e-12));
      expect(value).toBeLessThanOrEqual(Math.min(...above) * (1 + 1e-12));
    },
  );
});

describe("a file of the user's", () => {
  it("stands for the project's constant, and says so", () => {
    const own = loadConstants(fileOf({ constants: { "cell.endurance": 2e9 } }));
    const [mine, theirs] = [estimateOf(machine(), { constants: own }), estimateOf(machine())];
    expect(mine.endurance.years.value).toBe(2 * theirs.endurance.years.value);
    expect(mine.endurance.years.constants.find(({ name }) => name === "cell.endurance")?.source).toMatch(
      /the user's file/,
    );
  });

  it("may give a table of one node", () => {
    const table = { points: [{ nodeNm: 45, value: 1.596, source: "mine" }] };
    const own = loadConstants(fileOf({ tables: { "digital.nand2Area": table } }));
    const gates = (constants?: typeof own) => estimateOf(machine(), { constants }).area.byUnit.update_unit.value;
    expect(gates(own) / gates()).toBeCloseTo(2, 6);
  });

  it.each([
    ["{", /mine\.json: is no JSON \(.*\); give a JSON file of constants$/],
    [
      { constants: { "cell.endurence": 1 } },
      /mine\.json: cell\.endurence: no such constant; use one of .*cell\.endurance/,
    ],
    [{ constants: { "cell.endurance": "much" } }, /mine\.json: constants\.cell\.endurance: .*; use \{"constants"/],
    [{ constant: {} }, /mine\.json: the file: .*constant.*; use/],
    [{ tables: { "sram.cellArea": { points: [] } } }, /mine\.json: tables\.sram\.cellArea\.points: .*; use/],
  ])("%j is refused in one line", (content, message) => {
    const load = () => loadConstants(fileOf(content));
    expect(load).toThrow(message);
    try {
      load();
    } catch (error) {
      expect((error as Error).message).not.toContain("\n");
      expect((error as { exitCode: number }).exitCode).toBe(2);
    }
  });

  it("that is not there is refused", () => {
    expect(() => loadConstants("/nowhere/mine.json")).toThrow(
      "/nowhere/mine.json: cannot be read; give a JSON file of constants",
    );
  });
});

describe("outside its range", () => {
  it("a constant is used with a warning that says where", () => {
    const known = ["digital.nand2Area", "sram.cellArea", "digital.fo4PerNode"];
    const inside = estimateOf(machine(), { nodeNm: 45 }).warnings;
    for (const name of known) expect(inside.join()).not.toContain(name);
    const outside = estimateOf(machine(), { nodeNm: 3 }).warnings;
    for (const name of known)
      expect(outside).toContainEqual(
        expect.stringMatching(new RegExp(`^${name}: used at nodeNm = 3, outside its range of`)),
      );
  });

  it("a clock that the slowest path does not allow is warned of", () => {
    expect(estimateOf(machine(), { clockMhz: 5000 }).warnings).toContainEqual(
      expect.stringMatching(/^--clock 5000: above the [\d.]+ MHz/),
    );
    expect(estimateOf(machine(), { clockMhz: 1 }).warnings.join()).not.toContain("--clock");
  });

  it("pulses and reads that the clock cuts short are warned of", () => {
    const cut = estimateOf(machine(["device.preset=ag-a-si"])).warnings.join();
    expect(cut).toMatch(/device\.pulseCycles: 1 cycles are .* the device's pulse takes 3\.00e\+5 ns; use at least \d+/);
    expect(estimateOf(machine(), { clockMhz: 10 }).warnings.join()).not.toContain("pulseCycles");
  });
});
