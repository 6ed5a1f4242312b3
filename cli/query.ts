/** `rankloom query`: questions to the results of a sweep, in SQL. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { count } from "../generator/base/quantities.ts";
import { Output, table } from "../report/console.ts";
import type { Cell } from "../sweep/table.ts";
import { addJson } from "./options.ts";

/** Rows that are printed; --json has all. */
const PRINTED = 200;

interface Options {
  readonly pareto?: string;
  readonly sweep?: string;
  readonly json?: string;
}

export function addQuery(root: Command): Command {
  const command = root
    .command("query")
    .description("ask the results of a sweep, also while it runs: tables results, tasks and failures, in DuckDB's SQL")
    .argument("[sql]", 'e.g. "select method, max(accuracy) from results group by all" (default: all results)')
    .option(
      "--pareto <columns>",
      "only rows that no other beats in these, e.g. accuracy,memory; name:more or name:less says which is better",
    )
    .option("--sweep <name>", "name, file or folder of the sweep (default: the one planned last)");
  return addJson(command).action(query);
}

async function query(sql: string | undefined, options: Options): Promise<void> {
  const { aimsOf } = await import("../sweep/pareto.ts");
  const aims = options.pareto === undefined ? null : aimsOf(options.pareto);
  const { findSweep, Store } = await import("../sweep/store.ts");
  const store = new Store(findSweep(join("out", "sweeps"), options.sweep));
  const output = await Output.open(options.json);
  const { Tables } = await import("../sweep/table.ts");
  const tables = await Tables.open(store, availableParallelism());
  const { columns: all, rows } =
    aims === null ? await tables.rows(sql ?? "from results") : await tables.front(sql ?? "from results", aims);
  // A front of all results is about its axes and aims.
  const points = sql === undefined && aims ? [...tables.axes(), ...aims.map(({ column }) => column)] : all;
  const columns = [...new Set(points)];
  const shown = rows.map((row) => Object.fromEntries(columns.map((name) => [name, row[name]])));
  await output.result(shown);
  const printed = shown.slice(0, PRINTED);
  const left = columns.flatMap((name, c) => (printed.every((row) => typeof row[name] !== "number") ? [c] : []));
  output.say(table([columns, ...printed.map((row) => columns.map((name) => text(row[name])))], left).join("\n"));
  if (rows.length > PRINTED) output.say(`… ${count(rows.length)} rows; --json writes all, "limit" asks for fewer`);
}

function text(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return Number.isInteger(cell) ? String(cell) : String(Number(cell.toPrecision(6)));
  return typeof cell === "string" ? cell : JSON.stringify(cell);
}
