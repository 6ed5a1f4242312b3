/** `rankloom memory`: sums that add up, the yardstick by its formulas, and the page that shows them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT, type Run, rankloom, temporaryFolder } from "./rankloom.ts";

interface Row {
  method: string;
  rank: number | null;
  gradient: number;
  all: number;
  timesSmaller: number | null;
  yardstick: { words: number; bits: number };
  beyond: Record<string, number>;
  memories: { name: string; layer: number | null; bits: number; gradient: boolean }[];
  tableBits: Record<string, number>;
  layers: { layer: number; yardstick: { words: number; bits: number } }[];
}

const total = (numbers: readonly number[]) => numbers.reduce((sum, n) => sum + n, 0);

async function rowsOf(args: readonly string[]): Promise<Row[]> {
  const { code, stdout } = await rankloom(["memory", ...args, "--json", "-"]);
  expect(code).toBe(0);
  return JSON.parse(stdout).rows;
}

/** Words of a layer of a inputs and b outputs, of rank k; K and s as the design has them if it does not say. */
const WORDS: Record<string, (a: number, b: number, k: number) => number> = {
  sgd: () => 0,
  mbgd: (a, b) => a * b,
  sbpca: (a, b, k) => k * (a + b + 1),
  nmf: (a, b, k) => 2 * k * (a + b) + 8 * (a + b),
  "nmf-sbpca": (a, b, k) => 2 * k * (a + b) + 2 * k * (a + b + 1),
  "nmf-lrt": (a, b, k) => 2 * k * (a + b) + 2 * k * (a + b + 1),
  lrt: (a, b, k) => (k + 1) * (a + b) + k,
};

describe("the report", () => {
  it("has every method and rank, and its sums add up", async () => {
    const rows = await rowsOf(["tiny", "--ranks", "1,2"]);
    expect(rows.map(({ method, rank }) => `${method} ${rank}`)).toEqual(
      Object.keys(WORDS).flatMap((m) => (m === "sgd" || m === "mbgd" ? [`${m} null`] : [`${m} 1`, `${m} 2`])),
    );
    const full = rows.find((row) => row.method === "mbgd")?.gradient ?? 0;
    // 16 · 12 + 12 · 4 words: 8 bits of an input, 16 of an error, 3 for a batch of 8.
    expect(full).toBe(240 * 27);
    for (const row of rows) {
      expect(row.gradient).toBe(row.yardstick.bits + total(Object.values(row.beyond)));
      expect(row.gradient).toBe(total(row.memories.filter((m) => m.gradient).map((m) => m.bits)));
      expect(row.all).toBe(total(row.memories.map((m) => m.bits)));
      expect(row.timesSmaller).toBe(row.gradient === 0 ? null : full / row.gradient);
      expect(row.layers.map((l) => l.yardstick.words)).toEqual(
        [
          [16, 12],
          [12, 4],
        ].map(([a, b]) => WORDS[row.method](a, b, row.rank ?? 0)),
      );
    }
  });

  it("gives words the length that the hardware gives them", async () => {
    const set = ["--set", "gradient.method=lrt", "--set", "gradient.factorBits=9", "--set", "tile.errorBits=6"];
    const [nmf, lrt] = await rowsOf(["tiny", "--methods", "nmf,lrt", "--ranks", "2", ...set]);
    expect(lrt.yardstick.bits).toBe(3 * (28 + 16) * 9 + 2 * 2 * 32);
    // The factors of another method than the design's are as long as always.
    expect(nmf.yardstick.bits).toBe(4 * (28 + 16) * 12 + 8 * ((16 + 12) * 8 + (12 + 4) * 6));
  });

  it("has the update of the design", async () => {
    const set = ["gradient.method=lrt", "gradient.update=rank-seq", "gradient.programming=coincidence"];
    const rows = await rowsOf([
      ...["tiny", "--methods", "sbpca,nmf,lrt", "--ranks", "1"],
      ...set.flatMap((s) => ["--set", s]),
    ]);
    for (const { memories } of rows)
      expect(memories.map((m) => m.name)).toEqual(expect.arrayContaining(["row_thresholds", "column_lfsrs"]));
  });
});

describe("bad input is refused in one line", () => {
  const expectOneLine = ({ code, stderr, stdout }: Run, exitCode: number, text: RegExp) => {
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(text);
    expect(stdout).not.toContain("yardstick");
    expect(code).toBe(exitCode);
  };

  it.each([
    [["zebra"], 2, /^zebra: no such preset or file/],
    [["tiny", "--methods", "svd"], 2, /^--methods: "svd" is not allowed; use one or more of sgd, mbgd, /],
    [["tiny", "--ranks", "0"], 2, /^--ranks: "0" is not allowed; use a whole number from 1 to 16/],
    [["tiny", "--set", "device.preset=ideal"], 2, /^tiny: device\.preset: .*use ideal-N/],
    [["tiny", "--json", "/nowhere/m.json"], 3, /^\/nowhere\/m\.json: cannot be written/],
  ] as const)("%s", async (args, exitCode, text) => {
    expectOneLine(await rankloom(["memory", ...args]), exitCode, text);
  });

  it("no Verilator", async () => {
    const env = { ...process.env, PATH: temporaryFolder() };
    expectOneLine(await rankloom(["memory", "tiny"], { env }), 3, /^verilator was not found; install it with/);
  });
});

describe("docs/memory.md", () => {
  const page = readFileSync(join(ROOT, "docs/memory.md"), "utf8");
  const commands = [...page.matchAll(/^npx rankloom (memory .+)$/gm)].map(([, words]) => words.split(" "));

  it("shows what its first command prints", async () => {
    const { code, stdout } = await rankloom(commands[0]);
    expect(code).toBe(0);
    const [, shown] = /^```text\n(.+?)^```$/ms.exec(page) ?? [];
    expect(stdout.slice(stdout.indexOf("bits, of all layers"))).toBe(shown);
  });

  it("has a command that lists every memory of every layer", async () => {
    const cwd = temporaryFolder();
    const { code, stdout } = await rankloom(commands[1], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^lrt, rank 2$/m);
    const { rows } = JSON.parse(readFileSync(join(cwd, "memory.json"), "utf8")) as { rows: Row[] };
    for (const { memories } of rows)
      for (const { name, layer } of memories)
        expect(stdout).toMatch(new RegExp(`^ {2}${name} +${layer === null ? "" : `layer ${layer} `}`, "m"));
  });

  it("has its command in the README", () => {
    const readme = readFileSync(join(ROOT, "README.md"), "utf8");
    expect(readme).toMatch(/^npx rankloom memory mnist-mlp /m);
  });
});
