/** What a kind of work is: one entry of the table in works.ts. */
import type { z } from "zod";
import type { Dataset } from "../data/dataset.ts";
import type { Design } from "../generator/design/schema.ts";

/** A type of DuckDB. */
export type ColumnType = "DOUBLE" | "BIGINT" | "VARCHAR" | "BOOLEAN" | "DOUBLE[]";

/** One figure of a result: a column of the table. */
export interface Figure {
  readonly type: ColumnType;
  /** Which of two is preferred; absent: neither. */
  readonly better?: "more" | "less";
  readonly meaning: string;
}

export interface Settings {
  readonly kind: string;
}

/** What a task is run on. */
interface WorkInput<S extends Settings = Settings> {
  readonly design: Design;
  readonly settings: S;
  /** Path of the data set; the design's own if absent. */
  readonly data?: string;
  /** The data set, loaded when first asked for and kept for the next task. */
  readonly dataset: () => Dataset;
}

export type Figures = Readonly<Record<string, number | string | boolean | null | readonly number[]>>;

/** How much a task does: passes over so many samples. */
interface Amount {
  readonly epochs: number;
  readonly samples: number;
}

/** The amount of a whole task. */
export interface WholeAmount extends Amount {
  /** Of fewer samples there is no pass. */
  readonly least: number;
}

export interface Work<S extends Settings = Settings> {
  /** Of one entry of `work` in the sweep file; its `kind` is the name in the table. */
  readonly settings: z.ZodType<S>;
  readonly does: string;
  /** The module of the work, as `import.meta.url` has it: with all that it imports it determines a result. */
  readonly module: string;
  /** Name and version of a tool beside the program that its figures depend on. */
  tool?(): string;
  readonly figures: Readonly<Record<string, Figure>>;
  /** Makes what all tasks share and would else be made by each process. */
  prepare?(): Promise<void>;
  /** @throws whatever makes the task a failure; a Refusal's message is its reason */
  run(input: WorkInput<S>): Promise<Figures>;
  /** The amount of the whole task, and the same work of another amount: for searches and pilots. Absent where a task is
   *  only done as a whole. */
  amount?(settings: S, design: Design, dataset: Dataset): WholeAmount;
  of?(settings: S, amount: Amount, design: Design): S;
}
