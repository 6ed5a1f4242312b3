/** A design's low-rank units: their columns, programs and tables. A part of the IR. */
import type { Program, Side } from "./program.ts";

/** The longest of all layers' sides. */
export interface LongestSides {
  readonly words: Readonly<Record<Side, number>>;
  readonly elements: Readonly<Record<Side, number>>;
  /** Bits of a vector's codes, without their sign. */
  readonly codeBits: Readonly<Record<Side, number>>;
}

/** The units that keep each layer's gradient as a few outer products. All layers run the same programs in step
 *  (docs/low-rank.md). */
export interface LowRankIr {
  readonly method: string;
  /** Columns that a combination turns: orthonormal, each with its strength. */
  readonly rank: number;
  /** Columns stored on each side. */
  readonly columns: number;
  /** First column of the outer products that the update adds up, and how many of them there are. */
  readonly first: number;
  readonly outer: number;
  /** Samples kept for a sub-batch. */
  readonly slots: number;
  /** Columns that a row of the net gradient is made of, beside the slots; 0: no rows are made. */
  readonly rowColumns: number;
  /** Whether each batch starts with strengths and columns of zero. */
  readonly startsEmpty: boolean;
  /** Bits of one element of a factor: code / 2^(factorBits − 1). */
  readonly factorBits: number;
  /** Passes over the array in one update: 1 (rank-sum) or one for each outer product (rank-seq). */
  readonly passes: number;
  /** Outer products that one pass adds up. */
  readonly terms: number;
  /** Programs: once after reset, for a sample, for the end of a sub-batch, for the end of a batch. */
  readonly initial: Program | null;
  readonly sample: Program;
  readonly flush: Program | null;
  readonly batch: Program;
  /** The scalar units' constants and words of memory. */
  readonly constants: readonly { readonly m: number; readonly e: number }[];
  readonly memoryWords: number;
  /** Coefficients of one side: of a combination or a row. */
  readonly coefficients: number;
  /** Seeds of the scalar units' LFSRs, by layer. */
  readonly seeds: readonly number[];
}
