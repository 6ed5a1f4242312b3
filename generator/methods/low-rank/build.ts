/** The low-rank units of a design: what its method plans, with the cycles of the vector units and the tables of the
 *  scalar units. */
import type { Gradient } from "../fields.ts";
import { filled } from "../fields.ts";
import type { PlannedColumns } from "../method.ts";
import { unitPlan } from "../registry.ts";
import { Assembler } from "./assembler.ts";
import { toScalar } from "./format.ts";
import type { Timing } from "./program.ts";
import type { LongestSides, LowRankIr } from "./unit.ts";

/** From a dot product's issue to the issue of what reads it, beyond one cycle a word; the same for a row's products. */
const DOT_PIPELINE = 3;
/** From a column's last product to the visibility of its write. */
export const COMBINE_LATENCY = 4;
/** From a combination's issue to the issue of what reads the new factors, beyond its loads and products. */
const COMBINE_PIPELINE = 4;
/** From a store's issue, or a copied or kept word's read, to the visibility of its write. */
export const WRITE_LATENCY = 3;
/** From the issue of a copy or of keeping to the issue of what reads it, beyond one cycle a word. */
const COPY_PIPELINE = 4;
/** Cycles between a row's word and its products with the columns. */
const ROW_PAUSE = 2;

/** Cycles of the vector units' work (docs/low-rank.md). */
function timing({ rank, outer, rowColumns, slots }: PlannedColumns, { words }: LongestSides): Timing {
  const longest = Math.max(words.x, words.d);
  const combine = (n: number) => rank + 1 + n * rank * (rank + 1) + COMBINE_PIPELINE;
  const row = (n: number) => n * (rowColumns + slots + ROW_PAUSE + outer) + DOT_PIPELINE;
  return {
    vectorDot: longest + DOT_PIPELINE,
    columnDot: 2 * longest + DOT_PIPELINE,
    combine: { x: combine(words.x), d: combine(words.d) },
    row: { x: row(words.x), d: row(words.d) },
    copy: outer * longest + COPY_PIPELINE,
    keep: longest + COPY_PIPELINE,
  };
}

/** @param gradient of a validated design whose method keeps factors
 *  @param seeds of the layers' LFSRs */
export function lowRankIr(gradient: Gradient, batch: number, sides: LongestSides, seeds: readonly number[]): LowRankIr {
  const { columns: planned, programs } = unitPlan(gradient, batch);
  const { rank, first, outer, slots, rowColumns } = planned;
  const columns = first + outer;
  const a = new Assembler({ rank, count: columns }, timing(planned, sides));
  const made = programs(a, sides);
  const sequential = gradient.update === "rank-seq";
  return {
    method: gradient.method,
    rank,
    columns,
    first,
    outer,
    slots,
    rowColumns,
    startsEmpty: planned.startsEmpty,
    coefficients: Math.max(rank * (rank + 1), rowColumns + slots),
    factorBits: filled(gradient.factorBits, "factorBits"),
    passes: sequential ? outer : 1,
    terms: sequential ? 1 : outer,
    ...made,
    constants: a.constants.map(toScalar),
    memoryWords: a.words,
    seeds,
  };
}
