/** The sweep of a figure: its file, or a quick version of it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeFolders, writeFileWhole } from "../generator/write.ts";
import { type Planned, planSweep } from "../sweep/plan.ts";
import type { Figure } from "./figures.ts";

const FOLDER = fileURLToPath(new URL("./", import.meta.url));

/** Work of each task of a quick version, and the seeds of its runs. */
const QUICK_WORK = { kind: "train", epochs: 1, samples: 6400, testSamples: 2000 };
const QUICK_SEEDS = [1];

/** @param out folder for the sweep file of a quick version */
export function planFigure({ name, quick }: Figure, isQuick: boolean, out: string): Planned {
  const file = join(FOLDER, `${name}.sweep.json`);
  if (!isQuick) return planSweep(file);
  const sweep = JSON.parse(readFileSync(file, "utf8"));
  const axes = { ...sweep.axes, ...quick, "training.seed": QUICK_SEEDS };
  const own = join(out, `${name}.sweep.json`);
  makeFolders(out);
  writeFileWhole(own, `${JSON.stringify({ ...sweep, axes, work: QUICK_WORK }, null, 2)}\n`);
  return planSweep(own);
}
