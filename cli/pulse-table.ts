/** A table of pulses, written by DuckDB: Parquet, or CSV. */
import { statSync } from "node:fs";
import { dirname, extname } from "node:path";
import {
  BIGINT,
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  VARCHAR,
} from "@duckdb/node-api";
import { EXIT, Refusal } from "../generator/base/errors.ts";
import type { CellPulses } from "../sim/pulse-program.ts";
import { copyTo, database, literal, PARQUET, quoted } from "../sweep/duckdb.ts";

const COLUMNS = {
  batch: INTEGER,
  cycle: BIGINT,
  layer: INTEGER,
  tile: INTEGER,
  row: INTEGER,
  column: INTEGER,
  cell: VARCHAR,
  direction: VARCHAR,
  count: INTEGER,
} satisfies Record<keyof CellPulses, DuckDBType>;

const NAMES = Object.keys(COLUMNS) as (keyof CellPulses)[];
/** Rows of a chunk of DuckDB's. */
const CHUNK = 2048;

const FORMATS: Record<string, string> = {
  ".parquet": PARQUET,
  ".csv": "format csv, header true",
};

/** Refuses a file that the table could not become. */
export function checkTableFile(option: string, file: string): void {
  if (!Object.hasOwn(FORMATS, extname(file)))
    throw new Refusal(
      `${option}: ${JSON.stringify(file)} is no table; use a name that ends in ${Object.keys(FORMATS).join(" or ")}`,
    );
  if (!statSync(dirname(file), { throwIfNoEntry: false })?.isDirectory())
    throw new Refusal(`${option} ${file}: its folder does not exist; make it, or give another place`, EXIT.environment);
}

export class PulseTable {
  readonly #connection: DuckDBConnection;
  readonly #appender: DuckDBAppender;
  #columns: DuckDBValue[][] = NAMES.map(() => []);
  rows = 0;

  static async open(): Promise<PulseTable> {
    const connection = await database();
    const columns = NAMES.map((name) => `${quoted(name)} ${COLUMNS[name]}`);
    await connection.run(`create table pulses (${columns.join(", ")})`);
    return new PulseTable(connection, await connection.createAppender("pulses"));
  }

  private constructor(connection: DuckDBConnection, appender: DuckDBAppender) {
    this.#connection = connection;
    this.#appender = appender;
  }

  add(pulses: CellPulses): void {
    NAMES.forEach((name, c) => {
      this.#columns[c].push(name === "cycle" ? BigInt(pulses.cycle) : pulses[name]);
    });
    this.rows++;
    if (this.#columns[0].length === CHUNK) this.#append();
  }

  #append(): void {
    const chunk = DuckDBDataChunk.create(
      NAMES.map((name) => COLUMNS[name]),
      this.#columns[0].length,
    );
    chunk.setColumns(this.#columns);
    this.#appender.appendDataChunk(chunk);
    this.#columns = NAMES.map(() => []);
  }

  /** Writes the whole table, or nothing; an older file is replaced at once.
   *  @param about what a reader of a Parquet file finds beside the table */
  async write(file: string, about: Record<string, string>): Promise<void> {
    if (this.#columns[0].length > 0) this.#append();
    this.#appender.flushSync();
    const metadata = Object.entries(about).map(([key, value]) => `${key}: ${literal(value)}`);
    const format = FORMATS[extname(file)];
    const options = extname(file) === ".parquet" ? `${format}, kv_metadata {${metadata.join(", ")}}` : format;
    try {
      await copyTo(this.#connection, "from pulses", file, options);
    } catch (error) {
      const [line] = (error as Error).message.split("\n");
      throw new Refusal(
        `${file}: cannot be written (${line}); free some space, or give another place`,
        EXIT.environment,
      );
    }
  }

  close(): void {
    this.#appender.closeSync();
    this.#connection.closeSync();
  }
}
