/** How long tasks take, by measuring some of them: drawn at random, each run on a few batches and again on more, which
 *  gives what a sample and what an epoch's test cost. Its results are not kept. */
import { Random, shuffled } from "../data/random.ts";
import { datasetOf } from "./datasets.ts";
import type { Task } from "./task.ts";
import { figuresOf } from "./task-program.ts";
import { workOf } from "./works.ts";

/** First word of the key of the draw; data/random.ts and sample.ts have the others. */
const STREAM = 102;
const LEAST_TASKS = 3;
/** The short runs train on this part of the samples, and on three times as many. */
const PART = 1 / 64;

export interface Pilot {
  readonly measured: number;
  readonly meanSeconds: number;
  readonly leastSeconds: number;
  readonly mostSeconds: number;
  /** Standard error of the mean. */
  readonly errorSeconds: number;
}

/** @param seconds stops after about so long, but not before three tasks are measured */
export async function runPilot(tasks: readonly Task[], seconds: number): Promise<Pilot> {
  const order = shuffled(tasks.length, new Random(STREAM));
  await workOf(tasks[0].work.kind).prepare?.();
  // The first run loads the data and compiles: a sweep does so once in each process.
  await secondsOf(tasks[order[0]]);
  const begun = performance.now();
  const found: number[] = [];
  for (const n of order) {
    if (found.length >= LEAST_TASKS && performance.now() - begun > 1000 * seconds) break;
    found.push(await secondsOf(tasks[n]));
  }
  const mean = found.reduce((sum, s) => sum + s, 0) / found.length;
  const variance = found.reduce((sum, s) => sum + (s - mean) ** 2, 0) / Math.max(1, found.length - 1);
  return {
    measured: found.length,
    meanSeconds: mean,
    leastSeconds: Math.min(...found),
    mostSeconds: Math.max(...found),
    errorSeconds: found.length === tasks.length ? 0 : Math.sqrt(variance / found.length),
  };
}

async function timed(task: Task): Promise<number> {
  const begun = performance.now();
  await figuresOf(task);
  return (performance.now() - begun) / 1000;
}

/** Of the whole task, by short runs where its work has an amount. */
async function secondsOf(task: Task): Promise<number> {
  const { design, data, work: settings } = task;
  const work = workOf(settings.kind);
  if (!work.amount || !work.of) return timed(task);
  const whole = work.amount(settings, design, datasetOf(design, data));
  const few = Math.max(whole.least, Math.round((whole.samples * PART) / whole.least) * whole.least);
  const more = Math.min(3 * few, whole.samples);
  if (more <= few && whole.epochs <= 2) return timed(task);
  const change = work.of;
  const of = (epochs: number, samples: number) =>
    timed({ ...task, work: change(settings, { epochs, samples }, design) });
  const shortest = await of(1, few);
  const bySample = more <= few ? 0 : Math.max(0, ((await of(1, more)) - shortest) / (more - few));
  // What a further pass costs beside its samples: a test, and where passes cannot be short, all.
  const byEpoch = whole.epochs === 1 ? 0 : Math.max(0, (await of(2, few)) - shortest - few * bySample);
  return shortest + bySample * (whole.epochs * whole.samples - few) + (whole.epochs - 1) * byEpoch;
}
