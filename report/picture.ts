/** A picture of a report: what is drawn, from which rows, and what stands beside it. */
import type { TopLevelSpec } from "vega-lite";

export type Value = string | number | boolean | null;
export type Row = Readonly<Record<string, Value>>;

export interface Picture {
  /** Also the name of its file. */
  readonly id: string;
  readonly title: string;
  /** What a reader needs to know of it. */
  readonly note: string;
  /** A plot of `rows` (Vega-Lite, its data by the name ROWS), or a drawing. */
  readonly content: { readonly spec: object; readonly rows: readonly Row[] } | { readonly svg: string };
  /** Columns of the rows that a page may filter by. */
  readonly filters?: readonly string[];
  /** Column that names what a click on a mark shows the details of. */
  readonly details?: string;
}

/** The name of a plot's data. */
const ROWS = "rows";

export const plot = (spec: object, rows: readonly Row[]): Picture["content"] => ({ spec, rows });

/** The whole specification of a plot. */
export function specOf({ spec, rows }: { spec: object; rows: readonly Row[] }, config: object): TopLevelSpec {
  return { config, padding: 10, ...spec, data: { name: ROWS, values: [...rows] } } as unknown as TopLevelSpec;
}

/** A quantity along an axis. */
export const along = (field: string, title: string, more: object = {}) => ({
  field,
  type: "quantitative",
  axis: { title, grid: true, format: ",.4~r" },
  scale: { zero: false, nice: true },
  ...more,
});
