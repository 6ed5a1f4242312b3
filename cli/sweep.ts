/** `rankloom sweep`: runs designs of a whole space, and keeps each result for good. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { EXIT, Refusal } from "../generator/base/errors.ts";
import { count, duration } from "../generator/base/quantities.ts";
import { Output, table } from "../report/console.ts";
import type { Executor } from "../sweep/executor.ts";
import type { Progress, Watcher } from "../sweep/run.ts";
import type { SlurmOptions } from "../sweep/slurm.ts";
import type { Plan, Store } from "../sweep/store.ts";
import type { Tables } from "../sweep/table.ts";
import type { Failure, Task } from "../sweep/task.ts";
import { AT_ONCE, addJson, appended, numberWithin, wholeNumber } from "./options.ts";
import { interruptible } from "./run.ts";

/** Failures that are listed; of more, only the number. */
const LISTED = 20;

interface Options extends SlurmOptions {
  readonly dryRun?: boolean;
  readonly pilot: number;
  readonly resume?: boolean;
  readonly retryFailed?: boolean;
  readonly task?: string;
  readonly executor: "local" | "slurm";
  readonly jobs: number;
  readonly maximise?: string;
  readonly minimise?: string;
  readonly budget?: number;
  readonly out?: string;
  readonly json?: string;
}

export function addSweep(root: Command): Command {
  const command = root
    .command("sweep")
    .description("run the designs of a whole space, on this machine or on a cluster, and keep each result")
    .argument("<file>", "sweep file; docs/sweeps.md lists its fields")
    .option("--dry-run", "say how many tasks there are, and how long they take by a measured pilot; run none")
    .option("--pilot <seconds>", "time that the pilot of a dry run may take; 0: none", wholeNumber("--pilot", 0), 20)
    .option("--resume", "go on with the tasks that were planned, whatever became of the file")
    .option("--retry-failed", "run failed tasks again")
    .option("--task <hash>", "run this task alone, here, and print its result; keeps nothing")
    .addOption(new Option("--executor <name>", "where tasks run").choices(["local", "slurm"]).default("local"))
    .option("--jobs <n>", "local: processes", numberWithin("--jobs", AT_ONCE), availableParallelism())
    .option("--partition <name>", "slurm: partition")
    .option("--time <limit>", "slurm: time limit of a job, as sbatch has it, e.g. 2:00:00")
    .option("--memory <size>", "slurm: memory of a job, as sbatch has it, e.g. 2G")
    .option("--cpus <n>", "slurm: processors of a job, each running a task", numberWithin("--cpus", AT_ONCE), 1)
    .option(
      "--chunk <n>",
      "slurm: tasks of one job of the array (default: a hundredth of all)",
      wholeNumber("--chunk", 1),
    )
    .addOption(
      new Option("--sbatch <option>", "slurm: a further option of sbatch, e.g. --sbatch=--account=lab; repeatable")
        .default([], "none")
        .argParser(appended),
    )
    .option("--maximise <figure>", "search: few samples first, the best go on")
    .option("--minimise <figure>", "the same, for the least")
    .option("--budget <n>", "of a search: as much work as so many whole tasks", wholeNumber("--budget", 1))
    .option("--out <folder>", "folder of the results (default: out/sweeps/<name>)");
  return addJson(command).action(sweep);
}

async function sweep(file: string, options: Options): Promise<void> {
  check(options);
  const { Store } = await import("../sweep/store.ts");
  const { planSweep } = await import("../sweep/plan.ts");
  const { changesSince, refuseChanged } = await import("../sweep/changes.ts");
  const folder = (name: string) => options.out ?? join("out", "sweeps", name);
  const output = await Output.open(options.json);
  if (options.task !== undefined) return runOne(file, options.task, output);
  if (options.dryRun) {
    const { skipped, repeated, tasks, plan } = planSweep(file);
    output.say(planText(plan.name, tasks.length, skipped, repeated));
    return dryRun(new Store(folder(plan.name)), tasks, options, output);
  }
  let store: Store;
  let plan: Plan;
  let tasks: readonly Task[];
  if (options.resume) {
    store = await plannedStore(file, options.out);
    plan = store.plan();
    tasks = store.tasks();
    refuseChanged(plan.name, tasks);
    store.lock();
    output.say(`${plan.name}: going on with ${count(tasks.length)} tasks`);
  } else {
    const planned = planSweep(file);
    ({ plan, tasks } = planned);
    store = new Store(folder(plan.name));
    store.lock();
    output.say(planText(plan.name, tasks.length, planned.skipped, planned.repeated));
    for (const line of changesSince(store, tasks)) output.say(line);
  }
  store.tidy();
  if (options.retryFailed) store.forgetFailures();
  const search = searchOf(options);
  const signal = interruptible();
  const executor = await executorOf(store, options);
  const watcher = watcherOf(output);
  const { runSweep, tablesOf } = await import("../sweep/run.ts");
  let failures: Map<string, Failure>;
  let tables: Tables;
  if (search) {
    const { runSearch } = await import("../sweep/search.ts");
    ({ tasks, failures } = await runSearch({ store, plan, tasks, executor, watcher, signal, ...search }));
    tables = await tablesOf(store);
  } else ({ tables, failures } = await runSweep(store, plan, tasks, executor, watcher, signal));
  output.endProgress();
  const [{ finished }] = (await tables.rows("select count(*) as finished from results")).rows;
  tables.close();
  const failed = tasks.flatMap((task) => {
    const failure = failures.get(task.hash);
    return failure ? [{ task, failure }] : [];
  });
  await output.result({
    name: plan.name,
    folder: store.folder,
    tasks: tasks.length,
    finished,
    failures: failed.map(({ task, failure }) => ({ ...failure, point: task.point })),
  });
  if (failed.length > 0) output.say(failuresText(file, failed));
  output.say(
    `${count(Number(finished))} of ${count(tasks.length)} tasks have a result, in ${store.path("results.parquet")}; npx rankloom query "select * from results" --sweep ${store.folder}`,
  );
  if (signal.aborted) process.exitCode = EXIT.interrupted;
  else if (failed.length > 0) process.exitCode = EXIT.failedCheck;
}

function check({ maximise, minimise, budget, resume, dryRun, executor, pilot: _, ...rest }: Options): void {
  if (maximise !== undefined && minimise !== undefined)
    throw new Refusal("--minimise: given beside --maximise; leave one of them out");
  if ((maximise ?? minimise) !== undefined && budget === undefined)
    throw new Refusal("--budget: missing; say how many whole tasks' work the search may take, e.g. --budget 20");
  if (budget !== undefined && (maximise ?? minimise) === undefined)
    throw new Refusal("--budget: is of a search; give --maximise or --minimise, e.g. --maximise accuracy");
  if (resume && dryRun) throw new Refusal("--resume: a dry run resumes nothing; leave one of them out");
  if (executor === "local")
    for (const option of ["partition", "time", "memory", "chunk"] as const)
      if (rest[option] !== undefined)
        throw new Refusal(`--${option}: is of Slurm; give --executor slurm, or leave it out`);
}

const planText = (name: string, tasks: number, skipped: number, repeated: number): string =>
  [
    `${name}: ${count(tasks)} tasks`,
    ...(repeated > 0 ? [`${count(repeated)} more have the design of another`] : []),
    ...(skipped > 0 ? [`${count(skipped)} points are no valid design and are skipped`] : []),
  ].join("; ");

/** The folder of a sweep that was planned before.
 *  @param file the sweep file, which may be gone or broken by now */
async function plannedStore(file: string, out: string | undefined): Promise<Store> {
  const { Store, findSweep } = await import("../sweep/store.ts");
  return new Store(out ?? findSweep(join("out", "sweeps"), file));
}

function searchOf({ maximise, minimise, budget }: Options) {
  const figure = maximise ?? minimise;
  if (figure === undefined || budget === undefined) return null;
  return { figure, better: maximise === undefined ? ("less" as const) : ("more" as const), budget };
}

async function executorOf(store: Store, options: Options): Promise<Executor> {
  if (options.executor === "slurm") {
    const { SlurmExecutor } = await import("../sweep/slurm.ts");
    return new SlurmExecutor(store, options);
  }
  const { LocalExecutor } = await import("../sweep/local.ts");
  return new LocalExecutor(store, options.jobs);
}

function watcherOf(output: Output): Watcher {
  return {
    progress: (p) => output.progress(`${count(p.of)} tasks`, p.done, p.of, rateText(p)),
    say: (text) => output.say(text),
  };
}

function rateText({ of, done, failed, fresh, seconds }: Progress): string {
  const parts = failed > 0 ? [`${count(failed)} failed`] : [];
  if (fresh > 0 && seconds > 0) {
    const rate = fresh / seconds;
    parts.unshift(`${rate >= 1 ? `${rate.toFixed(1)} a second` : `${(60 * rate).toFixed(1)} a minute`}`);
    parts.unshift(`${duration((of - done) / rate)} left`);
  }
  return parts.join(", ");
}

function failuresText(file: string, failed: readonly { task: Task; failure: Failure }[]): string {
  const lines = failed.slice(0, LISTED).map(({ task, failure }) => {
    const point = Object.entries(task.point).map(([axis, value]) => `${axis}=${JSON.stringify(value)}`);
    return `  ${point.join(" ")}: ${failure.reason}\n    npx rankloom sweep ${file} --task ${task.hash.slice(0, 12)}`;
  });
  const more =
    failed.length > LISTED ? [`  and ${count(failed.length - LISTED)} more: npx rankloom query "from failures"`] : [];
  return [`${count(failed.length)} failed; --retry-failed runs them again:`, ...lines, ...more].join("\n");
}

async function runOne(file: string, hash: string, output: Output): Promise<void> {
  const { planSweep } = await import("../sweep/plan.ts");
  const found = planSweep(file).tasks.filter((task) => task.hash.startsWith(hash));
  if (found.length !== 1)
    throw new Refusal(
      `--task ${hash}: ${found.length === 0 ? "no task" : "more than one"} of ${file} begins so; give more of a hash of npx rankloom query "from failures"`,
    );
  const { figuresOf } = await import("../sweep/task-program.ts");
  const { point, work, design } = found[0];
  const figures = await figuresOf(found[0]);
  await output.result({ point, work, design, figures });
  output.say(
    table(
      Object.entries({ ...point, ...figures }).map(([name, value]) => [name, show(value)]),
      [0, 1],
    ).join("\n"),
  );
}

const show = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

async function dryRun(store: Store, tasks: readonly Task[], options: Options, output: Output): Promise<void> {
  const finished = store.finished();
  const open = tasks.filter(({ hash }) => !finished.has(hash));
  if (open.length < tasks.length) output.say(`${count(tasks.length - open.length)} of them have a result already`);
  const { runPilot } = await import("../sweep/pilot.ts");
  const pilot = options.pilot === 0 || open.length === 0 ? null : await runPilot(open, options.pilot);
  await output.result({ tasks: tasks.length, open: open.length, pilot });
  if (pilot === null) return;
  const whole = pilot.meanSeconds * open.length;
  const spread = pilot.errorSeconds * open.length;
  output.say(
    `${count(pilot.measured)} of them measured: ${duration(pilot.meanSeconds)} a task on average (${duration(pilot.leastSeconds)} to ${duration(pilot.mostSeconds)}); all take ${duration(whole)} ± ${duration(spread)} of one core, ${duration(whole / options.jobs)} on ${options.jobs}`,
  );
}
