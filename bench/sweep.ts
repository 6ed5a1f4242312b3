/** What a sweep costs beside its work, and what it withstands: `node --import tsx bench/sweep.ts <part>`, with part
 *  overhead (by number of tasks), cores (two against one), query (100,000 results) or faults (kills and a full disk). */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Random } from "../data/random.ts";
import { Store } from "../sweep/store.ts";
import { compact } from "../sweep/table.ts";
import type { Result } from "../sweep/task.ts";
import { childrenOf, kill } from "../test/sweep/faults.ts";

const PROGRAM = fileURLToPath(new URL("../cli/rankloom.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "rankloom-sweep-"));

function sweepFile(name: string, content: object): string {
  const file = join(folder, `${name}.sweep.json`);
  writeFileSync(file, JSON.stringify({ name, ...content }));
  return file;
}

const tiny = (name: string, tasks: number) =>
  sweepFile(name, {
    design: "tiny",
    axes: { "training.seed": { from: 1, to: tasks, step: 1 } },
    work: { kind: "train", samples: 128, testSamples: 64 },
  });

interface Ended {
  readonly code: number | null;
  readonly seconds: number;
  readonly stderr: string;
}

function rankloom(args: readonly string[], started: (pid: number) => void = () => {}): Promise<Ended> {
  const begun = performance.now();
  const child = spawn(process.execPath, [PROGRAM, ...args], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  started(child.pid as number);
  return new Promise((done) => {
    child.on("close", (code) => done({ code, seconds: (performance.now() - begun) / 1000, stderr }));
  });
}

const row = (...cells: readonly (string | number)[]) => console.log(`| ${cells.join(" | ")} |`);
const sum = (list: readonly number[]) => list.reduce((total, x) => total + x, 0);

/** Between the first task's start and the last one's end, what is not a task's own time; and what is before and after. */
async function overhead(): Promise<void> {
  row("tasks", "processes", "work a task", "beside it", "start and end of the sweep");
  row("---", "---", "---", "---", "---");
  for (const [tasks, jobs] of [
    [100, 1],
    [1000, 1],
    [2000, 1],
    [10_000, 1],
    [2000, 2],
  ]) {
    const out = join(folder, `overhead-${tasks}-${jobs}`);
    const { code, seconds } = await rankloom(["sweep", tiny(`n${tasks}`, tasks), "--jobs", String(jobs), "--out", out]);
    if (code !== 0) throw new Error(`ended with code ${code}`);
    const store = new Store(out);
    const results = [...store.finished()].map((hash) => store.result(hash));
    const ends = results.map(({ finished }) => Date.parse(finished));
    const work = sum(results.map((result) => result.seconds));
    const first = results.reduce(
      (least, { seconds: own }, n) => Math.min(least, ends[n] - 1000 * own),
      Number.POSITIVE_INFINITY,
    );
    const span = (ends.reduce((most, end) => Math.max(most, end), 0) - first) / 1000;
    const ms = (s: number) => `${(1000 * s).toFixed(1)} ms`;
    row(tasks, jobs, ms(work / tasks), ms((span * jobs - work) / tasks), `${(seconds - span).toFixed(1)} s`);
  }
}

async function cores(): Promise<void> {
  const file = sweepFile("cores", {
    design: "mnist-small",
    axes: { "training.seed": { from: 1, to: 40, step: 1 } },
    work: { kind: "train", epochs: 1 },
  });
  const times: number[] = [];
  for (const jobs of [1, 2]) {
    const out = join(folder, `cores-${jobs}`);
    const { seconds, code } = await rankloom(["sweep", file, "--jobs", String(jobs), "--out", out]);
    if (code !== 0) throw new Error(`ended with code ${code}`);
    times.push(seconds);
    console.log(`40 trainings of mnist-small on ${jobs} core(s): ${seconds.toFixed(1)} s`);
  }
  console.log(`${(times[0] / times[1]).toFixed(2)} times as fast`);
}

async function query(): Promise<void> {
  const count = 100_000;
  const file = sweepFile("many", {
    design: "tiny",
    axes: {
      "training.learningRate": { from: 0.01, to: 1, steps: 1000, scale: "log" },
      "training.seed": { from: 1, to: 100, step: 1 },
    },
  });
  const { planSweep } = await import("../sweep/plan.ts");
  const { writeTasks } = await import("../sweep/table.ts");
  const { plan, tasks } = planSweep(file);
  const store = new Store(join(folder, "out/sweeps/many"));
  store.writePlan(plan, tasks);
  await writeTasks(store, plan, tasks);
  const random = new Random(1);
  // Results as a sweep would have them, without the hours of training; parts at the same rate.
  for (const [n, { hash }] of tasks.entries()) {
    const accuracy = random.uniform();
    const figures = {
      accuracy,
      accuracyPerEpoch: [accuracy],
      epochs: 1,
      samples: 4096,
      cyclesPerSample: 100 * random.uniform(),
      cyclesPerUpdate: 100,
      memory: random.below(1e6),
      gradientBits: 1,
      pulsesPerCell: random.uniform(),
      mostPulsesInACell: 5,
      saturations: 0,
      stateHash: hash + hash,
    };
    const result: Result = { hash, kind: "train", figures, seconds: 1, host: "here", finished: "2026-01-01T00:00:00Z" };
    const path = store.path("results", hash.slice(0, 2));
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, `${hash}.json`), JSON.stringify(result));
    if (n % 5000 === 4999 && n + 1000 < count) await compact(store);
  }
  for (const args of [
    ["select learningRate, avg(accuracy) as mean from results group by all order by mean desc limit 5"],
    ["--pareto", "accuracy,memory"],
  ]) {
    const { seconds, code } = await rankloom(["query", ...args, "--sweep", "many"]);
    console.log(`query ${args.join(" ")} over ${count} results: ${seconds.toFixed(2)} s, code ${code}`);
  }
}

/** 2,000 tasks: the sweep or one of its processes killed 20 times, its disk full once; beside an undisturbed sweep. */
async function faults(): Promise<void> {
  const tasks = 2000;
  const kills = 20;
  const file = tiny("faults", tasks);
  const quiet = join(folder, "quiet");
  const shaken = join(folder, "shaken");
  const calm = await rankloom(["sweep", file, "--out", quiet]);
  if (calm.code !== 0) throw new Error(calm.stderr);
  mkdirSync(shaken);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=5m", "tmpfs", shaken]);
  try {
    const out = join(shaken, "out");
    const store = new Store(out);
    const random = new Random(3);
    const times = new Map<string, string>();
    let [killed, full, runs] = [0, 0, 0];
    for (let code: number | null = null; code !== 0; runs++) {
      let timer: NodeJS.Timeout | undefined;
      const end = await rankloom(["sweep", file, "--out", out, ...(store.exists() ? ["--resume"] : [])], (pid) => {
        if (killed >= kills) return;
        const later = () => store.finished().size + 20 + random.below(110);
        let target = later();
        timer = setInterval(() => {
          if (killed >= kills || store.finished().size < target) return;
          killed++;
          target = later();
          const processes = childrenOf(pid);
          kill(random.below(2) === 0 ? pid : processes[random.below(processes.length)]);
        }, 10);
      });
      clearInterval(timer);
      code = end.code;
      if (/no space is left|free some space/.test(end.stderr)) {
        full++;
        console.log(`full after ${store.finished().size} results: ${end.stderr.trim().replaceAll(folder, "…")}`);
        execFileSync("mount", ["-o", "remount,size=200m", shaken]);
      } else if (end.stderr !== "") throw new Error(end.stderr);
      for (const hash of store.finished()) {
        const { finished } = store.result(hash);
        if ((times.get(hash) ?? finished) !== finished) throw new Error(`${hash}: a second result`);
        times.set(hash, finished);
      }
      for (const hash of times.keys()) if (!store.has(hash)) throw new Error(`${hash}: lost`);
    }
    const table = (path: string) => readFileSync(join(path, "results.parquet"));
    const same = table(out).equals(table(quiet));
    console.log(
      `${runs} runs, ${killed} kills, ${full} full disk; ${times.size} results, the table ${same ? "the same" : "NOT the same"}`,
    );
    if (!same || times.size !== tasks || killed < kills || full < 1) process.exitCode = 1;
  } finally {
    execFileSync("umount", ["-l", shaken]);
  }
}

const parts: Readonly<Record<string, () => Promise<void>>> = { overhead, cores, query, faults };
try {
  const run = parts[process.argv[2] ?? ""];
  if (!run) throw new Error(`give one of ${Object.keys(parts).join(", ")}`);
  await run();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
