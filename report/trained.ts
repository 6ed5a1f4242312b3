/** Every training of a run in the same shape: one of `rankloom train`, all of `rankloom compare`. */
import { METHODS, UPDATES } from "../cli/methods.ts";
import type { Design } from "../generator/design/schema.ts";
import { trainFigures } from "../sim/figures.ts";
import type { ComparedRun } from "./comparison.ts";
import type { RunRecord } from "./runs.ts";

export type Trained = Omit<ComparedRun, "saturation">;

type Gradient = Design["gradient"];

/** The last of the names whose fields are all the gradient's: those of a more special one come later. */
const nameOf = (names: Readonly<Record<string, Partial<Gradient>>>, gradient: Gradient): string | null =>
  Object.entries(names).findLast(([, fields]) =>
    Object.entries(fields).every(([key, value]) => gradient[key as keyof Gradient] === value),
  )?.[0] ?? null;

export const methodName = (gradient: Gradient): string => nameOf(METHODS, gradient) ?? gradient.method;

export function trainedOf(record: RunRecord): Trained[] {
  if (record.kind === "compare") return [...record.result.runs];
  if (record.kind !== "train") return [];
  const { design, result } = record;
  const { gradient, training } = design;
  return [
    {
      design,
      method: methodName(gradient),
      rank: gradient.rank ?? null,
      update: gradient.rank === undefined ? null : nameOf(UPDATES, gradient),
      learningRate: training.learningRate,
      seed: training.seed,
      ...trainFigures(design, result),
      accuracyPerEpoch: result.accuracy.perEpoch,
      memory: result.memory,
      cycles: result.cycles,
      stateHash: result.stateHash,
    },
  ];
}
