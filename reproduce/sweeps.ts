/** The sweep of a figure: its file, or a quick version of it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeFolders, writeFileWhole } from "../generator/base/write.ts";
import { type Planned, planSweep } from "../sweep/plan.ts";
import type { Axis } from "../sweep/schema.ts";
import type { Figure } from "./figures.ts";

const FOLDER = fileURLToPath(new URL("./", import.meta.url));

/** Work of each task of a quick version, and the seeds of its runs. */
const QUICK_WORK = { kind: "train", epochs: 1, samples: 6400, testSamples: 2000 };
const QUICK_SEEDS = [1];

export const sweepFileOf = ({ name }: Figure): string => join(FOLDER, `${name}.sweep.json`);

/** What a sweep file says, with fewer samples, values and seeds. */
export function quickSweep(figure: Figure): Record<string, unknown> & { readonly axes: Record<string, Axis> } {
  const sweep = JSON.parse(readFileSync(sweepFileOf(figure), "utf8"));
  return {
    ...sweep,
    axes: { ...sweep.axes, ...figure.quick, "training.seed": QUICK_SEEDS },
    work: QUICK_WORK,
  };
}

/** @param out folder for the sweep file of a quick version */
export function planFigure(figure: Figure, isQuick: boolean, out: string): Planned {
  if (!isQuick) return planSweep(sweepFileOf(figure));
  const file = join(out, `${figure.name}.sweep.json`);
  makeFolders(out);
  writeFileWhole(file, `${JSON.stringify(quickSweep(figure), null, 2)}\n`);
  return planSweep(file);
}
