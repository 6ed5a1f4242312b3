/** A sweep on a cluster, with what happens to clusters: the same table as on one machine, byte for byte. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Store } from "../../sweep/store.ts";
import { node, ROOT, rankloom, temporaryFolder } from "../cli/rankloom.ts";
import { Cluster, missingPrograms } from "./cluster.ts";

const PROGRAM = join(ROOT, "cli/rankloom.mjs");
let cluster: Cluster;

beforeAll(async () => {
  const missing = missingPrograms();
  if (missing.length > 0)
    throw new Error(`${missing.join(", ")} not found; sudo apt-get install slurm-wlm munge, then npm run test:slurm`);
  cluster = await Cluster.start();
});

afterAll(() => cluster?.stop());

const sweepOf = (seeds: number, more: object = {}) => ({
  name: "on-slurm",
  design: "tiny",
  axes: {
    "gradient.method": ["mbgd", "lrt"],
    "gradient.rank": { from: 1, to: 3, step: 1, when: "gradient.method = 'lrt'" },
    "training.seed": { from: 1, to: seeds, step: 1 },
  },
  work: { kind: "train", samples: 4096 },
  ...more,
});

function sweepFile(folder: string, content: object): string {
  const file = join(folder, "on-slurm.sweep.json");
  writeFileSync(file, JSON.stringify(content));
  return file;
}

const table = (folder: string) => readFileSync(join(folder, "results.parquet"));

it("200 tasks, a node lost and brought back, the sweep killed and resumed: the local table, byte for byte", async () => {
  const folder = temporaryFolder();
  const file = sweepFile(folder, sweepOf(50));
  const [here, there] = [join(folder, "local"), join(folder, "slurm")];
  const local = await rankloom(["sweep", file, "--out", here]);
  expect(local.stderr).toBe("");
  expect(local.code).toBe(0);

  const args = ["sweep", file, "--out", there, "--executor", "slurm", "--chunk", "5", "--time", "5"];
  const first: ChildProcess = spawn(process.execPath, [PROGRAM, ...args], { env: cluster.env, stdio: "ignore" });
  const store = new Store(there);
  const reached = (count: number) =>
    cluster.until(`${count} results`, () => existsSync(there) && store.finished().size >= count, 240);
  await reached(20);
  cluster.killNode("node2");
  await reached(60);
  first.kill("SIGKILL");
  await reached(70);
  cluster.startNode("node2");
  const resumed = await node([PROGRAM, ...args, "--resume"], { env: cluster.env });
  console.log(resumed.stdout);
  expect(resumed.stderr).toBe("");
  expect(resumed.code).toBe(0);

  const hashes = store.tasks().map(({ hash }) => hash);
  expect(new Set(hashes).size).toBe(200);
  expect(store.finished()).toEqual(new Set(hashes));
  expect(store.failures().size).toBe(0);
  expect(table(there).equals(table(here))).toBe(true);
  store.tidy();
  expect(readdirSync(store.path("tmp"))).toEqual([]);
});

it("says in one line what Slurm refuses", async () => {
  const folder = temporaryFolder();
  const file = sweepFile(folder, sweepOf(1));
  const run = (...options: string[]) =>
    rankloom(["sweep", file, "--out", join(folder, "refused"), "--executor", "slurm", ...options], {
      env: cluster.env,
    });
  const partition = await run("--partition", "nowhere");
  expect(partition.stderr.trim()).toMatch(
    /^slurm: sbatch refused: .*Invalid partition name specified; sinfo lists the partitions$/,
  );
  expect(partition.code).toBe(3);
  const memory = await run("--memory", "900G");
  expect(memory.stderr.trim()).toMatch(/^slurm: sbatch refused: .*; ask for less by --memory, --time or --cpus$/);
});

it("waits for room where the controller takes no more jobs", async () => {
  const full = await Cluster.start(["MaxJobCount=2", "MinJobAge=2"]);
  try {
    for (let job = 0; job < 2; job++) full.command("sbatch", "--output=/dev/null", "--wrap", "sleep 600");
    const folder = temporaryFolder();
    const file = sweepFile(folder, sweepOf(1, { axes: { "training.seed": [1, 2] } }));
    const args = ["sweep", file, "--out", join(folder, "out"), "--executor", "slurm", "--chunk", "2"];
    const running = spawn(process.execPath, [PROGRAM, ...args], { env: full.env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [running.stdout, running.stderr])
      stream.on("data", (text) => {
        said += text;
      });
    await full.until("the queue is full", () => /sbatch refused: .*; waiting for room in the queue\n/.test(said));
    const ended = new Promise((done) => running.on("close", done));
    full.command("scancel", "--user=root");
    expect(await ended).toBe(0);
    expect(said.match(/waiting for room/g)).toHaveLength(1);
    expect(new Store(join(folder, "out")).finished().size).toBe(2);
  } finally {
    full.stop();
  }
});

it("passes partition and limits on, and fails a task whose jobs Slurm ends again and again", async () => {
  const folder = temporaryFolder();
  const axes = { "training.seed": [1] };
  const file = sweepFile(folder, sweepOf(1, { axes, work: { kind: "train", epochs: 10000 } }));
  const limits = ["--partition", "short", "--time", "2", "--memory", "200"];
  const running = node([PROGRAM, "sweep", file, "--out", folder, "--executor", "slurm", ...limits], {
    env: cluster.env,
  });
  for (let job = 0; job < 3; job++) {
    const jobs = () => cluster.command("squeue", "--noheader", "--states=RUNNING", "--format=%F %P %l %m");
    await cluster.until("a job", () => /short 2:00 200M/.test(jobs()));
    const [id] = jobs().split(" ");
    cluster.command("scancel", id);
    await cluster.until("its end", () => !jobs().startsWith(`${id} `));
  }
  const { code, stdout } = await running;
  expect(stdout).toMatch(
    /1 failed; --retry-failed runs them again:\n {2}training\.seed=1: 3 jobs ended without a result/,
  );
  expect(code).toBe(1);
});
