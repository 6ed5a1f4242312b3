/** What the arguments of `rankloom report` name: runs, estimates, or a sweep. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { Refusal } from "../generator/base/errors.ts";
import { findSweep, Store } from "../sweep/store.ts";
import { type Estimate, readEstimate } from "./estimate-pictures.ts";
import { isRun, RUNS, type Run, readRun, runsIn } from "./runs.ts";

const SWEEPS = join("out", "sweeps");

export type Subject =
  | { readonly kind: "runs"; readonly runs: readonly Run[]; readonly estimates: readonly Estimate[] }
  | { readonly kind: "sweep"; readonly store: Store };

/** @param names folders or names of runs, files of estimates, or one sweep; none: the run that was left last */
export function subjectOf(names: readonly string[]): Subject {
  if (names.length === 0) {
    const [last] = runsIn();
    if (last === undefined)
      throw new Refusal(`${RUNS}: holds no run; train one first: npx rankloom train tiny, then npx rankloom report`);
    return { kind: "runs", runs: [readRun(last)], estimates: [] };
  }
  const runs: Run[] = [];
  const estimates: Estimate[] = [];
  for (const name of names) {
    const folder = [name, join(RUNS, name)].find(isRun);
    if (folder !== undefined) runs.push(readRun(folder));
    else if (name.endsWith(".json") && !name.endsWith(".sweep.json") && existsSync(name) && statSync(name).isFile())
      estimates.push(readEstimate(name));
    else {
      const store = sweepOf(name);
      if (names.length > 1) throw new Refusal(`${name}: is a sweep, which has a report of its own; give it alone`);
      return { kind: "sweep", store };
    }
  }
  if (runs.length === 0)
    throw new Refusal(`${names.join(", ")}: is no run; give a run as well, e.g. a folder of ${RUNS}`);
  return { kind: "runs", runs, estimates };
}

function sweepOf(name: string): Store {
  try {
    return new Store(findSweep(SWEEPS, name));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const known = runsIn().slice(0, 5);
    throw new Refusal(
      `${name}: is neither a run nor a sweep; ${known.length > 0 ? `runs are ${known.join(", ")}` : "run rankloom train first"}`,
    );
  }
}
