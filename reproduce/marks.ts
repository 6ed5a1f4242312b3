/** What all pictures of the experiments draw alike. */
const METHODS = ["mbgd", "lrt", "sbpca", "nmf"];

/** Okabe and Ito's colours. */
export const METHOD_COLOUR = {
  field: "method",
  type: "nominal",
  scale: { domain: METHODS, range: ["#222222", "#0072B2", "#D55E00", "#009E73"] },
  legend: { title: "method" },
} as const;

export const METHOD_SHAPE = {
  field: "method",
  type: "nominal",
  scale: { domain: METHODS, range: ["square", "circle", "triangle-up", "diamond"] },
  legend: { title: "method" },
} as const;

export const METHOD_DASH = {
  field: "method",
  type: "nominal",
  scale: {
    domain: METHODS,
    range: [
      [1, 0],
      [1, 0],
      [6, 3],
      [2, 2],
    ],
  },
  legend: { title: "method" },
} as const;

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
