/** A task: one piece of work on one design, named by the hash of what determines its result. */
import { createHash } from "node:crypto";
import type { Design } from "../generator/design/schema.ts";
import { programVersion } from "./program.ts";
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
  readonly program: string;
}

/** @param checksum of the data set */
export function newTask(point: Point, design: Design, work: Settings, checksum: string, data?: string): Task {
  const program = programVersion(work.kind);
  const hash = createHash("sha256")
    .update(JSON.stringify([design, checksum, work, program]))
    .digest("hex")
    .slice(0, 32);
  return { hash, point, design, work, ...(data === undefined ? {} : { data }), program };
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
