/** How long the vector units work at an instruction, when its result is written, and when what needs it may be issued
 *  (docs/low-rank.md, "Instructions"): from the cycle of its issue. */
import { type Length, named, pipeline, product, type Sum, sum } from "../../base/formula.ts";

const DOT = pipeline("a product to the issue of what reads the sum", 3);
const COMBINE_LOAD = pipeline("issue to the first read", 1);
const COMBINE_WRITE = pipeline("a column's last product to its write", 4);
const COMBINE_NEXT = pipeline("the last product to the issue of what reads the new columns", 4);
const ROW_PAUSE = pipeline("a row's word to its products with the columns", 2);
/** Of a coefficient or a strength. */
export const PUT_WRITE = pipeline("issue to the write", 2);
/** Of an element; also of a copied or kept word, after its read. */
export const STORE_WRITE = pipeline("issue to the write", 3);
const WRITTEN = pipeline("the write", 1);

/** A coefficient is in its buffer, a stored element in its column. */
export const PUT_NEXT = sum(PUT_WRITE, WRITTEN);
export const STORE_NEXT = sum(STORE_WRITE, WRITTEN);

export interface VectorCycles {
  /** Cycles of work. */
  readonly busy: Length;
  /** What needs the result may be issued. */
  readonly next: Length;
}

/** Cycles of a vector unit whose vectors have so many words. */
export function vectorCycles(
  unit: { readonly rank: number; readonly outer: number; readonly rowColumns: number; readonly slots: number },
  vector: { readonly words: number },
) {
  const of = named(unit, "lowRank");
  const words = named(vector)("words");
  const work = (busy: Sum, ...more: Sum[]): VectorCycles => ({ busy, next: sum(busy, ...more) });
  const column = sum(of("rank"), 1);
  const sources = sum(of("rowColumns"), of("slots"));
  return {
    vectorDot: work(words, DOT),
    columnDot: work(product(2, words), DOT),
    combine: work(sum(column, product(words, of("rank"), column)), COMBINE_NEXT),
    row: {
      busy: product(words, sum(sources, of("outer"))),
      next: sum(product(words, sum(sources, of("outer"), ROW_PAUSE)), DOT),
    },
    copy: work(product(of("outer"), words), STORE_NEXT),
    keep: work(words, STORE_NEXT),
  };
}

/** A combination's writes: the first word of the first column; a column, and after the last column a word, follows
 *  every `column` cycles. */
export function combinationWrites(unit: { readonly rank: number }): { first: Length; column: Length } {
  const rank = named(unit, "lowRank")("rank");
  const column = sum(rank, 1);
  return { first: sum(COMBINE_LOAD, column, rank, COMBINE_WRITE), column };
}
