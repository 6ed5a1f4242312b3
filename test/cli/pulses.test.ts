/** `rankloom pulses`: the table alone takes the cells from their first conductances to their last. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadDesign } from "../../generator/design/load.ts";
import type { Ir, LayerIr } from "../../generator/ir/ir.ts";
import { columnLines, lineOf, rowLines } from "../../generator/ir/lines.ts";
import { prepareMachine } from "../../prepare/machine.ts";
import { stateHash } from "../../sim/state.ts";
import { rankloom, temporaryFolder } from "./rankloom.ts";

/** Where each line of a tile's cells is in the layer, [tile][row][column] → cell. */
function cellsOf(layer: LayerIr): Map<string, number> {
  const cells = new Map<string, number>();
  for (let i = 0; i < layer.inputs; i++)
    for (let j = 0; j < layer.outputs; j++) {
      const [row, column] = [lineOf(rowLines(layer), i), lineOf(columnLines(layer), j)];
      cells.set(`${row.tile * layer.colTiles + column.tile},${row.line},${column.line}`, i * layer.outputs + j);
    }
  expect(cells.size).toBe(layer.inputs * layer.outputs);
  return cells;
}

/** Applies a table to a design's first conductances. */
function replay(ir: Ir, conductances: readonly Uint16Array[], csv: string): Uint16Array[] {
  const cells = conductances.map((g) => g.slice());
  const places = ir.layers.map(cellsOf);
  const { full, unitsPerPulse } = ir.cell;
  let last = 0;
  for (const line of csv.trim().split("\n").slice(1)) {
    const [, cycle, l, tile, row, column, half, direction, count] = line.split(",");
    const { inputs, outputs } = ir.layers[Number(l)];
    const at = places[Number(l)].get(`${tile},${row},${column}`) ?? Number.NaN;
    const k = at + (half === "minus" ? inputs * outputs : 0);
    const change = (direction === "set" ? 1 : -1) * Number(count) * unitsPerPulse;
    cells[Number(l)][k] = Math.min(full, Math.max(0, cells[Number(l)][k] + change));
    if (l === "0") {
      expect(Number(cycle)).toBeGreaterThanOrEqual(last);
      last = Number(cycle);
    }
  }
  return cells;
}

describe("a pulse program", () => {
  it.each([
    ["mbgd", []],
    ["sgd", ["gradient.method=sgd"]],
    ["lrt, rank-seq", ["gradient.method=lrt", "gradient.update=rank-seq"]],
    ["by coincidence", ["gradient.method=sgd", "gradient.programming=coincidence"]],
    ["of pairs", ["tile.encoding=differential", "training.learningRate=0.05"]],
  ])("%s makes the state that the training ends in", async (_, sets) => {
    const file = join(temporaryFolder(), "pulses.csv");
    const changes = sets.flatMap((set) => ["--set", set]);
    const run = await rankloom(["pulses", "tiny", ...changes, "--batches", "0:2", "--out", file, "--json", "-"]);
    expect(run.code).toBe(0);
    const { ir, conductances } = prepareMachine(loadDesign("tiny", sets).design);
    const cells = replay(ir, conductances, readFileSync(file, "utf8"));
    expect(stateHash(cells)).toBe(JSON.parse(run.stdout).stateHash);
    expect(stateHash(cells)).not.toBe(stateHash(conductances));
  });

  it("may begin late: its rows are the last ones of the longer program", async () => {
    const folder = temporaryFolder();
    const write = async (batches: string) => {
      const file = join(folder, `${batches.replace(":", "-")}.csv`);
      await rankloom(["pulses", "tiny", "--batches", batches, "--out", file]);
      return readFileSync(file, "utf8").trim().split("\n").slice(1);
    };
    const [all, late] = [await write("0:3"), await write("2:3")];
    expect(late.length).toBeGreaterThan(0);
    expect(all.slice(-late.length)).toEqual(late);
    expect(all.slice(0, -late.length).every((line) => Number(line.split(",")[0]) < 2)).toBe(true);
  });

  it("is a Parquet file where its name says so", async () => {
    const file = join(temporaryFolder(), "p.parquet");
    expect((await rankloom(["pulses", "tiny", "--out", file])).code).toBe(0);
    expect(readFileSync(file).subarray(0, 4).toString()).toBe("PAR1");
  });

  it.each([
    [["--batches", "3:1", "--out", "p.csv"], /^--batches: "3:1" is not allowed; use FROM:TO/],
    [["--out", "p.txt"], /--out: "p\.txt" is no table; use a name that ends in \.parquet or \.csv/],
    [["--out", "nosuch/p.csv"], /--out nosuch\/p\.csv: its folder does not exist; make it/],
    [[], /--out: missing; give the table's name/],
  ])("is refused with %j", async (options, message) => {
    const { code, stderr } = await rankloom(["pulses", "tiny", ...options]);
    expect(code).toBeGreaterThanOrEqual(2);
    expect(stderr).toMatch(message);
    expect(stderr.trim()).not.toContain("\n");
  });
});
