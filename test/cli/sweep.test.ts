/** `rankloom sweep` and `rankloom query`: each task once whatever happens, the same table each time, one line for each
 *  thing that is wrong. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Random } from "../../data/random.ts";
import { Store } from "../../sweep/store.ts";
import { childrenOf, kill } from "../sweep/faults.ts";
import { rankloom, temporaryFolder } from "./rankloom.ts";

const small = {
  name: "small",
  design: "tiny",
  axes: {
    "gradient.method": ["mbgd", "lrt"],
    "gradient.rank": { from: 1, to: 2, step: 1, when: "gradient.method = 'lrt'" },
    "training.seed": { from: 1, to: 4, step: 1 },
  },
  work: { kind: "train", samples: 64, testSamples: 64 },
};

/** A folder with a sweep file, and commands that run in it. */
function place(content: object = small) {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, "s.json"), JSON.stringify(content));
  const store = new Store(join(cwd, "out/sweeps/small"));
  return {
    ...{ cwd, store },
    sweep: (...args: string[]) => rankloom(["sweep", "s.json", ...args], { cwd }),
    query: async (...args: string[]) => {
      const { code, stdout, stderr } = await rankloom(["query", ...args, "--json", "-"], { cwd });
      expect(stderr.includes("rror") ? stderr : "").toBe("");
      expect(code).toBe(0);
      return JSON.parse(stdout);
    },
    table: () => readFileSync(store.path("results.parquet")),
  };
}

describe("a sweep", () => {
  it("runs each task once, and answers questions in SQL", async () => {
    const { sweep, query, store, table } = place();
    const first = await sweep("--jobs", "2");
    expect(first.stderr).toBe("");
    expect(first.stdout).toMatch(/^small: 12 tasks$/m);
    expect(first.stdout).toMatch(/^12 of 12 tasks have a result/m);
    expect(first.code).toBe(0);
    const times = () => [...store.finished()].map((hash) => store.result(hash).finished);
    const [before, bytes] = [times(), table()];
    const second = await sweep("--jobs", "1");
    expect(second.code).toBe(0);
    expect(times()).toEqual(before);
    expect(table().equals(bytes)).toBe(true);

    const rows = await query("select method, rank, count(*) as seeds from results group by all order by all");
    expect(rows).toEqual([
      { method: "lrt", rank: 1, seeds: 4 },
      { method: "lrt", rank: 2, seeds: 4 },
      { method: "mbgd", rank: null, seeds: 4 },
    ]);
    const [row] = await query("select * from results limit 1");
    expect(row).toMatchObject({ task: 0, work: "train", method: "mbgd", seed: 1, epochs: 1, samples: 64 });
    expect(row.accuracyPerEpoch).toEqual([row.accuracy]);
    for (const figure of ["cyclesPerSample", "memory", "gradientBits", "pulsesPerCell", "mostPulsesInACell", "seconds"])
      expect(row[figure]).toBeGreaterThan(0);
    // The same as the training by itself.
    const alone = await rankloom([
      "train",
      "tiny",
      "--samples",
      "64",
      "--test-samples",
      "64",
      "--seed",
      "1",
      "--json",
      "-",
    ]);
    const { accuracy, stateHash, memory } = JSON.parse(alone.stdout);
    expect(row).toMatchObject({
      accuracy: accuracy.test,
      stateHash,
      memory: memory.total,
      gradientBits: memory.gradient,
    });
    const front = await query("--pareto", "accuracy,memory");
    expect(front.length).toBeGreaterThan(0);
    expect(Object.keys(front[0])).toEqual(["task", "method", "rank", "seed", "accuracy", "memory"]);
  });

  it("goes on with what is left after whatever ends it: nothing lost, nothing twice, no half file, the same table", async () => {
    const content = { ...small, axes: { ...small.axes, "training.seed": { from: 1, to: 40, step: 1 } } };
    const quiet = place(content);
    expect((await quiet.sweep()).code).toBe(0);
    const shaken = place(content);
    const random = new Random(7);
    const times = new Map<string, string>();
    let code: number | null = null;
    for (let n = 0; code !== 0; n++) {
      const target = shaken.store.finished().size + 5 + random.below(25);
      let hit = false;
      const run = rankloom(["sweep", "s.json", ...(n % 2 === 1 ? ["--resume"] : [])], {
        cwd: shaken.cwd,
        onOutput: (child) => {
          if (hit || n >= 4) return;
          hit = true;
          const watch = setInterval(() => {
            if (shaken.store.finished().size < target && child.exitCode === null) return;
            clearInterval(watch);
            const tasks = childrenOf(child.pid as number);
            // One task's process, or the sweep itself.
            kill(n % 2 === 0 ? child.pid : tasks[random.below(tasks.length)]);
          }, 5);
        },
      });
      const end = await run;
      expect(end.stderr).toBe("");
      code = end.code;
      for (const hash of shaken.store.finished()) {
        const { finished } = shaken.store.result(hash);
        expect(times.get(hash) ?? finished).toBe(finished);
        times.set(hash, finished);
      }
    }
    expect(times.size).toBe(120);
    expect(shaken.table().equals(quiet.table())).toBe(true);
    shaken.store.tidy();
    expect(readdirSync(shaken.store.path("tmp"))).toEqual([]);
  });

  it("lists what failed with its reason and the command that repeats it, and runs the rest", async () => {
    const axes = { "training.batch": [8, 4096, 16], "training.seed": [1] };
    const { sweep, query, cwd, store } = place({ ...small, axes });
    const { code, stdout } = await sweep();
    expect(code).toBe(1);
    expect(stdout).toMatch(/^2 of 3 tasks have a result/m);
    const [, line, command] =
      /failed; --retry-failed runs them again:\n {2}(.*)\n {4}npx rankloom (.*)\n/.exec(stdout) ?? [];
    expect(line).toMatch(
      /^training\.batch=4096 training\.seed=1: tiny: training\.batch: 4096 samples are more than the 64/,
    );
    const again = await rankloom(command.split(" "), { cwd });
    expect(again.code).toBe(2);
    expect(again.stderr.trim()).toBe(line.replace(/^.*?: /, ""));
    expect(await query("select batch, reason from failures")).toEqual([{ batch: 4096, reason: again.stderr.trim() }]);
    const [{ finished }] = store.failures().values();
    await sweep("--resume");
    expect([...store.failures().values()][0].finished).toBe(finished);
    await sweep("--retry-failed");
    expect([...store.failures().values()][0].finished).not.toBe(finished);
  });

  it("--resume needs no sweep file, and a program that has changed is no longer the planned one", async () => {
    const { sweep, cwd, store } = place();
    await sweep();
    const hashes = [...store.finished()];
    rmSync(join(cwd, "s.json"));
    rmSync(store.path("results", hashes[0].slice(0, 2), `${hashes[0]}.json`));
    expect((await sweep("--resume")).code).toBe(0);
    expect(store.finished()).toEqual(new Set(hashes));
    const tasks = readFileSync(store.path("tasks.jsonl"), "utf8");
    writeFileSync(store.path("tasks.jsonl"), tasks.replaceAll(/"program":"[^"]*"/g, '"program":"0.0.1-old"'));
    const { code, stderr } = await sweep("--resume");
    expect(stderr.trim()).toMatch(
      /^small: the program has changed since the sweep was planned \(0\.0\.1-old, now .*\); run it again without --resume$/,
    );
    expect(code).toBe(2);
  });

  it("a dry run says how many tasks and how long, and keeps nothing", async () => {
    const { sweep, store } = place();
    const { code, stdout } = await sweep("--dry-run", "--pilot", "1", "--jobs", "2");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^small: 12 tasks\n\d+ of them measured: .* a task on average .*; all take .* of one core, .* on 2\n$/,
    );
    expect(existsSync(store.folder)).toBe(false);
  });

  it("answers while it runs", async () => {
    const content = { ...small, axes: { "training.seed": { from: 1, to: 300, step: 1 } } };
    const { cwd, query, store } = place(content);
    let rows: Promise<{ n: number }[]> | null = null;
    const { code } = await rankloom(["sweep", "s.json"], {
      cwd,
      onOutput: () => {
        if (store.exists() && store.finished().size > 0) rows ??= query("select count(*) as n from results");
      },
    });
    expect(code).toBe(0);
    const [{ n }] = (await rows) as unknown as { n: number }[];
    expect(n).toBeGreaterThan(0);
    expect(n).toBeLessThanOrEqual(300);
  });
});

describe("a search", () => {
  const content = {
    ...small,
    axes: {
      "training.learningRate": { from: 0.001, to: 4, scale: "log" },
      "training.batch": [4, 8, 16],
      "training.seed": { values: [1, 2], every: true },
    },
    sample: { method: "low-discrepancy", count: 40 },
    work: { kind: "train", epochs: 3, samples: 512 },
  };

  it("tries many a little and few as a whole, says so, and keeps within its budget", async () => {
    const { sweep, query } = place(content);
    const { code, stdout } = await sweep("--maximise", "accuracy", "--budget", "20");
    expect(code).toBe(0);
    const rounds = [...stdout.matchAll(/^round (\d) of (\d): (\d+) candidates, each on ([\d.]+) % of the work$/gm)];
    expect(rounds.length).toBeGreaterThanOrEqual(2);
    const counts = rounds.map(([, , , n]) => Number(n));
    expect(counts.toSorted((a, b) => b - a)).toEqual(counts);
    expect(Number(rounds[rounds.length - 1][4])).toBe(100);
    const [{ work }] = await query("select sum(samples) as work from results");
    expect(work).toBeLessThanOrEqual(20 * 3 * 512);
    const [{ best }] = await query("select max(accuracy) as best from results where samples = 3 * 512");
    expect(best).toBeGreaterThan(0.95);
    const again = await sweep("--maximise", "accuracy", "--budget", "20");
    expect(again.stdout.replaceAll(/^\d+ tasks: .*\n/gm, "")).toBe(stdout.replaceAll(/^\d+ tasks: .*\n/gm, ""));
  });

  it.each([
    [["--maximise", "beauty", "--budget", "3"], /^--maximise beauty: is no figure of train; use one of accuracy, /],
    [["--maximise", "accuracy"], /^--budget: missing; say how many/],
    [["--budget", "3"], /^--budget: is of a search; /],
  ])("refuses %j", async (args, line) => {
    const { code, stderr } = await place(content).sweep(...args);
    expect(code).toBe(2);
    expect(stderr.trim()).toMatch(line);
  });
});

describe("bad input is refused in one line", () => {
  it.each([
    [["sweep", "nosuch.json"], 2, /^nosuch\.json: no such preset or file; give a sweep file/],
    [["sweep", "s.json", "--partition", "x"], 2, /^--partition: is of Slurm; /],
    [["sweep", "s.json", "--task", "zz"], 2, /^--task zz: no task of s\.json begins so; /],
    [["sweep", "s.json", "--resume"], 2, /holds no sweep|is no sweep/],
    [["sweep", "s.json", "--out", "/proc/x"], 3, /^\/proc\/x: cannot be written: /],
    [["query"], 2, /holds no sweep; run one first: /],
  ] as const)("%j", async (args, exitCode, text) => {
    const { code, stderr } = await rankloom(args, { cwd: place().cwd });
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(text);
    expect(code).toBe(exitCode);
  });

  it("no Slurm", async () => {
    const { cwd } = place();
    const env = { ...process.env, PATH: temporaryFolder() };
    const { code, stderr } = await rankloom(["sweep", "s.json", "--executor", "slurm"], { cwd, env });
    expect(stderr.trim()).toBe(
      "slurm: sbatch was not found; run on a machine of the cluster, or without --executor slurm",
    );
    expect(code).toBe(3);
  });

  it("questions that cannot be answered", async () => {
    const { cwd, sweep } = place();
    await sweep();
    for (const [args, text] of [
      [["select nothing from results"], /^query: .*nothing.*; the tables are results, tasks and failures/],
      [["--pareto", "accuracy:more,beauty:more"], /^--pareto: there is no column beauty; there are task, /],
      [["--sweep", "zebra"], /^zebra: is no sweep that was run here; use .*small$/],
    ] as const) {
      const { code, stderr } = await rankloom(["query", ...args], { cwd });
      expect(stderr.trim()).toMatch(text);
      expect(stderr.trim()).not.toContain("\n");
      expect(code).toBe(2);
    }
  });
});
