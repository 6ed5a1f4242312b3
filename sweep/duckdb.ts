/** Tables in DuckDB: filled from objects, written as whole Parquet files. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { Column } from "./columns.ts";

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
export const listOf = (columns: readonly Column[]): string => columns.map(({ name }) => quoted(name)).join(", ");

/** One thread: what is written has the same order, and so the same bytes, each time. */
export async function database(threads = 1): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(":memory:", { threads: String(threads) });
  return instance.connect();
}

/** Rows as a table of DuckDB: through a file, as it reads these fastest. */
export async function fill(
  on: DuckDBConnection,
  table: string,
  columns: readonly Column[],
  rows: Iterable<object>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "rankloom-rows-"));
  try {
    const file = join(folder, "rows.json");
    const text = [...rows].map((row) => JSON.stringify(row)).join("\n");
    await on.run(`create table ${table} (${columns.map(({ name, type }) => `${quoted(name)} ${type}`).join(", ")})`);
    if (text === "") return;
    writeFileSync(file, text);
    const types = columns.map(({ name, type }) => `${quoted(name)}: ${literal(type)}`).join(", ");
    await on.run(
      `insert into ${table} select ${listOf(columns)} from read_json(${literal(file)}, format = 'newline_delimited', columns = {${types}})`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const PARQUET = "format parquet, compression zstd";

/** Writes what a query gives as a whole file, or nothing.
 *  @param options of DuckDB's copy
 *  @throws DuckDB's error, where the file cannot be written */
export async function copyTo(on: DuckDBConnection, select: string, file: string, options = PARQUET): Promise<void> {
  const temporary = `${file}.${process.pid}.new`;
  try {
    await on.run(`copy (${select}) to ${literal(temporary)} (${options})`);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
