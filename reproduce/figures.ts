/** The experiments of Zhao et al. (Frontiers in Neuroscience 2021) on the simulated hardware: each a sweep file beside
 *  this one, a question to its results, and a picture of the answer. */
import type { TopLevelSpec } from "vega-lite";
import { COLOURS } from "../report/marks.ts";
import type { Axis } from "../sweep/schema.ts";
import type { Row } from "../sweep/table.ts";
import { accuracyAxis, METHOD_COLOUR, METHOD_DASH, METHOD_SHAPE, spreadBars } from "./marks.ts";

/** Of `sql`, with accuracy in per cent beside it. */
export type Rows = readonly (Row & { readonly percent: number })[];

export interface Figure {
  /** Also of its sweep file, `<name>.sweep.json`. */
  readonly name: string;
  readonly title: string;
  /** Of the sweep's `results`: rows with mean accuracy, its spread over seeds, gradient memory and pulses. */
  readonly sql: string;
  /** Axes of the quick version, where it has fewer values. */
  readonly quick: Readonly<Record<string, Axis>>;
  readonly picture: (rows: Rows) => TopLevelSpec;
}

/** Means over seeds; the spread is the standard deviation of single runs. */
const MEANS = `avg(accuracy) as accuracy, coalesce(stddev_samp(accuracy), 0) as spread, count(*) as seeds,
  any_value(gradientBits) as gradientBits, avg(pulsesPerCell) as pulsesPerCell`;

const number = (field: string, title: string) =>
  ({ field, type: "quantitative", axis: { title, grid: false, tickMinStep: 1 }, scale: { zero: false } }) as const;

/** Lines with points and spreads over a number, by method: told apart by colour, shape and dashes. */
const lines = (x: object) =>
  [
    {
      mark: { type: "line", strokeWidth: 1.8 },
      encoding: { x, y: accuracyAxis, color: METHOD_COLOUR, strokeDash: METHOD_DASH },
    },
    {
      mark: { type: "point", filled: true, size: 42 },
      encoding: { x, y: accuracyAxis, color: METHOD_COLOUR, shape: METHOD_SHAPE },
    },
    spreadBars({ x }, "y"),
  ] as never[];

const epochs: Figure = {
  name: "epochs",
  title: "Accuracy by epoch, three ranks against the full mini-batch gradient",
  sql: `with each as (
      select method, seed, gradientBits, pulsesPerCell, generate_subscripts(accuracyPerEpoch, 1) as epoch, unnest(accuracyPerEpoch) as accuracy
      from results)
    select method, epoch, ${MEANS} from each group by all order by all`,
  quick: {},
  picture: (rows) => ({ data: { values: [...rows] }, width: 420, height: 260, layer: lines(number("epoch", "epoch")) }),
};

const UPDATES = ["rank-sum", "rank-seq by row", "rank-seq by coincidence"];

/** Of methods by rank, with the full gradient as a level that has no rank. */
const ranks: Figure = {
  name: "ranks",
  title: "Accuracy by rank and update",
  sql: `select method, rank, "update", ${MEANS} from results group by all order by all`,
  quick: { "gradient.rank": { values: [1, 3, 10], when: "method != 'mbgd'", every: false } },
  picture: (rows) => {
    const full = rows.find(({ method }) => method === "mbgd");
    return {
      resolve: { scale: { y: "shared" } },
      hconcat: UPDATES.map((update) => ({
        title: { text: update, subtitle: "dotted: mbgd, the full gradient" },
        width: 240,
        height: 260,
        data: { values: rows.filter((row) => row.update === update) },
        layer: [
          ...lines(number("rank", "rank")),
          ...(full
            ? [
                {
                  data: { values: [full] },
                  mark: { type: "rule" as const, strokeDash: [2, 3] },
                  encoding: { y: accuracyAxis },
                },
              ]
            : []),
        ],
      })),
    } as TopLevelSpec;
  },
};

const rounding: Figure = {
  name: "rounding",
  title: "Stochastic and nearest rounding of pulses, by learning rate",
  sql: `select method, rounding, learningRate, ${MEANS} from results group by all order by all`,
  quick: { "training.learningRate": [0.05, 0.4] },
  picture: (rows) =>
    ({
      hconcat: ["stochastic", "nearest"].map((rounding) => ({
        title: rounding,
        width: 260,
        height: 260,
        data: { values: rows.filter((row) => row.rounding === rounding) },
        layer: lines({
          field: "learningRate",
          type: "quantitative",
          axis: { title: "learning rate", grid: false, values: [0.05, 0.1, 0.2, 0.4] },
          scale: { type: "log", domain: [0.04, 0.5], nice: false },
        }),
      })),
      resolve: { scale: { y: "shared" } },
    }) as TopLevelSpec,
};

const nonidealities: Figure = {
  name: "nonidealities",
  title: "Three ranks on devices that are less and less ideal",
  sql: `select device, method, coalesce("update", 'full gradient') as "update", ${MEANS} from results group by all order by all`,
  quick: {
    device: {
      choices: {
        ideal: { "training.learningRate": 0.4 },
        "nonlinear, noisy": {
          "device.nonlinearity.set": 2.4,
          "device.nonlinearity.reset": -4.88,
          "device.cycleToCycle": 0.01,
          "training.learningRate": 0.1,
        },
      },
      every: false,
    },
  },
  picture: (rows) => dots(rows, "device", "update", ["full gradient", ...UPDATES]),
};

const devices: Figure = {
  name: "devices",
  title: "Measured devices: what each step wins back",
  sql: `with each as (
      select preset, method, coalesce(results.steps, 'sample by sample') as steps, learningRate, ${MEANS} from results group by all)
    select * exclude (learningRate) from each
    qualify row_number() over (partition by preset, method, steps order by accuracy desc) = 1
    order by all`,
  quick: {
    "device.preset": ["ag-a-si", "taox-hfox"],
    "training.learningRate": { values: [0.1], when: "method = 'sgd, nearest'", every: false },
    steps: {
      choices: { "batches of 128, 0.1": { "training.batch": 128, "training.learningRate": 0.1 } },
      when: "method != 'sgd, nearest'",
      every: false,
    },
  },
  picture: (rows) => dots(rows, "preset", "steps", null),
};

/** A panel for each value of `panel`: methods from top to bottom, a mark for each value of `shape`. */
function dots(rows: Rows, panel: string, shape: string, order: string[] | null): TopLevelSpec {
  const y = {
    field: "method",
    type: "nominal",
    sort: ["sgd, nearest", "mbgd", "lrt", "sbpca", "nmf"],
    axis: { title: null, grid: true },
  } as const;
  const x = { ...accuracyAxis, axis: { ...accuracyAxis.axis, grid: false } };
  const panels = [...new Set(rows.map((row) => row[panel]))];
  return {
    columns: 2,
    concat: panels.map((name) => ({
      title: String(name),
      width: 300,
      height: 120,
      data: { values: rows.filter((row) => row[panel] === name) },
      layer: [
        {
          mark: { type: "point", size: 70, strokeWidth: 1.6 },
          encoding: {
            x,
            y,
            shape: { field: shape, type: "nominal", sort: order ?? undefined, legend: { title: shape } },
            color: {
              field: shape,
              type: "nominal",
              sort: order ?? undefined,
              legend: { title: shape },
              scale: { range: COLOURS.slice(0, 4) },
            },
          },
        },
        spreadBars({ y }, "x"),
      ],
    })),
    resolve: { scale: { x: "shared", color: "shared", shape: "shared" } },
  } as unknown as TopLevelSpec;
}

export const figures: readonly Figure[] = [epochs, ranks, rounding, nonidealities, devices];
