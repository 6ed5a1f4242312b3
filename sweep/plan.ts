/** From a sweep file to its tasks: each point's design, times what is run for each. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { shapeOf } from "../data/samples.ts";
import { EXIT, Refusal } from "../generator/base/errors.ts";
import type { Design } from "../generator/design/schema.ts";
import { dataKey } from "../kept/data.ts";
import { datasetOf } from "./datasets.ts";
import { besideFile, pointsOf } from "./points.ts";
import { readSweep } from "./schema.ts";
import type { Plan } from "./store.ts";
import { newTask, type Task } from "./task.ts";

export interface Planned {
  readonly plan: Plan;
  readonly tasks: readonly Task[];
  /** Points that are no valid design, where the file says to skip them. */
  readonly skipped: number;
  /** Points whose design is another point's, too: they have one task. */
  readonly repeated: number;
}

/** @throws Refusal: what is wrong, where, and what would be right */
export function planSweep(file: string): Planned {
  const sweep = readSweep(file);
  const points = pointsOf(file, sweep);
  const data = sweep.data === undefined ? undefined : resolve(besideFile(file, sweep.data));
  if (data !== undefined && !statSync(data, { throwIfNoEntry: false }))
    throw new Refusal(
      `${file}: data: ${sweep.data} does not exist; give a folder of IDX files or a CSV file`,
      EXIT.environment,
    );
  const works = Array.isArray(sweep.work) ? sweep.work : [sweep.work];
  const kinds = works.map(({ kind }) => kind);
  const twice = kinds.find((kind, n) => kinds.indexOf(kind) !== n);
  if (twice !== undefined) throw new Refusal(`${file}: work: ${twice} is given twice; leave one out`);
  const keys = new Map<string, string>();
  const keyOf = (design: Design): string => {
    const shape = shapeOf(design.network);
    const name = JSON.stringify(shape);
    const found = keys.get(name);
    if (found !== undefined) return found;
    // Data that does not fit the design is refused here, and not in each task.
    datasetOf(design, data);
    const key = dataKey(shape, { path: data });
    keys.set(name, key);
    return key;
  };
  const tasks = new Map<string, Task>();
  for (const { point, design } of points.list)
    for (const work of works) {
      const task = newTask(point, design, work, keyOf(design), data);
      if (!tasks.has(task.hash)) tasks.set(task.hash, task);
    }
  return {
    plan: { name: sweep.name, file, axes: Object.keys(sweep.axes), every: points.every, kinds },
    tasks: [...tasks.values()],
    skipped: points.skipped,
    repeated: points.list.length * works.length - tasks.size,
  };
}
