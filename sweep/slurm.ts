/** Runs tasks on a cluster by Slurm: an array of jobs, each with a share of the tasks. Nodes and this process share a file
 *  system and nothing else: results appear in the sweep's folder. Jobs go on when this process ends; when it is started
 *  again, it waits for those that are still there before it submits what nobody has. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { EXIT, Refusal } from "../generator/base/errors.ts";
import { writeFileWhole } from "../generator/base/write.ts";
import { refuseChanged } from "./changes.ts";
import type { Events, Executor } from "./executor.ts";
import type { Store } from "./store.ts";
import type { Task } from "./task.ts";
import { workOf } from "./works.ts";

const PROGRAM = fileURLToPath(new URL("node-program.mjs", import.meta.url));
/** How often results are looked for, and how long a full queue is left alone. */
const WAITS = { pollMs: 2000, fullMs: 30_000 } as const;
/** A task whose jobs ended without a word is submitted so often. */
const TRIES = 3;
/** Jobs of an array where --chunk says nothing: more would wait in the queue, not run. Slurm's own limit is 1000. */
const ARRAY = 100;
const MOST_ARRAY = 1000;

export interface SlurmOptions {
  readonly partition?: string;
  readonly time?: string;
  readonly memory?: string;
  readonly cpus: number;
  /** Tasks of one job of the array. */
  readonly chunk?: number;
  /** Further options of sbatch. */
  readonly sbatch: readonly string[];
}

/** One submission, in slurm/<n>/: job.json, tasks.jsonl, job.sh, logs. */
interface Job {
  readonly id: string;
  readonly hashes: readonly string[];
}

export class SlurmExecutor implements Executor {
  readonly #store: Store;
  readonly #options: SlurmOptions;
  readonly #waits: { readonly pollMs: number; readonly fullMs: number };

  constructor(
    store: Store,
    options: SlurmOptions,
    waits = WAITS as { readonly pollMs: number; readonly fullMs: number },
  ) {
    this.#store = store;
    this.#options = options;
    this.#waits = waits;
  }

  async run(tasks: readonly Task[], events: Events, signal: AbortSignal): Promise<void> {
    if (tasks.length === 0) return;
    await slurm("sbatch", ["--version"]);
    for (const kind of new Set(tasks.map(({ work }) => work.kind))) await workOf(kind).prepare?.();
    const open = new Map(tasks.map((task) => [task.hash, task]));
    const tries = new Map<string, number>();
    let jobs = await this.#aliveJobs(await this.#submitted());
    if (jobs.length > 0) events.say(`slurm: waiting for ${jobs.map(({ id }) => `job ${id}`).join(", ")} of before`);
    /** What was said last of a cluster that does not answer or has no room; empty: all is well. */
    let trouble = "";
    const say = (text: string) => {
      if (text !== trouble) events.say(text);
      trouble = text;
    };
    const pause = (ms: number) => setTimeout(ms, undefined, { signal }).catch(() => {});
    while (true) {
      const answered = this.#collect(open, events);
      if (open.size === 0 || signal.aborted) break;
      try {
        jobs = await this.#aliveJobs(jobs);
      } catch (error) {
        say(`${(error as Error).message}; waiting for it`);
        await pause(this.#waits.pollMs);
        continue;
      }
      const cared = new Set(jobs.flatMap(({ hashes }) => hashes));
      const orphans = [...open.values()].filter(({ hash }) => !cared.has(hash));
      if (orphans.length > 0 && answered === 0) {
        // What a job wrote just before it ended.
        this.#collect(open, events);
        const lost = orphans.filter(({ hash }) => open.has(hash));
        const again = lost.filter(({ hash }) => (tries.get(hash) ?? 0) < TRIES);
        for (const task of lost) if (!again.includes(task)) this.#giveUp(task, open, events);
        try {
          if (again.length > 0) jobs.push(await this.#submit(again, events, say));
          for (const { hash } of again) tries.set(hash, (tries.get(hash) ?? 0) + 1);
          trouble = "";
        } catch (error) {
          if (!(error instanceof FullQueue)) throw error;
          say(error.message);
          await pause(this.#waits.fullMs);
        }
      }
      await pause(this.#waits.pollMs);
    }
    if (signal.aborted && jobs.length > 0)
      events.say(
        `slurm: ${jobs.map(({ id }) => `job ${id}`).join(", ")} goes on; --resume waits for it, scancel ${jobs.map(({ id }) => id).join(" ")} ends it`,
      );
  }

  /** Takes the answers that have appeared; @returns how many */
  #collect(open: Map<string, Task>, events: Events): number {
    const finished = this.#store.finished();
    const failures = this.#store.failures();
    const before = open.size;
    for (const hash of [...open.keys()]) {
      const failure = failures.get(hash);
      if (!finished.has(hash) && !failure) continue;
      open.delete(hash);
      if (failure && !finished.has(hash)) events.failure(failure);
      else events.result(this.#store.result(hash));
    }
    return before - open.size;
  }

  #giveUp({ hash }: Task, open: Map<string, Task>, events: Events): void {
    const failure = {
      hash,
      reason: `${TRIES} jobs ended without a result: killed, or beyond their time or memory; their logs are in ${this.#store.path("slurm")}`,
      seconds: 0,
      host: hostname(),
      finished: new Date().toISOString(),
    };
    this.#store.addFailure(failure);
    open.delete(hash);
    events.failure(failure);
  }

  async #submitted(): Promise<Job[]> {
    const folder = this.#store.path("slurm");
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .map((name) => join(folder, name, "job.json"))
      .filter((file) => existsSync(file))
      .map((file) => JSON.parse(readFileSync(file, "utf8")));
  }

  /** Those of which Slurm still has a part that waits or runs. */
  async #aliveJobs(jobs: readonly Job[]): Promise<Job[]> {
    if (jobs.length === 0) return [];
    const text = await slurm("squeue", ["--noheader", "--format=%F"]);
    const alive = new Set(text.split(/\s+/));
    return jobs.filter(({ id }) => alive.has(id));
  }

  /** @param say for what sbatch says while it waits for room by itself */
  async #submit(tasks: readonly Task[], events: Events, say: (text: string) => void): Promise<Job> {
    const { partition, time, memory, cpus, chunk, sbatch } = this.#options;
    const jobs = Math.min(
      tasks.length,
      MOST_ARRAY,
      Math.ceil(tasks.length / (chunk ?? Math.ceil(tasks.length / ARRAY))),
    );
    // Jobs would find it out one by one.
    refuseChanged(this.#store.folder, tasks);
    const parent = this.#store.path("slurm");
    mkdirSync(parent, { recursive: true });
    const folder = join(parent, String(readdirSync(parent).length));
    mkdirSync(folder);
    writeFileWhole(join(folder, "tasks.jsonl"), `${tasks.map((task) => JSON.stringify(task)).join("\n")}\n`);
    const words = [
      process.execPath,
      PROGRAM,
      resolve(this.#store.folder),
      resolve(folder, "tasks.jsonl"),
      String(jobs),
    ];
    const script = join(folder, "job.sh");
    writeFileWhole(script, `#!/bin/sh\nexec ${words.map(quoted).join(" ")}\n`);
    const options = [
      "--parsable",
      "--requeue",
      "--open-mode=append",
      `--array=0-${jobs - 1}`,
      `--job-name=rankloom`,
      `--output=${resolve(folder, "%a.log")}`,
      `--chdir=${process.cwd()}`,
      `--cpus-per-task=${cpus}`,
      ...(partition === undefined ? [] : [`--partition=${partition}`]),
      ...(time === undefined ? [] : [`--time=${time}`]),
      ...(memory === undefined ? [] : [`--mem=${memory}`]),
      ...sbatch,
      script,
    ];
    const id = await slurm("sbatch", options, (said) => {
      if (FULL.test(said)) say(fullText("sbatch", said));
    });
    // With several clusters, sbatch says the cluster after a semicolon.
    const job = { id: id.trim().split(";")[0], hashes: tasks.map(({ hash }) => hash) };
    writeFileWhole(join(folder, "job.json"), `${JSON.stringify(job)}\n`);
    events.say(`slurm: job ${job.id} with ${tasks.length} tasks in an array of ${jobs}`);
    return job;
  }
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** Runs a command of Slurm.
 *  @param onSaid for each line of its complaints, as it comes
 *  @throws Refusal in one line where there is none, or it refuses */
function slurm(command: string, args: readonly string[], onSaid?: (line: string) => void): Promise<string> {
  return new Promise((done, fail) => {
    const child = execFile(command, args, { encoding: "utf8" }, (error, stdout, stderr) => {
      if (error === null) return done(stdout);
      if (error.code === ("ENOENT" as unknown)) {
        const where = "run on a machine of the cluster, or without --executor slurm";
        return fail(new Refusal(`slurm: ${command} was not found; ${where}`, EXIT.environment));
      }
      const said = complaint(stderr.trim().split("\n").at(-1) ?? "") || error.message.split("\n")[0];
      if (FULL.test(said)) return fail(new FullQueue(fullText(command, said), EXIT.environment));
      fail(new Refusal(`slurm: ${command} refused: ${said}; ${remedy(said)}`, EXIT.environment));
    });
    if (onSaid && child.stderr) createInterface(child.stderr).on("line", (line) => onSaid(complaint(line)));
  });
}

const complaint = (line: string): string => line.replace(/^\w+: error: /, "");

const fullText = (command: string, said: string): string =>
  `slurm: ${command} refused: ${said}; waiting for room in the queue`;

/** No more jobs now; later there may be room. */
class FullQueue extends Refusal {}

const FULL = /QOS policy|submit limit|temporarily (unable|unavailable)|too many jobs/i;

/** What would mend what Slurm says. */
function remedy(said: string): string {
  if (/array/i.test(said)) return "use a larger --chunk, which makes a shorter array";
  if (/partition/i.test(said)) return "sinfo lists the partitions";
  if (/memory|time|node configuration|resources/i.test(said)) return "ask for less by --memory, --time or --cpus";
  if (/contact|connect|timed out|refused/i.test(said)) return "see whether slurmctld runs: scontrol ping";
  return "correct the options, then go on with --resume";
}
