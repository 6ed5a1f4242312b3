/** A task: one piece of work on one design, named by the hash of what determines its result. */
import type { Design } from "../generator/design/schema.ts";
import { contentKey } from "../kept/key.ts";
import { workVersion } from "./program.ts";
import type { AxisValue } from "./schema.ts";
import type { Figures, Settings } from "./work.ts";

/** By axis; one whose condition is false is absent. */
export type Point = Readonly<Record<string, AxisValue>>;

export interface Task {
  /** 32 hexadecimal digits. */
  readonly hash: string;
  readonly point: Point;
  /** Complete: every default is in it. */
  readonly design: Design;
  readonly work: Settings;
  /** Path of the data set; the design's own if absent. */
  readonly data?: string;
  /** Of what is in it. */
  readonly dataKey: string;
  readonly program: string;
}

export function newTask(point: Point, design: Design, work: Settings, dataKey: string, data?: string): Task {
  const program = workVersion(work.kind);
  const hash = contentKey({ design, data: dataKey, work, version: program });
  return { hash, point, design, work, ...(data === undefined ? {} : { data }), dataKey, program };
}

/** How and when a result was computed: nothing of it is determined by the task. */
export interface Timing {
  readonly seconds: number;
  readonly host: string;
  /** ISO 8601. */
  readonly finished: string;
}

export interface Result extends Timing {
  readonly hash: string;
  readonly kind: string;
  readonly figures: Figures;
}

export interface Failure extends Timing {
  readonly hash: string;
  readonly reason: string;
}

/** A point in words. */
export const pointText = (point: Point): string =>
  Object.entries(point)
    .map(([axis, value]) => `${axis}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
