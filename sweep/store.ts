/** A sweep's folder: its plan, and each task's result under the task's hash, written once and as a whole.
 *
 *    plan.json               what is being swept
 *    tasks.jsonl             its tasks, in the order of the table
 *    results/<hh>/<hash>.json   one for each finished task
 *    failures/<hash>.json    why a task failed
 *    tmp/<host>-<process>/   files being written
 *    parts/, results.parquet the same results as tables (table.ts)
 *    slurm/                  job scripts, lists of tasks and logs (slurm.ts) */
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { EXIT, Refusal } from "../generator/base/errors.ts";
import { explained, makeFolders, writeFileWhole } from "../generator/base/write.ts";
import type { Failure, Result, Task } from "./task.ts";

/** What a command needs to know of a sweep beside its tasks. */
export interface Plan {
  readonly name: string;
  /** The sweep file, as it was given. */
  readonly file: string;
  readonly axes: readonly string[];
  /** Axes that a sampled point is run along as a whole. */
  readonly every: readonly string[];
  readonly kinds: readonly string[];
}

/** The place of the results takes no more: not the task's fault, so the sweep stops. */
export class StoreProblem extends Refusal {}

/** Files of another machine's processes that were being written this long ago are nobody's any more. */
const ABANDONED_MS = 24 * 3600 * 1000;

export class Store {
  readonly folder: string;
  #own: string | null = null;
  #written = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts);
  }

  /** Makes the sweep's folder, or one inside it. */
  makeFolder(...parts: readonly string[]): void {
    this.#kept(() => makeFolders(this.path(...parts)));
  }

  exists(): boolean {
    return existsSync(this.path("plan.json"));
  }

  /** Makes the sweep known: from here on its tables are asked for, so the one of its tasks comes first. */
  writePlan(plan: Plan, tasks: readonly Task[]): void {
    this.#kept(() => {
      makeFolders(this.folder);
      const lines = tasks.map((task) => JSON.stringify(task)).join("\n");
      const text = `${JSON.stringify(plan, null, 2)}\n`;
      // A plan that is the same is left alone: its time says when it was made.
      if (!same(this.path("tasks.jsonl"), `${lines}\n`)) writeFileWhole(this.path("tasks.jsonl"), `${lines}\n`);
      if (!same(this.path("plan.json"), text)) writeFileWhole(this.path("plan.json"), text);
    });
  }

  /** @throws Refusal where there is no sweep in the folder */
  plan(): Plan {
    if (!this.exists()) throw new Refusal(`${this.folder}: holds no sweep; run rankloom sweep first, or give --out`);
    return JSON.parse(readFileSync(this.path("plan.json"), "utf8"));
  }

  tasks(file = this.path("tasks.jsonl")): Task[] {
    return lines(readFileSync(file, "utf8")).map((line) => JSON.parse(line));
  }

  /** Hashes that have a result. */
  finished(): Set<string> {
    const found = new Set<string>();
    for (const folder of listed(this.path("results")))
      for (const name of listed(this.path("results", folder))) found.add(name.slice(0, -".json".length));
    return found;
  }

  has(hash: string): boolean {
    return existsSync(this.#resultFile(hash));
  }

  result(hash: string): Result {
    return JSON.parse(readFileSync(this.#resultFile(hash), "utf8"));
  }

  failures(): Map<string, Failure> {
    return new Map(
      listed(this.path("failures")).map((name) => {
        const failure: Failure = JSON.parse(readFileSync(this.path("failures", name), "utf8"));
        return [failure.hash, failure];
      }),
    );
  }

  forgetFailures(): void {
    rmSync(this.path("failures"), { recursive: true, force: true });
  }

  /** @returns whether this was the first result of the task; a later one changes nothing */
  addResult(result: Result): boolean {
    const first = this.#writeOnce(this.#resultFile(result.hash), result);
    if (first) rmSync(this.path("failures", `${result.hash}.json`), { force: true });
    return first;
  }

  addFailure(failure: Failure): void {
    this.#writeOnce(this.path("failures", `${failure.hash}.json`), failure);
  }

  #resultFile(hash: string): string {
    return this.path("results", hash.slice(0, 2), `${hash}.json`);
  }

  /** Writes beside, then links: a name is there with all its content, or is not there; of two that write it, one does. */
  #writeOnce(file: string, content: unknown): boolean {
    return this.#kept(() => {
      this.#own ??= this.path("tmp", `${hostname()}-${process.pid}`);
      makeFolders(this.#own);
      const temporary = join(this.#own, String(this.#written++));
      try {
        const descriptor = openSync(temporary, "w");
        try {
          const bytes = Buffer.from(`${JSON.stringify(content)}\n`);
          for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
          fsyncSync(descriptor);
        } finally {
          closeSync(descriptor);
        }
        makeFolders(dirname(file));
        linkSync(temporary, file);
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
        throw error;
      } finally {
        rmSync(temporary, { force: true });
      }
    });
  }

  /** Removes what processes left that ended in the middle of a file. */
  tidy(): void {
    for (const name of listed(this.path("tmp"))) {
      const folder = this.path("tmp", name);
      const [, host, pid] = /^(.*)-(\d+)$/.exec(name) ?? [];
      const abandoned = host === hostname() ? !isAlive(Number(pid)) : age(folder) > ABANDONED_MS;
      if (abandoned) rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Makes this process the only one that runs the sweep.
   *  @throws Refusal where another one does */
  lock(): void {
    const file = this.path("running.json");
    const own = { host: hostname(), pid: process.pid };
    for (let tries = 0; tries < 3; tries++) {
      if (this.#writeOnce(file, own)) {
        process.once("exit", () => rmSync(file, { force: true }));
        return;
      }
      const other = readIfThere(file);
      if (other === null) continue;
      if (other.host === own.host && !isAlive(other.pid)) rmSync(file, { force: true });
      else
        throw new Refusal(
          `${this.folder}: is being run by process ${other.pid} on ${other.host}; wait for it or end it (where it is long gone, remove ${file})`,
          EXIT.environment,
        );
    }
  }

  /** Whether a process runs the sweep now, as far as this machine can tell. */
  isRunning(): boolean {
    const other = readIfThere(this.path("running.json"));
    return other !== null && (other.host !== hostname() || isAlive(other.pid));
  }

  #kept<T>(operation: () => T): T {
    try {
      return explained(this.folder, operation);
    } catch (error) {
      if (error instanceof Refusal)
        throw new StoreProblem(`${error.message}; what is finished is kept: go on with --resume`, EXIT.environment);
      throw error;
    }
  }
}

/** The folder of a sweep, by the folder itself, the sweep's name, or its file; without any of these, the one that was
 *  planned last.
 *  @param all where sweeps are kept */
export function findSweep(all: string, named?: string): string {
  const folders = listed(all)
    .map((name) => join(all, name))
    .filter((folder) => new Store(folder).exists());
  if (named === undefined) {
    const planned = (folder: string) => statSync(join(folder, "plan.json")).mtimeMs;
    const [last] = folders.toSorted((a, b) => planned(b) - planned(a));
    if (last === undefined)
      throw new Refusal(`${all}: holds no sweep; run one first: npx rankloom sweep examples/tiny-methods.sweep.json`);
    return last;
  }
  const found =
    [named, join(all, named)].find((folder) => new Store(folder).exists()) ??
    folders.find((folder) => new Store(folder).plan().file === named);
  if (found === undefined)
    throw new Refusal(`${named}: is no sweep that was run here; use ${folders.join(", ") || "rankloom sweep first"}`);
  return found;
}

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");

const same = (file: string, text: string): boolean => existsSync(file) && readFileSync(file, "utf8") === text;

function readIfThere(file: string): { host: string; pid: number } | null {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

const age = (path: string): number => Date.now() - statSync(path).mtimeMs;

/** Whether a process of this machine is there and is one of Node's: numbers of ended processes are given out again. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("node");
  } catch {
    return true;
  }
}
