/** A result is computed again where the data or a part of the program has changed, and the earlier one stays. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Store } from "../../sweep/store.ts";
import { node, rankloom, temporaryFolder } from "../cli/rankloom.ts";
import { copyOf } from "./copy.ts";

/** Samples of two classes. */
const table = (seed: number): string =>
  [
    "a,b,c,d,label",
    ...Array.from({ length: 40 }, (_, n) => [...[3, 5, 7, 11].map((k) => (n * k + seed * (n % k)) % 17), n % 2].join()),
    "",
  ].join("\n");

const SETS = ["network.layers=[4,3,2]", "training.batch=8"];
const AMOUNTS = { samples: 16, testSamples: 8 };

/** A sweep of one task and a comparison of one training, in a folder of their own.
 *  @param program the command's first module; this tree's if left out */
function place(program?: string) {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, "d.csv"), table(1));
  const set = { "network.layers": [4, 3, 2], "training.batch": 8 };
  const sweep = { name: "s", design: "tiny", data: "d.csv", set, axes: { "training.seed": [1] } };
  writeFileSync(join(cwd, "s.json"), JSON.stringify({ ...sweep, work: { kind: "train", ...AMOUNTS } }));
  const run = (args: string[]) => (program === undefined ? rankloom(args, { cwd }) : node([program, ...args], { cwd }));
  const store = new Store(join(cwd, "out/sweeps/s"));
  return {
    ...{ cwd, store },
    sweep: async (...args: string[]) => run(["sweep", "s.json", "--jobs", "1", ...args]),
    compare: async () => {
      const amounts = ["--samples", "16", "--test-samples", "8", "--data", "d.csv", "--methods", "mbgd"];
      const sets = SETS.flatMap((text) => ["--set", text]);
      const { code, stderr } = await run(["compare", "tiny", ...sets, ...amounts, "--json", "r.json"]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      const [{ stateHash }] = JSON.parse(readFileSync(join(cwd, "r.json"), "utf8")).runs;
      const count = (folder: string) => readdirSync(join(cwd, folder)).length;
      return { stateHash, kept: count("out/tiny/compare"), runs: count("out/runs") };
    },
    states: () => [...store.finished()].map((hash) => store.result(hash).figures.stateHash),
  };
}

const CHANGED = (what: string) => new RegExp(`^s: the ${what} has changed since the kept results.*; they stay, `, "m");

describe("data that changes where it lies", () => {
  it("gives a sweep another result; both are kept, and each is found again", async () => {
    const { cwd, sweep, states } = place();
    expect((await sweep()).stdout).not.toMatch(/has changed/);
    const [first] = states();
    writeFileSync(join(cwd, "d.csv"), table(2));
    const resumed = await sweep("--resume");
    expect(resumed.stderr).toMatch(/^s: the data has changed since the sweep was planned \(.*d\.csv\); run it again /);
    expect(resumed.code).toBe(2);
    const second = await sweep();
    expect(second.stdout).toMatch(CHANGED("data"));
    expect(second.stdout).toMatch(/^1 of 1 tasks have a result/m);
    expect(new Set(states()).size).toBe(2);
    writeFileSync(join(cwd, "d.csv"), table(1));
    const third = await sweep();
    expect(third.stdout).toMatch(/^1 of 1 tasks have a result/m);
    expect(states()).toHaveLength(2);
    expect(states()).toContain(first);
  });

  it("gives a comparison another training and another run", async () => {
    const { cwd, compare } = place();
    const first = await compare();
    expect(await compare()).toEqual(first);
    writeFileSync(join(cwd, "d.csv"), table(2));
    const second = await compare();
    expect(second.stateHash).not.toBe(first.stateHash);
    expect([second.kept, second.runs]).toEqual([2, 2]);
  });
});

describe("a line of golden/ that changes", () => {
  /** Ranges that are found to be twice as large: other formats, and so another training. */
  const change = (root: string) => {
    const file = join(root, "golden/calibrate.ts");
    const text = readFileSync(file, "utf8");
    const changed = text.replace("  return result;\n", "  return 2 * result;\n");
    expect(changed).not.toBe(text);
    writeFileSync(file, changed);
  };

  it("makes a sweep and a comparison train again; what was kept stays", async () => {
    const root = copyOf("cli/rankloom.mjs");
    const { sweep, compare, states } = place(join(root, "cli/rankloom.mjs"));
    await sweep();
    const [state] = states();
    const first = await compare();
    change(root);
    const resumed = await sweep("--resume");
    expect(resumed.stderr).toMatch(/^s: the program has changed since the sweep was planned \(/);
    const second = await sweep();
    expect(second.stdout).toMatch(CHANGED("program"));
    expect(states()).toHaveLength(2);
    expect(new Set(states()).size).toBe(2);
    expect(states()).toContain(state);
    const compared = await compare();
    expect(compared.stateHash).not.toBe(first.stateHash);
    expect([compared.kept, compared.runs]).toEqual([2, 2]);
  });
});
