/** The low-rank units of a design: what its method plans, with the cycles of the vector units and the tables of the
 *  scalar units. */
import type { Gradient } from "../fields.ts";
import { filled } from "../fields.ts";
import type { PlannedColumns } from "../method.ts";
import { unitPlan } from "../registry.ts";
import { Assembler } from "./assembler.ts";
import { vectorCycles } from "./cycles.ts";
import { toScalar } from "./format.ts";
import type { Timing } from "./program.ts";
import type { LongestSides, LowRankIr } from "./unit.ts";

/** Cycles from issue to issue in the units of the longest sides, which all layers wait for. */
function timing(columns: PlannedColumns, { words }: LongestSides): Timing {
  const [x, d] = [vectorCycles(columns, { words: words.x }), vectorCycles(columns, { words: words.d })];
  const longest = words.x > words.d ? x : d;
  return {
    vectorDot: longest.vectorDot.next.cycles,
    columnDot: longest.columnDot.next.cycles,
    combine: { x: x.combine.next.cycles, d: d.combine.next.cycles },
    row: { x: x.row.next.cycles, d: d.row.next.cycles },
    copy: longest.copy.next.cycles,
    keep: longest.keep.next.cycles,
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
