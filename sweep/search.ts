/** Search by successive halving (Jamieson and Talwalkar, "Non-stochastic Best Arm Identification", 2016): all points are
 *  trained on few samples, the best third on three times as many, and so on, the last ones on the whole. */

import { Refusal } from "../generator/base/errors.ts";
import { datasetOf } from "./datasets.ts";
import type { Executor } from "./executor.ts";
import { runTasks, type Watcher } from "./run.ts";
import type { Plan, Store } from "./store.ts";
import { writeTasks } from "./table.ts";
import { type Failure, newTask, pointText, type Task } from "./task.ts";
import type { WholeAmount } from "./work.ts";
import { workOf } from "./works.ts";

/** Of the points of a round, one in so many goes on, with so many times the samples. */
const RATIO = 3;
/** Fewer batches say nothing of a point. */
const LEAST_BATCHES = 4;
const SHOWN = 3;

export interface SearchOptions {
  readonly store: Store;
  readonly plan: Plan;
  /** Of the whole amount. */
  readonly tasks: readonly Task[];
  readonly executor: Executor;
  readonly watcher: Watcher;
  readonly signal: AbortSignal;
  readonly figure: string;
  readonly better: "more" | "less";
  /** In whole tasks. */
  readonly budget: number;
}

/** Tasks that differ in the axes of which all values are run: they count together. */
interface Candidate {
  readonly name: string;
  readonly tasks: readonly Task[];
}

/** One round: so many candidates, each on this part of the whole amount. */
export interface Round {
  readonly candidates: number;
  readonly part: number;
}

/** Rounds whose work together is at most the budget: all cost the same, so the first has most candidates.
 *  @param budget at least 1, in whole tasks
 *  @param available candidates that there are
 *  @param leastPart smallest part that says something */
export function rounds(budget: number, available: number, leastPart: number): Round[] {
  for (let last = Math.max(0, Math.floor(Math.log(1 / leastPart) / Math.log(RATIO))); last >= 0; last--) {
    const most = Math.min(available, Math.floor((budget * RATIO ** last) / (last + 1)));
    // Rounds after the last candidate would only repeat.
    if (last > 0 && most < RATIO ** last) continue;
    return Array.from({ length: last + 1 }, (_, r) => ({
      candidates: Math.floor(most / RATIO ** r),
      part: RATIO ** (r - last),
    }));
  }
  throw new Error("without further rounds, the budget's whole tasks are run");
}

export async function runSearch(options: SearchOptions): Promise<{ tasks: Task[]; failures: Map<string, Failure> }> {
  const { store, plan, figure, better, budget, watcher, signal } = options;
  const kind = plan.kinds[0];
  const { figures, amount, of } = workOf(kind);
  if (!Object.hasOwn(figures, figure) || !["DOUBLE", "BIGINT"].includes(figures[figure].type))
    throw new Refusal(
      `--${better === "more" ? "maximise" : "minimise"} ${figure}: is no figure of ${kind}; use one of ${numbersOf(figures)}`,
    );
  if (!amount || !of || plan.kinds.length > 1)
    throw new Refusal(`${plan.file}: work: a search needs one kind of work that can be done in part; use train`);
  const whole = options.tasks.map(
    (task): WholeAmount => amount(task.work, task.design, datasetOf(task.design, task.data)),
  );
  const leastPart = Math.max(
    ...whole.map(
      ({ epochs, samples, least }) => (least < samples ? LEAST_BATCHES * least : least) / (epochs * samples),
    ),
  );
  const candidates = candidatesOf(options.tasks, plan.every);
  const perCandidate = options.tasks.length / candidates.length;
  if (budget < perCandidate)
    throw new Refusal(
      `--budget ${budget}: is less than one point with all its ${plan.every.join(", ")}; use at least ${perCandidate}`,
    );
  const schedule = rounds(budget / perCandidate, candidates.length, Math.min(1, leastPart));
  const wholeOf = new Map(options.tasks.map((task, n) => [task.hash, whole[n]]));

  let alive = spread(candidates, schedule[0].candidates);
  const all: Task[] = [];
  const failures = new Map<string, Failure>();
  for (const [r, { part }] of schedule.entries()) {
    const round = alive.map(({ name, tasks }) => ({
      name,
      tasks: tasks.map((task) => partOf(task, part, wholeOf.get(task.hash) as WholeAmount, of)),
      full: tasks,
    }));
    all.push(...round.flatMap(({ tasks }) => tasks));
    await writeTasks(store, plan, all);
    store.writePlan(plan, all);
    watcher.say(
      `round ${r + 1} of ${schedule.length}: ${alive.length} candidates, each on ${percentOf(part)} of the work`,
    );
    const failed = await runTasks(
      store,
      round.flatMap(({ tasks }) => tasks),
      options.executor,
      watcher,
      signal,
    );
    for (const [hash, failure] of failed) failures.set(hash, failure);
    if (signal.aborted) break;
    const scored = round.flatMap(({ name, tasks, full }) => {
      if (tasks.some(({ hash }) => !store.has(hash))) return [];
      const values = tasks.map(({ hash }) => Number(store.result(hash).figures[figure]));
      return [{ name, tasks: full, score: values.reduce((sum, v) => sum + v, 0) / values.length }];
    });
    scored.sort((a, b) => (better === "more" ? b.score - a.score : a.score - b.score));
    const best = scored.slice(0, r + 1 < schedule.length ? SHOWN : undefined);
    watcher.say(
      best.map(({ name, score }) => `  ${figure} ${score.toPrecision(4)}: ${name}`).join("\n") || "  none has a result",
    );
    if (scored.length === 0) break;
    alive = scored.slice(0, schedule[r + 1]?.candidates ?? 0);
  }
  return { tasks: all, failures };
}

const numbersOf = (figures: Readonly<Record<string, { readonly type: string }>>): string =>
  Object.keys(figures)
    .filter((name) => ["DOUBLE", "BIGINT"].includes(figures[name].type))
    .join(", ");

const percentOf = (part: number): string => `${(100 * part).toPrecision(part === 1 ? 3 : 2)} %`;

function candidatesOf(tasks: readonly Task[], every: readonly string[]): Candidate[] {
  const groups = new Map<string, Task[]>();
  for (const task of tasks) {
    const name = pointText(Object.fromEntries(Object.entries(task.point).filter(([axis]) => !every.includes(axis))));
    groups.set(name, [...(groups.get(name) ?? []), task]);
  }
  return [...groups].map(([name, list]) => ({ name, tasks: list }));
}

/** So many of a list, evenly from its start to its end: a grid's every corner, a sample's whole. */
function spread<T>(list: readonly T[], count: number): T[] {
  return Array.from({ length: count }, (_, n) => list[Math.floor((n * list.length) / count)]);
}

/** The same task on a part of its work: fewer epochs, or less than one. */
function partOf(task: Task, part: number, whole: WholeAmount, of: NonNullable<ReturnType<typeof workOf>["of"]>): Task {
  if (part === 1) return task;
  const samples = part * whole.epochs * whole.samples;
  const amount =
    samples >= whole.samples || whole.least === whole.samples
      ? { epochs: Math.max(1, Math.floor(samples / whole.samples + 1e-9)), samples: whole.samples }
      : { epochs: 1, samples: Math.max(1, Math.floor(samples / whole.least)) * whole.least };
  return newTask(task.point, task.design, of(task.work, amount, task.design), task.dataKey, task.data);
}
