/** `rankloom compare`: every combination once, kept for the next time, in a table and as JSON. */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { combinations } from "../../cli/comparison.ts";
import { presets } from "../../generator/design/presets.ts";
import { validateDesign } from "../../generator/design/schema.ts";
import type { RecordOf } from "../../report/record.ts";
import { readRun } from "../../report/runs.ts";
import { rankloom, temporaryFolder } from "./rankloom.ts";

const tiny = validateDesign(presets.tiny, "tiny");
const choices = { methods: ["sgd", "mbgd", "sbpca", "lrt"], ranks: [1, 2], updates: ["rank-sum", "rank-seq"] };

describe("the combinations of a comparison", () => {
  it("have ranks and updates where the method has them", () => {
    const list = combinations(tiny, { ...choices, rates: [0.1, 0.2], seeds: [1] });
    const count = (method: string) => list.filter((c) => c.method === method).length;
    expect(["sgd", "mbgd", "sbpca", "lrt"].map(count)).toEqual([2, 2, 8, 8]);
    for (const { method, rank, update, learningRate, design } of list) {
      expect(design.gradient.method).toBe(method);
      expect(design.gradient.rank ?? null).toBe(rank);
      expect(design.gradient.update ?? null).toBe(update);
      expect(design.training.learningRate).toBe(learningRate);
    }
  });

  it("keep what the design says of its own method, and leave it out for others", () => {
    const base = validateDesign({ ...presets.tiny, gradient: { method: "lrt", unbiased: 0.5, lanes: 3 } }, "tiny");
    const [sbpca, lrt] = combinations(base, {
      methods: ["sbpca", "lrt"],
      ranks: [2],
      updates: ["rank-sum"],
      rates: [0.2],
      seeds: [1],
    });
    expect(lrt.design.gradient.unbiased).toBe(0.5);
    expect(sbpca.design.gradient.unbiased).toBeUndefined();
    expect(sbpca.design.gradient.lanes).toBe(3);
  });
});

describe("a comparison", () => {
  const args = ["compare", "tiny", "--methods", "mbgd,lrt", "--ranks", "1", "--updates", "rank-seq", "--samples", "64"];

  it("trains each combination once, and gives the same table again at once", async () => {
    const folder = temporaryFolder();
    const first = await rankloom([...args, "--json", "first.json"], { cwd: folder });
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/^ {2}mbgd .* %/m);
    expect(first.stdout).toMatch(/^ {2}lrt +1 +rank-seq .* %/m);
    const kept = readdirSync(join(folder, "out/tiny/compare"));
    expect(kept).toHaveLength(2);
    const second = await rankloom([...args, "--json", "second.json"], { cwd: folder });
    expect(second.code).toBe(0);
    const read = (name: string) => readFileSync(join(folder, name), "utf8");
    // The seconds of each run are the first's: nothing was trained again.
    expect(read("second.json")).toBe(read("first.json"));
    const { finished, of, runs } = JSON.parse(read("first.json"));
    expect([finished, of]).toEqual([2, 2]);
    expect(Object.keys(runs[0])).toEqual(
      expect.arrayContaining([
        "accuracy",
        "cyclesPerSample",
        "gradientBits",
        "pulsesPerCell",
        "saturations",
        "stateHash",
      ]),
    );
  });

  it("says in one line what a run says that fails", async () => {
    const folder = temporaryFolder();
    const { code, stderr } = await rankloom([...args, "--set", "training.batch=4096"], { cwd: folder });
    expect(code).toBe(2);
    expect(stderr.trim()).toMatch(/^tiny: training\.batch: 4096 samples are more than the 64 to train on/);
    expect(stderr.trim()).not.toContain("\n");
  });

  it("trains anew what was interrupted", async () => {
    const folder = temporaryFolder();
    const long = [...args, "--json", "r.json", "--samples", "6400"];
    let asked = false;
    const stopped = await rankloom(long, {
      cwd: folder,
      onOutput: (child, text) => {
        // A second one would end it at once.
        if (!asked && text.includes("0 of 2")) asked = child.kill("SIGINT");
      },
    });
    expect(stopped.code).toBe(130);
    const kept = join(folder, "out/tiny/compare");
    // Runs that were whole before the signal stay; of the others nothing does.
    for (const name of readdirSync(kept)) expect(readRun(join(kept, name)).record.kind).toBe("train");
    expect((await rankloom(long, { cwd: folder })).code).toBe(0);
    const hashes = () =>
      JSON.parse(readFileSync(join(folder, "r.json"), "utf8")).runs.map((run: { stateHash: string }) => run.stateHash);
    const once = hashes();
    expect(once).toHaveLength(2);
    const [run] = readdirSync(kept);
    rmSync(join(kept, run), { recursive: true });
    expect((await rankloom(long, { cwd: folder })).code).toBe(0);
    expect(hashes()).toEqual(once);
  });

  it("leaves each training as a run of its own, with its cells", async () => {
    const folder = temporaryFolder();
    await rankloom([...args, "--json", "r.json"], { cwd: folder });
    const { runs } = JSON.parse(readFileSync(join(folder, "r.json"), "utf8"));
    const kept = join(folder, "out/tiny/compare");
    const left = readdirSync(kept).map((name) => readRun(join(kept, name)));
    const [name] = readdirSync(join(folder, "out/runs"));
    const { cells } = readRun(join(folder, "out/runs", name));
    for (const [n, { stateHash }] of runs.entries()) {
      const own = left.find(({ record }) => (record as RecordOf<"train">).result.stateHash === stateHash);
      expect(cells[n]).toEqual(own?.cells[0]);
    }
    const [first] = readdirSync(kept);
    const report = await rankloom(["report", join("out/tiny/compare", first)], { cwd: folder });
    expect(report).toMatchObject({ code: 0, stderr: "" });
  });

  it.each([
    [
      ["--methods", "paint"],
      /^--methods: "paint" is not allowed; use one or more of sgd, mbgd, sbpca, nmf, nmf-sbpca, nmf-lrt, lrt$/,
    ],
    [["--ranks", "1,,2"], /^--ranks: "" is not allowed; use a whole number from 1 to 16$/],
    [["--rates", "0"], /^--rates: "0" is not allowed; use numbers above 0, up to 1024$/],
  ])("refuses %j", async (extra, line) => {
    const { code, stderr } = await rankloom(["compare", "tiny", ...extra]);
    expect(code).toBe(2);
    expect(stderr.trim()).toMatch(line);
  });
});
