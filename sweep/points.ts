/** A sweep file's points: which of the grid are run, and the design of each. */
import { dirname, isAbsolute, join } from "node:path";
import { Refusal } from "../generator/base/errors.ts";
import { completeDesign, fieldSchema, readDesign, setField } from "../generator/design/load.ts";
import { presets } from "../generator/design/presets.ts";
import type { Design } from "../generator/design/schema.ts";
import { type AxisSet, axisSet, type Choice, condition } from "./axes.ts";
import type { Lookup, Value } from "./expression.ts";
import { evenPoints, randomPoints } from "./sample.ts";
import type { AxisValue, SweepFile } from "./schema.ts";
import { type Point, pointText } from "./task.ts";

const MOST_POINTS = 1_000_000;
/** A sample gives up after so many points in a row that were there already or met no condition. */
const MOST_TRIES = 20_000;

interface DesignPoint {
  readonly point: Point;
  readonly design: Design;
}

export interface Points {
  readonly list: readonly DesignPoint[];
  /** Points that were no valid design, where the file says to skip them. */
  readonly skipped: number;
  /** Axes that each sampled point is run along. */
  readonly every: readonly string[];
}

/** @param path as the sweep file has it
 *  @returns as seen from where the program runs */
export const besideFile = (file: string, path: string): string => (isAbsolute(path) ? path : join(dirname(file), path));

/** @param file its name, for messages and paths in it */
export function pointsOf(file: string, sweep: SweepFile): Points {
  const base = Object.hasOwn(presets, sweep.design) ? sweep.design : besideFile(file, sweep.design);
  const input = readDesign(base);
  for (const [path, value] of Object.entries(sweep.set)) set(input, path, value, `${file}: set`);
  const names = Object.keys(sweep.axes);
  const known = (field: string) => names.includes(field) || fieldSchema(field) !== null;
  const axes = names.map((name) => axisSet(name, sweep.axes[name], `${file}: axes.${name}`, known));
  if (axes.length === 0)
    throw new Refusal(`${file}: axes: has none; give one or more, e.g. { "training.seed": [1, 2, 3] }`);
  const constraints = sweep.constraints.map((text, n) => condition(text, `${file}: constraints.${n}`, known));
  const source = (point: Point) => `${file}: ${pointText(point)}`;

  const seen = new Set<string>();
  const list: DesignPoint[] = [];
  let skipped = 0;
  /** @returns whether the point is a new one that counts */
  const take = (choices: readonly Choice[]): boolean => {
    const copy = structuredClone(input);
    const shown: Record<string, AxisValue> = {};
    const lookup: Lookup = (field) => (Object.hasOwn(shown, field) ? (shown[field] as Value) : fieldValue(copy, field));
    axes.forEach(({ name, when }, a) => {
      if (when !== null && when.evaluate(lookup) !== true) return;
      shown[name] = choices[a].shown;
      for (const [path, value] of Object.entries(choices[a].fields)) set(copy, path, value, source(shown));
    });
    if (constraints.some((constraint) => constraint.evaluate(lookup) === false)) return false;
    const key = JSON.stringify(shown);
    if (seen.has(key)) return false;
    seen.add(key);
    try {
      list.push({ point: shown, design: completeDesign(copy, base, source(shown)) });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (sweep.invalid === "refuse")
        throw new Refusal(
          `${error.message}; or leave such points out by "constraints", "when" or "invalid": "skip"`,
          error.exitCode,
        );
      skipped++;
      return false;
    }
    return true;
  };

  const every = axes.filter((axis) => axis.every);
  if (sweep.sample.method === "grid") {
    for (const choices of product(axes, file)) take(choices);
  } else {
    const { method, count, seed } = sweep.sample;
    const sampled = axes.filter((axis) => !axis.every);
    const crossed = [...product(every, file)];
    const cube = (method === "random" ? randomPoints : evenPoints)(sampled.length, seed);
    for (let taken = 0, tries = 0; taken < count && tries < MOST_TRIES; ) {
      const parts = cube.next().value as number[];
      const own = new Map(sampled.map((axis, a) => [axis.name, axis.at(parts[a])]));
      let fresh = false;
      for (const choices of crossed) {
        const along = new Map(every.map((axis, a) => [axis.name, choices[a]]));
        fresh = take(axes.map(({ name }) => (own.get(name) ?? along.get(name)) as Choice)) || fresh;
      }
      if (fresh) taken++;
      tries = fresh ? 0 : tries + 1;
    }
  }
  if (list.length === 0) throw new Refusal(`${file}: no point is left; loosen "constraints"`);
  return { list, skipped, every: every.map(({ name }) => name) };
}

function set(input: unknown, path: string, value: AxisValue, source: string): void {
  setField(input, path, value === null ? undefined : value, source);
}

/** What a field is, or would be if left out. */
function fieldValue(input: unknown, path: string): Value {
  const given = path.split(".").reduce<unknown>((of, key) => (of as Record<string, unknown> | undefined)?.[key], input);
  return (given ?? fieldSchema(path)?.default ?? null) as Value;
}

/** All combinations, the first axis slowest. */
function* product(axes: readonly AxisSet[], file: string): Generator<Choice[]> {
  const counts = axes.map(({ name, count }) => {
    if (count === null)
      throw new Refusal(
        `${file}: axes.${name}: has no step; give "step" or "steps", or "sample" instead of the full grid`,
      );
    return count;
  });
  const all = counts.reduce((n, count) => n * count, 1);
  if (all > MOST_POINTS)
    throw new Refusal(`${file}: the full grid has ${all} points; use at most ${MOST_POINTS}, or "sample"`);
  for (let n = 0; n < all; n++) {
    let rest = n;
    const choices = new Array<Choice>(axes.length);
    for (let a = axes.length - 1; a >= 0; a--) {
      choices[a] = axes[a].nth(rest % counts[a]);
      rest = Math.floor(rest / counts[a]);
    }
    yield choices;
  }
}
