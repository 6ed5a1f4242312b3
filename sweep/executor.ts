/** What runs tasks: on this machine (local.ts) or on a cluster (slurm.ts). */
import type { Failure, Result, Task } from "./task.ts";

export interface Events {
  result(result: Result): void;
  failure(failure: Failure): void;
  /** A line for the user. */
  say(text: string): void;
}

export interface Executor {
  /** Runs tasks until each has an answer, or the signal comes.
   *  @throws Refusal where results cannot be written, or tasks not be run at all */
  run(tasks: readonly Task[], events: Events, signal: AbortSignal): Promise<void>;
}
