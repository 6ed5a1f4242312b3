/** The task program: a process that runs one task after the other, as they are sent to it, and writes each result. The
 *  same on one machine and on a cluster's nodes. It ends when its parent does. */
import { hostname } from "node:os";
import { datasetOf } from "./datasets.ts";
import { refuseOtherProgram } from "./plan.ts";
import { Store, StoreProblem } from "./store.ts";
import type { Failure, Result, Task, Timing } from "./task.ts";
import type { Figures } from "./work.ts";
import { workOf } from "./works.ts";

export type Answer = { readonly result: Result } | { readonly failure: Failure } | { readonly stop: string };

/** Runs a task, whatever may happen in it.
 *  @throws StoreProblem never: an answer says it */
export async function runTask(store: Store, task: Task): Promise<Answer> {
  const begun = performance.now();
  const timing = (): Timing => ({
    seconds: (performance.now() - begun) / 1000,
    host: hostname(),
    finished: new Date().toISOString(),
  });
  try {
    try {
      const figures = await figuresOf(task);
      const result = { hash: task.hash, kind: task.work.kind, figures, ...timing() };
      store.addResult(result);
      return { result };
    } catch (error) {
      if (error instanceof StoreProblem) throw error;
      const failure = { hash: task.hash, reason: reasonOf(error), ...timing() };
      store.addFailure(failure);
      return { failure };
    }
  } catch (error) {
    if (error instanceof StoreProblem) return { stop: error.message };
    throw error;
  }
}

/** @throws whatever the work throws */
export async function figuresOf(task: Task): Promise<Figures> {
  const { design, data, work: settings } = task;
  refuseOtherProgram(design.name, [task]);
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
