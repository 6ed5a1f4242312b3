/** A sweep's results as tables: Parquet files beside the results, written and read by DuckDB. The results themselves are
 *  one file each; a table is made of them at any time, also while the sweep runs.
 *
 *    tasks.parquet           task, hash, work, program, and a column for each axis
 *    parts/<kind>-*.parquet  hash, figures, timing: of so many results at once, in no order
 *    results.parquet         tasks and figures, without timing, in the order of the tasks: the same bytes wherever and
 *                            in whatever order the tasks were run */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { EXIT, Refusal } from "../generator/base/errors.ts";
import { contentKey } from "../kept/key.ts";
import { allFigures, axisColumns, type Column, figureColumns, TASK_COLUMNS, TIMING_COLUMNS } from "./columns.ts";
import { copyTo, database, fill, listOf, literal, quoted } from "./duckdb.ts";
import { type Aim, paretoFront } from "./pareto.ts";
import type { Plan, Store } from "./store.ts";
import type { Result, Task } from "./task.ts";

/** Results that a query reads one by one; beyond, they are first put into a part. */
const MOST_LOOSE = 2000;

export type Cell = number | bigint | string | boolean | null | readonly Cell[];
export type Row = Readonly<Record<string, Cell>>;

/** Writes what a query gives as a whole Parquet file, or nothing. */
async function writeParquet(on: DuckDBConnection, store: Store, select: string, file: string): Promise<void> {
  try {
    await copyTo(on, select, file);
  } catch (error) {
    const [line] = (error as Error).message.split("\n");
    throw new Refusal(
      `${store.folder}: its tables cannot be written (${line}); free some space, then go on with --resume`,
      EXIT.environment,
    );
  }
}

/** Writes the tasks, with a column for each axis. */
export async function writeTasks(store: Store, { axes }: Plan, tasks: readonly Task[]): Promise<void> {
  store.makeFolder();
  const own = axisColumns(axes, tasks);
  const on = await database();
  const rows = tasks.map(({ hash, work, program, point }, task) => ({
    task,
    hash,
    work: work.kind,
    program,
    ...Object.fromEntries(
      own.map(({ axis, name, type }) => {
        const value = point[axis] ?? null;
        return [
          name,
          type === "VARCHAR" && value !== null && typeof value !== "string" ? JSON.stringify(value) : value,
        ];
      }),
    ),
  }));
  await fill(on, "tasks", [...TASK_COLUMNS, ...own], rows);
  await writeParquet(on, store, "from tasks", store.path("tasks.parquet"));
  on.closeSync();
}

const partColumns = (kind: string): Column[] => [
  { name: "hash", type: "VARCHAR" },
  ...figureColumns(kind),
  ...TIMING_COLUMNS,
];

const rowOf = ({ hash, figures, seconds, host, finished }: Result) => ({ hash, ...figures, seconds, host, finished });

function partsOf(store: Store): string[] {
  const folder = store.path("parts");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".parquet"))
    .sort()
    .map((name) => join(folder, name));
}

const readParts = (parts: readonly string[]): string =>
  `read_parquet([${parts.map(literal).join(", ")}], union_by_name = true)`;

/** Results that no part has yet. */
async function looseResults(on: DuckDBConnection, store: Store): Promise<Result[]> {
  const loose = store.finished();
  const parts = partsOf(store);
  if (parts.length > 0) {
    // A part has only results that are there: with as many of them, nothing is left.
    const { distinct } = await countsOf(on, parts);
    if (distinct === loose.size) return [];
    const reader = await on.runAndReadAll(`select hash from ${readParts(parts)}`);
    for (const hash of reader.getColumns()[0]) loose.delete(String(hash));
  }
  return [...loose].map((hash) => store.result(hash));
}

async function countsOf(on: DuckDBConnection, parts: readonly string[]): Promise<{ rows: number; distinct: number }> {
  const reader = await on.runAndReadAll(`select count(*), count(distinct hash) from ${readParts(parts)}`);
  const [[rows, distinct]] = reader.getRowsJS().map((row) => row.map(Number));
  return { rows, distinct };
}

function byKind(results: readonly Result[]): Map<string, Result[]> {
  const groups = new Map<string, Result[]>();
  for (const result of results) {
    const group = groups.get(result.kind);
    if (group) group.push(result);
    else groups.set(result.kind, [result]);
  }
  return groups;
}

/** Puts all results that are in no part yet into one for each kind of work. Two processes that do it at once make parts
 *  that overlap, which does no harm. */
export async function compact(store: Store): Promise<void> {
  const on = await database();
  await writeParts(on, store, await looseResults(on, store));
  on.closeSync();
}

async function writeParts(on: DuckDBConnection, store: Store, results: readonly Result[]): Promise<void> {
  store.makeFolder("parts");
  for (const [kind, list] of byKind(results)) {
    const name = contentKey({ results: list.map(({ hash }) => hash) });
    await fill(on, "part", partColumns(kind), list.map(rowOf));
    await writeParquet(on, store, "from part", store.path("parts", `${kind}-${name}.parquet`));
    await on.run("drop table part");
  }
}

/** The tables of a sweep, as they are now: `tasks`, `results` and `failures`. */
export class Tables {
  readonly #on: DuckDBConnection;
  readonly #axes: readonly string[];

  private constructor(on: DuckDBConnection, axes: readonly string[]) {
    this.#on = on;
    this.#axes = axes;
  }

  /** @param threads more than one, and what `write` writes may have other bytes each time */
  static async open(store: Store, threads?: number): Promise<Tables> {
    const plan = store.plan();
    const on = await database(threads);
    await on.run(`create table tasks as from read_parquet(${literal(store.path("tasks.parquet"))})`);
    let loose = await looseResults(on, store);
    if (loose.length > MOST_LOOSE) {
      await writeParts(on, store, loose);
      loose = [];
    }
    const parts = partsOf(store);
    const sources: string[] = [];
    if (parts.length > 0) {
      const { rows, distinct } = await countsOf(on, parts);
      sources.push(`select ${rows > distinct ? "distinct on (hash)" : ""} * from ${readParts(parts)}`);
    }
    for (const [kind, list] of byKind(loose)) {
      await fill(on, `loose_${kind}`, partColumns(kind), list.map(rowOf));
      sources.push(`from loose_${kind}`);
    }
    const figures = allFigures(plan.kinds);
    // A kind that has no result yet has its columns all the same.
    await fill(on, "none", [{ name: "hash", type: "VARCHAR" }, ...figures, ...TIMING_COLUMNS], []);
    const all = ["from none", ...sources.map((source) => `(${source})`)].join(" union all by name ");
    await on.run(
      `create view results as select tasks.*, ${listOf([...figures, ...TIMING_COLUMNS])} from tasks join (${all}) using (hash) order by task`,
    );
    const failures = [...store.failures().values()];
    const columns: Column[] = [
      { name: "hash", type: "VARCHAR" },
      { name: "reason", type: "VARCHAR" },
    ];
    await fill(on, "reasons", columns, failures);
    await on.run("create table failures as select tasks.*, reason from tasks join reasons using (hash) order by task");
    const reader = await on.runAndReadAll("from tasks limit 0");
    const others = ["hash", "work", "program"];
    return new Tables(
      on,
      reader.columnNames().filter((name) => !others.includes(name)),
    );
  }

  /** @throws Refusal with DuckDB's first line where it cannot run the text */
  async rows(sql: string): Promise<{ columns: string[]; rows: Row[] }> {
    try {
      const reader = await this.#on.runAndReadAll(sql);
      const columns = reader.deduplicatedColumnNames();
      const rows = reader.getRowsJS().map((row) => Object.fromEntries(row.map((cell, c) => [columns[c], plain(cell)])));
      return { columns, rows };
    } catch (error) {
      const text = (error as Error).message.split(/\n\s*\n|\nLINE/)[0].replace(/\s+/g, " ");
      throw new Refusal(`query: ${text}; the tables are results, tasks and failures: try "describe results"`);
    }
  }

  /** As `rows`, but only those that no other beats, in the order of the first aim, best first. */
  async front(sql: string, aims: readonly Aim[]): Promise<{ columns: string[]; rows: Row[] }> {
    await this.rows(`create temp table asked as ${sql}`);
    const { columns } = await this.rows("from asked limit 0");
    const missing = aims.find(({ column }) => !columns.includes(column));
    if (missing) throw new Refusal(`--pareto: there is no column ${missing.column}; there are ${columns.join(", ")}`);
    const names = aims.map(({ column }) => quoted(column)).join(", ");
    const reader = await this.#on.runAndReadAll(`select rowid, ${names} from asked`);
    const [rowids, ...values] = reader.getColumns();
    const rows = rowids.map((rowid, n) => ({
      rowid,
      ...Object.fromEntries(aims.map(({ column }, a) => [column, values[a][n]])),
    }));
    const numbers = paretoFront(rows, aims).map(({ rowid }) => Number(rowid));
    const found = await this.rows(`select rowid, * from asked where rowid in (${numbers.join(", ") || "-1"})`);
    const places = new Map(numbers.map((rowid, place) => [rowid, place]));
    const place = ({ rowid }: Row) => places.get(Number(rowid)) as number;
    return { columns, rows: found.rows.toSorted((a, b) => place(a) - place(b)) };
  }

  /** Writes `results.parquet`. */
  async write(store: Store): Promise<void> {
    const timing = TIMING_COLUMNS.map(({ name }) => name).join(", ");
    await writeParquet(
      this.#on,
      store,
      `select * exclude (${timing}) from results order by task`,
      store.path("results.parquet"),
    );
  }

  /** Columns of the number of a task and of its axes. */
  axes(): readonly string[] {
    return this.#axes;
  }

  close(): void {
    this.#on.closeSync();
  }
}

/** A value of DuckDB as JSON has it. */
function plain(value: unknown): Cell {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || value === undefined) return null;
  return typeof value === "object" ? String(value) : (value as Cell);
}
