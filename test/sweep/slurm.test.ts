/** The Slurm executor against programs that act as Slurm's: what it submits, and what it does when Slurm says no.
 *  (test/slurm/ has the real daemons.) */
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { planSweep } from "../../sweep/plan.ts";
import { SlurmExecutor, type SlurmOptions } from "../../sweep/slurm.ts";
import { Store } from "../../sweep/store.ts";
import { temporaryFolder } from "../cli/rankloom.ts";

/** Programs sbatch and squeue for this test.
 *  @param sbatch shell text that runs at each submission; `submit` runs the array and says its number */
function slurm(sbatch: string): { log: string } {
  const folder = temporaryFolder();
  const log = join(folder, "log");
  const before = process.env.PATH;
  process.env.PATH = `${folder}:${before}`;
  onTestFinished(() => {
    process.env.PATH = before;
  });
  const program = (name: string, text: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  program("squeue", "exit 0");
  program(
    "sbatch",
    `[ "$1" = --version ] && { echo slurm; exit 0; }
echo "$@" >> ${log}
tries=$(wc -l < ${log})
submit() {
  last=$(echo "$@" | sed 's/.*--array=0-\\([0-9]*\\).*/\\1/')
  for script; do :; done
  for task in $(seq 0 $last); do SLURM_ARRAY_TASK_ID=$task sh $script > /dev/null 2>&1; done
  echo 7
}
refuse() { echo "sbatch: error: $1" >&2; exit 1; }
${sbatch}`,
  );
  return { log };
}

async function run(options: Partial<SlurmOptions> = {}) {
  const folder = temporaryFolder();
  const file = join(folder, "s.json");
  const axes = { "training.seed": [1, 2, 3, 4, 5] };
  writeFileSync(file, JSON.stringify({ name: "s", design: "tiny", axes, work: { kind: "train", samples: 32 } }));
  const { tasks } = planSweep(file);
  const store = new Store(join(folder, "out"));
  const said: string[] = [];
  const failed: string[] = [];
  const events = {
    result: () => {},
    failure: ({ reason }: { reason: string }) => failed.push(reason),
    say: (text: string) => said.push(text),
  };
  const executor = new SlurmExecutor(store, { cpus: 1, sbatch: [], ...options }, { pollMs: 5, fullMs: 5 });
  await executor.run(tasks, events, new AbortController().signal);
  return { tasks, store, said, failed };
}

it("submits an array with what it was told, and finds every result", async () => {
  const { log } = slurm('submit "$@"');
  const limits = { partition: "big", time: "1:00", memory: "2G", cpus: 2, chunk: 3, sbatch: ["--account=lab"] };
  const { tasks, store, said, failed } = await run(limits);
  expect(failed).toEqual([]);
  expect(store.finished()).toEqual(new Set(tasks.map(({ hash }) => hash)));
  const words = readFileSync(log, "utf8").trim().split(" ");
  expect(words).toEqual(
    expect.arrayContaining([
      "--array=0-1",
      "--partition=big",
      "--time=1:00",
      "--mem=2G",
      "--cpus-per-task=2",
      "--account=lab",
    ]),
  );
  expect(said).toEqual(["slurm: job 7 with 5 tasks in an array of 2"]);
});

it("waits where the queue is full, says so once, and goes on", async () => {
  const full =
    "Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)";
  slurm(`[ "$tries" -le 3 ] && refuse "${full}"; submit "$@"`);
  const { tasks, store, said } = await run({ chunk: 5 });
  expect(store.finished().size).toBe(tasks.length);
  expect(said.filter((line) => line.includes("refused"))).toEqual([
    `slurm: sbatch refused: ${full}; waiting for room in the queue`,
  ]);
});

it.each([
  ["Batch job submission failed: Invalid partition name specified", /; sinfo lists the partitions$/],
  ["Batch job submission failed: Invalid job array specification", /; use a larger --chunk/],
  ["Memory specification can not be satisfied", /; ask for less by --memory, --time or --cpus$/],
])("says in one line that %s", async (text, remedy) => {
  slurm(`refuse "${text}"`);
  await expect(run()).rejects.toThrow(remedy);
});

it("submits again what a job left undone, three times, then lists it as failed", async () => {
  const { log } = slurm("echo 7");
  const { tasks, store, failed } = await run();
  expect(readFileSync(log, "utf8").trim().split("\n")).toHaveLength(3);
  expect(failed).toHaveLength(tasks.length);
  expect(failed[0]).toMatch(/^3 jobs ended without a result: /);
  expect(existsSync(store.path("results"))).toBe(false);
  expect(readdirSync(store.path("slurm"))).toHaveLength(3);
});
