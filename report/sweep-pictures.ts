/** Pictures of a sweep's points. */
import { methodMarks } from "./marks.ts";
import { along, type Picture, plot, type Row, type Value } from "./picture.ts";
import { costAxis, frontLayers } from "./training-pictures.ts";

export interface SweepRows {
  /** Columns of the axes. */
  readonly axes: readonly string[];
  /** With `method`, `task` (the hash) and `front`. */
  readonly rows: readonly Row[];
}

interface Quantity {
  readonly field: string;
  readonly title: string;
}

const methodsOf = (rows: readonly Row[]): string[] => rows.map(({ method }) => String(method));

const filtersOf = ({ axes }: SweepRows): string[] => [...new Set(["method", ...axes])];

const tooltipOf = ({ axes }: SweepRows, ...figures: readonly string[]) =>
  [...new Set(["method", ...axes, ...figures])].map((field) => ({ field, type: "nominal" }));

/** Gain against cost, with the front. */
export function trade(sweep: SweepRows, cost: Quantity, gain: Quantity): Picture {
  const { color, shape } = methodMarks(methodsOf(sweep.rows));
  return {
    id: `front-${cost.field}`,
    title: `${gain.field} against ${cost.field}`,
    note: "Ringed and joined: the Pareto front of these two.",
    filters: filtersOf(sweep),
    details: "task",
    content: plot(
      {
        width: 440,
        height: 290,
        layer: frontLayers(
          costAxis(cost.field, cost.title, sweep.rows),
          along(gain.field, gain.title),
          { color, shape },
          { tooltip: tooltipOf(sweep, cost.field, gain.field) },
        ),
      },
      sweep.rows,
    ),
  };
}

/** Where a value stands on its column's line, from 0 to 1. */
interface Scale {
  readonly column: string;
  readonly at: (value: Value) => number;
  /** What stands beside the line. */
  readonly labels: readonly { readonly at: number; readonly label: string }[];
}

/** More values than this are a range, of which only the ends are named. */
const MOST_NAMED = 8;

const short = (value: Value): string =>
  typeof value === "number" ? String(Number(value.toPrecision(4))) : value === null ? "none" : String(value);

function scaleOf(column: string, rows: readonly Row[]): Scale {
  const values = [...new Set(rows.map((row) => row[column] ?? null))];
  const numbers = values.filter((value) => typeof value === "number");
  const sorted =
    numbers.length === values.length
      ? numbers.toSorted((a, b) => a - b)
      : values.toSorted((a, b) => (short(a) < short(b) ? -1 : 1));
  if (values.length <= MOST_NAMED || numbers.length < values.length) {
    const at = (value: Value) => (sorted.length === 1 ? 0.5 : sorted.indexOf(value as never) / (sorted.length - 1));
    const named = sorted.length <= MOST_NAMED ? sorted : [sorted[0], sorted[sorted.length - 1]];
    return { column, at, labels: named.map((value) => ({ at: at(value), label: short(value) })) };
  }
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  // Steps from one decade to the next are as long as each other, where values span more than one.
  const isLog = least > 0 && most > 10 * least;
  const line = (value: number) => (isLog ? Math.log(value) : value);
  return {
    column,
    at: (value) => (line(Number(value)) - line(least)) / (line(most) - line(least)),
    labels: [
      { at: 0, label: short(least) },
      { at: 1, label: `${short(most)}${isLog ? " (log)" : ""}` },
    ],
  };
}

/** Every point as a line over all axes and figures; the front's stand out. */
export function parallelCoordinates(sweep: SweepRows, figures: readonly string[]): Picture {
  const columns = [...sweep.axes, ...figures];
  const scales = columns.map((column) => scaleOf(column, sweep.rows));
  const rows = sweep.rows.flatMap((row) =>
    scales.map(
      ({ column, at }): Row => ({ ...row, column, at: at(row[column] ?? null), value: short(row[column] ?? null) }),
    ),
  );
  const labels = scales.flatMap(({ column, labels: list }) => list.map((label) => ({ column, ...label })));
  const x = {
    field: "column",
    type: "nominal",
    sort: columns,
    axis: { title: null, labelAngle: -20, domain: false, grid: true, gridColor: "#666666" },
  };
  const y = { field: "at", type: "quantitative", axis: null, scale: { domain: [0, 1] } };
  const { color } = methodMarks(methodsOf(sweep.rows));
  const lines = (front: boolean) => ({
    transform: [{ filter: { field: "front", equal: front } }],
    mark: { type: "line", strokeWidth: front ? 2.2 : 0.8, opacity: front ? 0.95 : 0.25 },
    encoding: { x, y, color, detail: { field: "task", type: "nominal" } },
  });
  return {
    id: "parallel-coordinates",
    title: "Every point over all axes and figures",
    note: `Bold: the Pareto front in ${figures.join(", ")}.`,
    filters: filtersOf(sweep),
    details: "task",
    content: plot(
      {
        width: Math.max(400, 115 * columns.length),
        height: 320,
        layer: [
          lines(false),
          lines(true),
          {
            data: { values: labels },
            mark: {
              type: "text",
              align: "left",
              dx: 5,
              fontSize: 10,
              stroke: "white",
              strokeWidth: 3,
              strokeOpacity: 0.9,
            },
            encoding: { x, y, text: { field: "label", type: "nominal" } },
          },
          {
            data: { values: labels },
            mark: { type: "text", align: "left", dx: 5, fontSize: 10, color: "#222222" },
            encoding: { x, y, text: { field: "label", type: "nominal" } },
          },
        ],
      },
      rows,
    ),
  };
}

/** The gain over each axis by itself, with the median of all points that share a value. */
export function slices(sweep: SweepRows, gain: Quantity): Picture[] {
  return sweep.axes.map((axis): Picture => {
    const values = new Set(sweep.rows.map((row) => row[axis] ?? null));
    const isNumber = values.size > MOST_NAMED && [...values].every((value) => typeof value === "number");
    const x = isNumber
      ? along(axis, axis)
      : {
          field: axis,
          type: "ordinal",
          axis: {
            title: axis,
            labelAngle: 0,
            labelLimit: 90,
            labelExpr: "datum.value === null ? 'none' : datum.label",
          },
        };
    const { color, shape } = methodMarks(methodsOf(sweep.rows));
    return {
      id: `slice-${axis}`,
      title: `${gain.field} over ${axis}`,
      note: "Line: median of the points that share a value.",
      filters: filtersOf(sweep),
      details: "task",
      content: plot(
        {
          width: isNumber ? 300 : Math.max(200, 60 * values.size),
          height: 200,
          layer: [
            {
              mark: { type: "point", size: 34, opacity: 0.75 },
              encoding: { x, y: along(gain.field, gain.title), color, shape, tooltip: tooltipOf(sweep, gain.field) },
            },
            {
              mark: { type: "line", color: "#666666", strokeWidth: 1.4 },
              encoding: { x, y: { ...along(gain.field, gain.title), aggregate: "median" } },
            },
          ],
        },
        sweep.rows,
      ),
    };
  });
}
