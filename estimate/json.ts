/** An estimate as JSON: every figure once, by its name; breakdowns name their figures. */
import { breakdownsOf, type Estimate, figuresOf } from "./estimate-design.ts";
import type { Breakdown } from "./leaves.ts";
import { allFigures, type Figure } from "./tree.ts";

const ids = (groups: Readonly<Record<string, Figure>>) =>
  Object.fromEntries(Object.entries(groups).map(([key, { id }]) => [key, id]));

const named = ({ total, byLayer, byUnit, byKind }: Breakdown) => ({
  total: total.id,
  byLayer: ids(byLayer),
  byUnit: ids(byUnit),
  byKind: ids(byKind),
});

export type EstimateJson = ReturnType<typeof estimateJson>;

/** @param compared savings, by the baseline's method */
export function estimateJson(result: Estimate, compared: Readonly<Record<string, readonly Figure[]>>) {
  const figures = new Map([...figuresOf(result), ...allFigures(Object.values(compared).flat())]);
  const { design, nodeNm, liberty, tool, adc, slowest, synthesis, activity, warnings } = result;
  return {
    format: 1,
    design,
    nodeNm,
    liberty,
    tool,
    adc,
    slowestPath: slowest,
    synthesis,
    activity,
    warnings,
    breakdowns: Object.fromEntries(Object.entries(breakdownsOf(result)).map(([name, b]) => [name, named(b)])),
    savings: Object.fromEntries(Object.entries(compared).map(([name, list]) => [name, list.map(({ id }) => id)])),
    figures: Object.fromEntries(
      [...figures].map(([id, { title, value, unit, formula, parts, inputs, constants }]) => [
        id,
        { title, value, unit, formula, parts: parts.map((part) => part.id), inputs, constants },
      ]),
    ),
  };
}
