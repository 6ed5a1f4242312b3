/** Runs a sweep's tasks: those that have neither result nor failure yet, by whichever executor, with tables that follow. */
import type { Executor } from "./executor.ts";
import type { Plan, Store } from "./store.ts";
import { compact, Tables, writeTasks } from "./table.ts";
import type { Failure, Task } from "./task.ts";

/** A part of the table is written each time so many results are new. */
const PART_RESULTS = 5000;

export interface Progress {
  readonly of: number;
  /** With a result or a failure. */
  readonly done: number;
  readonly failed: number;
  /** Those of this run. */
  readonly fresh: number;
  /** Since this run began. */
  readonly seconds: number;
}

export interface Watcher {
  progress(progress: Progress): void;
  say(text: string): void;
}

/** @returns failures of these tasks, by hash: of this run and of earlier ones */
export async function runTasks(
  store: Store,
  tasks: readonly Task[],
  executor: Executor,
  watcher: Watcher,
  signal: AbortSignal,
): Promise<Map<string, Failure>> {
  const finished = store.finished();
  const earlier = store.failures();
  const failures = new Map<string, Failure>();
  for (const { hash } of tasks) {
    const failure = earlier.get(hash);
    if (failure && !finished.has(hash)) failures.set(hash, failure);
  }
  const open = tasks.filter(({ hash }) => !finished.has(hash) && !failures.has(hash));
  const before = tasks.length - open.length;
  const begun = performance.now();
  let fresh = 0;
  let written: Promise<void> = Promise.resolve();
  const moved = () =>
    watcher.progress({
      of: tasks.length,
      done: before + fresh,
      failed: failures.size,
      fresh,
      seconds: (performance.now() - begun) / 1000,
    });
  moved();
  const events = {
    result() {
      fresh++;
      moved();
      // A part that cannot be written now is written with the next.
      if (fresh % PART_RESULTS === 0) written = written.then(() => compact(store)).catch(() => {});
    },
    failure(failure: Failure) {
      failures.set(failure.hash, failure);
      fresh++;
      moved();
    },
    say: (text: string) => watcher.say(text),
  };
  try {
    await executor.run(open, events, signal);
  } finally {
    await written;
  }
  return failures;
}

/** Runs a planned sweep that has the folder to itself (`store.lock`), and writes its table.
 *  @returns its tables, to be closed, and its failures by hash */
export async function runSweep(
  store: Store,
  plan: Plan,
  tasks: readonly Task[],
  executor: Executor,
  watcher: Watcher,
  signal: AbortSignal,
): Promise<{ tables: Tables; failures: Map<string, Failure> }> {
  await writeTasks(store, plan, tasks);
  store.writePlan(plan, tasks);
  const failures = await runTasks(store, tasks, executor, watcher, signal);
  return { tables: await tablesOf(store), failures };
}

/** A sweep's tables as they are now, the results' written to its folder. */
export async function tablesOf(store: Store): Promise<Tables> {
  const tables = await Tables.open(store);
  await tables.write(store);
  return tables;
}
