/** The low-rank unit of one layer: its programs and sizes. */
import { lrtBatch, lrtSample } from "./lrt.ts";
import { Assembler, type Program } from "./program.ts";
import { sbpcaBatch, sbpcaSample } from "./sbpca.ts";

export interface LowRankMethod {
  readonly method: "sbpca" | "lrt";
  readonly rank: number;
  readonly factorBits: number;
  readonly unbiased: number;
}

export interface LowRankPrograms {
  readonly sample: Program;
  readonly batch: Program;
  readonly constants: readonly number[];
  readonly words: number;
}

/** Cycles of the vector units' work, for sides of so many words (docs/low-rank.md). */
export function vectorTiming(rank: number, words: number) {
  return {
    vectorDot: words + DOT_PIPELINE,
    columnDot: 2 * words + DOT_PIPELINE,
    combine: words * (rank + 1 + rank * (rank + 1)) + COMBINE_PIPELINE,
  };
}

/** From a dot product's issue to the issue of what reads it, beyond one cycle a word. */
export const DOT_PIPELINE = 3;
/** From a column's last product to the visibility of its write. */
export const COMBINE_LATENCY = 4;
/** From a combination's issue to the first instruction that may read the new factors, beyond its loads and products. */
export const COMBINE_PIPELINE = 4;

export function lowRankPrograms({ method, rank, factorBits, unbiased }: LowRankMethod, words: number): LowRankPrograms {
  const assembler = new Assembler(rank, vectorTiming(rank, words));
  const sample =
    method === "sbpca" ? sbpcaSample(assembler, rank, factorBits) : lrtSample(assembler, rank, factorBits, unbiased);
  const batch = method === "sbpca" ? sbpcaBatch(assembler, rank, factorBits) : lrtBatch(assembler, rank);
  return { sample, batch, constants: assembler.constants, words: assembler.words };
}
