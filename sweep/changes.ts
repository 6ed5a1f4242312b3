/** What has changed since tasks were planned: the program, or the data. */
import { shapeOf } from "../data/samples.ts";
import { Refusal } from "../generator/base/errors.ts";
import { dataKey } from "../kept/data.ts";
import { workVersion } from "./program.ts";
import type { Store } from "./store.ts";
import type { Task } from "./task.ts";

/** Data by where it lies and how it is read. */
const placeOf = ({ design, data }: Task): string => JSON.stringify([shapeOf(design.network), data]);

/** @throws Refusal where tasks were planned with another program than this one, or with other data than is there now */
export function refuseChanged(name: string, tasks: readonly Task[]): void {
  for (const [kind, program] of programsOf(tasks)) {
    const own = workVersion(kind);
    if (program !== own)
      throw new Refusal(
        `${name}: the program has changed since the sweep was planned (${program}, now ${own}); run it again without --resume`,
      );
  }
  for (const task of new Map(tasks.map((one) => [placeOf(one), one])).values())
    if (task.dataKey !== dataKey(shapeOf(task.design.network), { path: task.data }))
      throw new Refusal(
        `${name}: the data has changed since the sweep was planned${task.data === undefined ? "" : ` (${task.data})`}; run it again without --resume`,
      );
}

const programsOf = (tasks: readonly Task[]): Map<string, string> =>
  new Map(tasks.map(({ work, program }) => [work.kind, program]));

/** Says what has changed since the results that a sweep's folder keeps: they stay, and are not these tasks'.
 *  @returns lines for the user */
export function changesSince(store: Store, tasks: readonly Task[]): string[] {
  if (!store.exists() || store.finished().size === 0) return [];
  const { name } = store.plan();
  const before = store.tasks();
  const programs = programsOf(before);
  const changed = [...programsOf(tasks)].flatMap(([kind, now]) => {
    const then = programs.get(kind);
    return then === undefined || then === now ? [] : [`${kind}: ${then}, now ${now}`];
  });
  const keys = new Map(before.map((task) => [placeOf(task), task.dataKey]));
  const isOther = tasks.some((task) => (keys.get(placeOf(task)) ?? task.dataKey) !== task.dataKey);
  return [
    ...(changed.length > 0 ? [`the program has changed since the kept results (${changed.join("; ")})`] : []),
    ...(isOther ? ["the data has changed since the kept results"] : []),
  ].map((what) => `${name}: ${what}; they stay, and tasks are run with what is there now`);
}
