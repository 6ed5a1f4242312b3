/** Every training of a run in the same shape: one of `rankloom train`, all of `rankloom compare`. */
import { nameOfMethod, nameOfUpdate } from "../generator/methods/compared.ts";
import { trainFigures } from "../sim/figures.ts";
import type { ComparedRun } from "./comparison.ts";
import type { RunRecord } from "./record.ts";

export type Trained = Omit<ComparedRun, "saturation">;

export function trainedOf(record: RunRecord): Trained[] {
  if (record.kind === "compare") return [...record.result.runs];
  if (record.kind !== "train") return [];
  const { design, result } = record;
  const { gradient, training } = design;
  return [
    {
      design,
      method: nameOfMethod(gradient),
      rank: gradient.rank ?? null,
      update: gradient.rank === undefined ? null : nameOfUpdate(gradient),
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
