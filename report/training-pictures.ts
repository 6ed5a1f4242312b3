/** Pictures of trainings side by side: accuracy by epoch, and against what it costs. */
import { methodMarks } from "./marks.ts";
import { along, type Picture, plot, type Row } from "./picture.ts";
import type { Trained } from "./trained.ts";

/** What a page may filter trainings by. */
export const TRAINING_FILTERS = ["run", "method", "rank", "update", "learningRate", "seed"] as const;

export interface Training extends Trained {
  readonly run: string;
  /** MHz, where an estimate of the same machine says it. */
  readonly clock: number | null;
}

/** Microseconds of a sample, its part of the update included; null where no clock is known. */
export const sampleTime = ({ clock, cyclesPerSample }: Training): number | null =>
  clock === null ? null : cyclesPerSample / clock;

const BITS_PER_KIB = 8192;

/** What tells a training from the others. */
export const keysOf = ({ run, method, rank, update, learningRate, seed }: Training): Row => ({
  run,
  method,
  rank,
  update,
  learningRate,
  seed,
  name: [method, rank === null ? "" : `k = ${rank}`, update ?? ""].filter(Boolean).join(", "),
});

const accuracyAxis = along("percent", "accuracy on the test set (%)", {
  axis: { title: "accuracy on the test set (%)", grid: true, format: ".4~r" },
});

const TOOLTIP = ["name", "learningRate", "seed", "percent"].map((field) => ({ field, type: "nominal" }));

export function accuracyByEpoch(list: readonly Training[]): Picture {
  const rows = list.flatMap((t, n) =>
    t.accuracyPerEpoch.map((accuracy, k) => ({
      ...keysOf(t),
      training: n,
      epoch: k + 1,
      percent: 100 * accuracy,
      last: k + 1 === t.accuracyPerEpoch.length,
    })),
  );
  const { color, shape, strokeDash } = methodMarks(list.map(({ method }) => method));
  const x = {
    field: "epoch",
    type: "quantitative",
    axis: { title: "epoch", grid: false, tickMinStep: 1, format: "d" },
    scale: { zero: false, nice: false, padding: 12 },
  };
  const detail = { field: "training", type: "nominal" };
  return {
    id: "accuracy-by-epoch",
    title: "Accuracy by epoch",
    note: "Beside the last point: the rank.",
    filters: TRAINING_FILTERS,
    content: plot(
      {
        width: 460,
        height: 280,
        layer: [
          { mark: { type: "line", strokeWidth: 1.8 }, encoding: { x, y: accuracyAxis, color, strokeDash, detail } },
          {
            mark: { type: "point", filled: true, size: 50, opacity: 1 },
            encoding: { x, y: accuracyAxis, color, shape, tooltip: TOOLTIP },
          },
          {
            transform: [{ filter: "datum.last && datum.rank !== null" }],
            mark: { type: "text", align: "left", dx: 7, fontSize: 10 },
            encoding: { x, y: accuracyAxis, text: { field: "rank", type: "nominal" } },
          },
        ],
      },
      rows,
    ),
  };
}

/** Keeps the rows that no other beats: less of `cost`, more of `gain`. Runs in the page, so that it follows filters. */
export const frontOf = (cost: string, gain: string) => [
  {
    window: [{ op: "max", field: gain, as: "before" }],
    sort: [
      { field: cost, order: "ascending" },
      { field: gain, order: "descending" },
    ],
    frame: [null, -1],
    ignorePeers: true,
  },
  { filter: `!isValid(datum.before) || datum['${gain}'] > datum.before` },
];

/** A cost along x: logarithmic where it spans much, with a place for 0. */
export function costAxis(field: string, title: string, rows: readonly Row[]) {
  const values = rows.map((row) => Number(row[field])).filter(Number.isFinite);
  const positive = values.filter((value) => value > 0);
  const least = Math.min(...positive);
  const most = Math.max(...positive);
  if (!(most > 20 * least)) return along(field, title);
  const base = 10 ** Math.floor(Math.log10(least));
  const ticks = Array.from({ length: Math.ceil(Math.log10(most / base)) + 1 }, (_, n) => base * 10 ** n);
  const zero = values.length > positive.length;
  return along(field, title, {
    axis: { title, grid: true, format: ",.4~r", values: zero ? [0, ...ticks] : ticks },
    scale: zero ? { type: "symlog", constant: base, nice: false } : { type: "log", nice: false, padding: 12 },
  });
}

/** Layers of a picture of gain against cost: every point, and the front as a stair. */
export function frontLayers(x: ReturnType<typeof along>, y: ReturnType<typeof along>, marks: object, more: object) {
  return [
    {
      transform: frontOf(x.field, y.field),
      mark: { type: "line", interpolate: "step-after", color: "#666666", strokeWidth: 1.2, strokeDash: [4, 3] },
      encoding: { x, y },
    },
    { mark: { type: "point", filled: true, size: 70, opacity: 0.9 }, encoding: { x, y, ...marks, ...more } },
    {
      transform: frontOf(x.field, y.field),
      mark: { type: "point", shape: "circle", size: 190, filled: false, color: "#222222", strokeWidth: 1.2 },
      encoding: { x, y },
    },
  ];
}

function accuracyAgainst(
  list: readonly Training[],
  id: string,
  title: string,
  cost: (t: Training) => number,
  axis: string,
): Picture {
  const rows = list.map((t) => ({ ...keysOf(t), cost: cost(t), percent: 100 * t.accuracy }));
  const { color, shape } = methodMarks(list.map(({ method }) => method));
  return {
    id,
    title,
    note: "Ringed and joined: the Pareto front, which nothing here beats in both. Beside a point: its rank.",
    filters: TRAINING_FILTERS,
    content: plot(
      {
        width: 460,
        height: 280,
        layer: [
          ...frontLayers(
            costAxis("cost", axis, rows),
            accuracyAxis,
            { color, shape },
            {
              tooltip: [...TOOLTIP, { field: "cost", type: "quantitative", title: axis, format: ",.4~r" }],
            },
          ),
          {
            transform: [{ filter: "datum.rank !== null" }],
            mark: { type: "text", align: "left", dx: 9, dy: -7, fontSize: 10 },
            encoding: {
              x: costAxis("cost", axis, rows),
              y: accuracyAxis,
              text: { field: "rank", type: "nominal" },
            },
          },
        ],
      },
      rows,
    ),
  };
}

export const accuracyAgainstMemory = (list: readonly Training[]): Picture =>
  accuracyAgainst(
    list,
    "accuracy-memory",
    "Accuracy against gradient memory",
    ({ gradientBits }) => gradientBits / BITS_PER_KIB,
    "memory that only holds the gradient (KiB)",
  );

/** In time where every training's machine has an estimate, else in clock cycles. */
export function accuracyAgainstLatency(list: readonly Training[]): Picture {
  const timed = list.every(({ clock }) => clock !== null);
  const what = "a training sample, its part of the update included";
  const picture = accuracyAgainst(
    list,
    "accuracy-latency",
    "Accuracy against latency",
    (t) => (timed ? Number(sampleTime(t)) : t.cyclesPerSample),
    timed ? `time of ${what} (µs)` : `clock cycles of ${what}`,
  );
  const note = timed
    ? "Each at the clock of its estimate."
    : "In time where the report is also given an estimate of each machine (rankloom estimate).";
  return { ...picture, note: `${picture.note} ${note}` };
}

/** Memories of every training, those of all layers together. */
export function memoryByMethod(list: readonly Training[]): Picture {
  const rows = list.map((t) => ({ ...keysOf(t), gradient: t.gradientBits, other: t.memory.total - t.gradientBits }));
  return {
    id: "memory-by-method",
    title: "Memory by method",
    note: "Bits do not depend on rate and seed: one bar for each method, rank and update.",
    filters: TRAINING_FILTERS,
    content: plot(
      {
        width: 420,
        height: { step: 22 },
        transform: [
          { fold: ["gradient", "other"], as: ["for", "bits"] },
          {
            aggregate: [{ op: "mean", field: "bits", as: "bits" }],
            groupby: ["name", "for"],
          },
          { calculate: `datum.bits / ${BITS_PER_KIB}`, as: "kib" },
        ],
        mark: { type: "bar", stroke: "#222222", strokeWidth: 0.8 },
        encoding: {
          y: {
            field: "name",
            type: "nominal",
            axis: { title: null },
            sort: { field: "kib", op: "sum", order: "descending" },
          },
          x: { field: "kib", type: "quantitative", axis: { title: "memory (KiB)", format: ",.4~r" } },
          color: {
            field: "for",
            type: "nominal",
            scale: { domain: ["gradient", "other"], range: ["#0072B2", "#F0E442"] },
            legend: { title: "for" },
          },
          order: { field: "for", sort: "ascending" },
          tooltip: [{ field: "name" }, { field: "for" }, { field: "bits", type: "quantitative", format: "," }],
        },
      },
      rows,
    ),
  };
}
