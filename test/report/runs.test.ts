/** What runs leave behind, and what `rankloom report` finds of it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, it } from "vitest";
import { loadDesign } from "../../generator/design/load.ts";
import { runName } from "../../report/runs.ts";
import { rankloom, temporaryFolder } from "../cli/rankloom.ts";

const SMALL = ["train", "tiny", "--samples", "64", "--test-samples", "50"];

async function figuresOf(file: string): Promise<Record<string, unknown>[]> {
  const on = await (await DuckDBInstance.create(":memory:")).connect();
  const reader = await on.runAndReadAll(`from read_parquet('${file}')`);
  on.closeSync();
  return reader.getRowObjectsJson();
}

describe("a run", () => {
  it("leaves its result, its design and a tidy table, and the same again when it is repeated", async () => {
    const folder = temporaryFolder();
    const first = await rankloom([...SMALL, "--json", "r.json"], { cwd: folder });
    expect(first).toMatchObject({ code: 0, stderr: "" });
    const [name] = readdirSync(join(folder, "out/runs"));
    expect(name).toMatch(/^tiny-mbgd-train-[0-9a-f]{8}$/);
    const run = join(folder, "out/runs", name);
    const names = ["SHA256SUMS", "cells.json", "design.json", "run.json", "table.parquet"];
    expect(readdirSync(run).sort()).toEqual(names);
    const { result, command, versions } = JSON.parse(readFileSync(join(run, "run.json"), "utf8"));
    expect(result).toEqual(JSON.parse(readFileSync(join(folder, "r.json"), "utf8")));
    expect(command).toEqual([...SMALL, "--json", "r.json"]);
    expect(versions.node).toBe(process.versions.node);
    const figures = await figuresOf(join(run, "table.parquet"));
    expect(figures.filter(({ figure }) => figure === "accuracy")).toMatchObject([
      { method: "mbgd", rank: null, epoch: "1", value: result.accuracy.perEpoch[0] },
    ]);
    const memory = figures
      .filter(({ figure }) => figure === "memory")
      .reduce((sum, { value }) => sum + Number(value), 0);
    expect(memory).toBe(result.memory.total);

    const table = readFileSync(join(run, "table.parquet"));
    writeFileSync(join(run, "mine.txt"), "kept");
    await rankloom([...SMALL, "--json", "r.json"], { cwd: folder });
    expect(readdirSync(join(folder, "out/runs"))).toEqual([name]);
    expect(readdirSync(run).sort()).toEqual([...names, "mine.txt"].sort());
    expect(readFileSync(join(run, "table.parquet")).equals(table)).toBe(true);

    const page = await rankloom(["report"], { cwd: folder });
    expect(page).toMatchObject({ code: 0, stderr: "" });
    expect(page.stdout).toContain(join("out/runs", name, "report.html"));
    const pictures = await rankloom(["report", name, "--format", "svg", "--out", "pictures"], { cwd: folder });
    expect(pictures).toMatchObject({ code: 0, stderr: "" });
    const files = readdirSync(join(folder, "pictures"));
    expect(files).toContain("schedule-batch.svg");
    for (const file of files)
      expect(readFileSync(join(folder, "pictures", file), "utf8")).toMatch(/^<svg[\s\S]*<\/svg>\n?$/);
  });

  it("leaves nothing where it is told so", async () => {
    const folder = temporaryFolder();
    expect((await rankloom([...SMALL, "--no-out"], { cwd: folder })).code).toBe(0);
    expect(existsSync(join(folder, "out/runs"))).toBe(false);
  });

  it("goes into no folder that holds something else, before it begins", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "mine"));
    writeFileSync(join(folder, "mine/design.json"), "{}");
    const { code, stdout, stderr } = await rankloom([...SMALL, "--out", "mine"], { cwd: folder });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toBe("mine: holds files that no run left; give an empty or a new folder\n");
  });

  it("has a name that depends on what determines its result", () => {
    const named = (sets: string[], epochs: number) =>
      runName(
        { kind: "train", design: loadDesign("tiny", sets).design, settings: { epochs } },
        { module: new URL("../../cli/train.ts", import.meta.url).href },
      );
    const names = [named([], 1), named([], 2), named(["training.seed=2"], 1), named(["training.batch=16"], 1)];
    expect(new Set(names).size).toBe(4);
    expect(named([], 1)).toBe(names[0]);
    expect(named(["gradient.method=lrt", "gradient.rank=2"], 1)).toMatch(/^tiny-lrt-k2-train-/);
  });
});

describe("rankloom report", () => {
  it.each([
    [[], /^out\/runs: holds no run; train one first: npx rankloom train tiny, then npx rankloom report$/],
    [["zebra"], /^zebra: is neither a run nor a sweep; run rankloom train first$/],
    [["x.json"], /^x\.json: is neither a run nor an estimate; give what rankloom estimate --json wrote$/],
  ])("refuses %j in one line", async (args, line) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "x.json"), "{}");
    const { code, stdout, stderr } = await rankloom(["report", ...args], { cwd: folder });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr.trimEnd()).toMatch(line);
  });
});
