/** One job of a Slurm array: runs its share of a list of tasks, by as many processes as the job has processors. */
import { LocalExecutor } from "./local.ts";
import { Store } from "./store.ts";
import { reasonOf } from "./task-program.ts";

/** @param folder the sweep's
 *  @param file list of tasks
 *  @param jobs of the array: job n has tasks n, n + jobs, … */
export async function runShare(folder: string, file: string, jobs: number): Promise<void> {
  const store = new Store(folder);
  const own = Number(process.env.SLURM_ARRAY_TASK_ID ?? 0);
  const processes = Number(process.env.SLURM_CPUS_PER_TASK ?? 1);
  const share = store.tasks(file).filter((_, n) => n % jobs === own);
  // A job that is run again does what is left.
  const failures = store.failures();
  const open = share.filter(({ hash }) => !store.has(hash) && !failures.has(hash));
  const say = (text: string) => console.log(`${new Date().toISOString()} ${text}`);
  say(`${open.length} of ${share.length} tasks`);
  const events = {
    result: ({ hash, seconds }: { hash: string; seconds: number }) => say(`${hash} ${seconds.toFixed(2)} s`),
    failure: ({ hash, reason }: { hash: string; reason: string }) => say(`${hash} failed: ${reason}`),
    say,
  };
  const stop = new AbortController();
  // What Slurm sends before it takes a job away.
  process.on("SIGTERM", () => stop.abort());
  try {
    await new LocalExecutor(store, processes).run(open, events, stop.signal);
  } catch (error) {
    say(reasonOf(error));
    process.exitCode = 1;
  }
  process.exit();
}
