/** The columns of a sweep's tables: their names, types and order. */
import type { Task } from "./task.ts";
import type { ColumnType } from "./work.ts";
import { workOf, works } from "./works.ts";

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

/** A column for an axis. */
export interface AxisColumn extends Column {
  readonly axis: string;
}

/** Of every task, before its axes. */
export const TASK_COLUMNS: readonly Column[] = [
  { name: "task", type: "BIGINT" },
  { name: "hash", type: "VARCHAR" },
  { name: "work", type: "VARCHAR" },
  { name: "program", type: "VARCHAR" },
];

/** Of every result, after its figures: what is not the same each time. */
export const TIMING_COLUMNS: readonly Column[] = [
  { name: "seconds", type: "DOUBLE" },
  { name: "host", type: "VARCHAR" },
  { name: "finished", type: "VARCHAR" },
];

export const figureColumns = (kind: string): Column[] =>
  Object.entries(workOf(kind).figures).map(([name, { type }]) => ({ name, type }));

/** Columns of the kinds' figures, each once. */
export function allFigures(kinds: readonly string[]): Column[] {
  const found = new Map(kinds.flatMap(figureColumns).map((column) => [column.name, column]));
  return [...found.values()];
}

/** Names that an axis cannot have. SQL does not tell capitals from small letters. */
const RESERVED = new Set(
  [...TASK_COLUMNS, ...TIMING_COLUMNS, ...allFigures(Object.keys(works)), { name: "reason" }].map(({ name }) =>
    name.toLowerCase(),
  ),
);

/** The last part of an axis's name where no other column is called so, else all its parts. */
export function axisColumns(axes: readonly string[], tasks: readonly Task[]): AxisColumn[] {
  const last = (axis: string) => axis.slice(axis.lastIndexOf(".") + 1);
  const short = axes.map((axis) => last(axis).toLowerCase());
  return axes.map((axis) => {
    const own = last(axis).toLowerCase();
    const free = /^[a-z]/.test(own) && !RESERVED.has(own) && short.filter((name) => name === own).length === 1;
    const name = free ? last(axis) : axis.replace(/[^A-Za-z0-9]+/g, "_");
    return { axis, name: RESERVED.has(name.toLowerCase()) ? `axis_${name}` : name, type: typeOf(axis, tasks) };
  });
}

function typeOf(axis: string, tasks: readonly Task[]): ColumnType {
  const values = tasks.map(({ point }) => point[axis]).filter((value) => value !== undefined && value !== null);
  if (values.every((value) => Number.isInteger(value))) return "BIGINT";
  if (values.every((value) => typeof value === "number")) return "DOUBLE";
  return values.every((value) => typeof value === "boolean") ? "BOOLEAN" : "VARCHAR";
}
