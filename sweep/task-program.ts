/** The task program: a process that runs one task after the other, as they are sent to it, and writes each result. The
 *  same on one machine and on a cluster's nodes. It ends when its parent does. */
import { hostname } from "node:os";
import { Refusal } from "../generator/base/errors.ts";
import { refuseChanged } from "./changes.ts";
import { datasetOf } from "./datasets.ts";
import { Store } from "./store.ts";
import type { Failure, Result, Task, Timing } from "./task.ts";
import type { Figures } from "./work.ts";
import { workOf } from "./works.ts";

export type Answer = { readonly result: Result } | { readonly failure: Failure } | { readonly stop: string };

/** Runs a task, whatever may happen in it. What is not its doing stops the sweep: another program or other data than
 *  the planned ones, a place that takes no results. */
export async function runTask(store: Store, task: Task): Promise<Answer> {
  const begun = performance.now();
  const timing = (): Timing => ({
    seconds: (performance.now() - begun) / 1000,
    host: hostname(),
    finished: new Date().toISOString(),
  });
  try {
    refuseChanged(task.design.name, [task]);
    const outcome = await figuresOf(task).then(
      (figures) => ({ figures }),
      (error) => ({ reason: reasonOf(error) }),
    );
    if ("reason" in outcome) {
      const failure = { hash: task.hash, ...outcome, ...timing() };
      store.addFailure(failure);
      return { failure };
    }
    const result = { hash: task.hash, kind: task.work.kind, ...outcome, ...timing() };
    store.addResult(result);
    return { result };
  } catch (error) {
    if (error instanceof Refusal) return { stop: error.message };
    throw error;
  }
}

/** @throws whatever the work throws */
export async function figuresOf({ design, data, work: settings }: Task): Promise<Figures> {
  return workOf(settings.kind).run({ design, settings, data, dataset: () => datasetOf(design, data) });
}

export const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message || error.name : String(error)).replace(/\s+/g, " ").trim();

/** Answers each task that the parent sends. */
export function serve(folder: string): void {
  const store = new Store(folder);
  let last: Promise<void> = Promise.resolve();
  process.on("message", (task: Task) => {
    last = last.then(async () => {
      const answer = await runTask(store, task);
      process.send?.(answer);
    });
  });
  process.on("disconnect", () => process.exit());
  // Ctrl-C reaches the whole group: the parent decides what becomes of a task under way.
  process.on("SIGINT", () => {});
}
