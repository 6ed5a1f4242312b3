/** What all pictures of the experiments draw alike. */
import { methodMarks } from "../report/marks.ts";

const marks = methodMarks(["mbgd", "lrt", "sbpca", "nmf"]);
export const METHOD_COLOUR = marks.color;
export const METHOD_SHAPE = marks.shape;
export const METHOD_DASH = marks.strokeDash;

export const accuracyAxis = {
  field: "percent",
  type: "quantitative",
  scale: { zero: false, nice: true },
  axis: { title: "accuracy on the test set (%)" },
} as const;

/** Mean ± standard deviation over seeds, along `along`. */
export function spreadBars(other: object, along: "x" | "y") {
  return {
    transform: [
      { calculate: "datum.percent - 100 * datum.spread", as: "low" },
      { calculate: "datum.percent + 100 * datum.spread", as: "high" },
    ],
    mark: { type: "rule", strokeWidth: 1.2, color: "#666666" },
    encoding: {
      ...other,
      [along]: { field: "low", type: "quantitative", scale: { zero: false } },
      [`${along}2`]: { field: "high" },
    },
  } as never;
}
