/** Widths inside the low-rank units that depend on the whole design. */
import { bitLength, indexBits } from "../base/fixed.ts";
import { MAGNITUDE_BITS, ROW_BITS } from "../methods/low-rank/format.ts";
import type { LowRankIr } from "../methods/low-rank/unit.ts";
import type { Ir } from "./ir.ts";

type Sources = Pick<LowRankIr, "factorBits" | "rowColumns" | "slots">;

/** Bits of a signed operand of a vector unit: an element of a factor, a code of so many bits, or of a row. */
export function operandBits({ factorBits, rowColumns, slots }: Sources, codeBits: number): number {
  const widest = Math.max(factorBits, codeBits);
  return (rowColumns + slots > 0 ? Math.max(widest, ROW_BITS - 1) : widest) + 1;
}

/** Bits of an operand of any layer's side. */
export const widestOperandBits = (ir: Pick<Ir, "errorBits" | "vectors">, unit: Sources): number =>
  operandBits(unit, Math.max(ir.errorBits, ...ir.vectors.map((v) => v.bits)));

/** Bits of a dot product; also the sample's place and a random number, and room for a magnitude. */
export function valueBits(ir: Pick<Ir, "errorBits" | "vectors" | "batch">, unit: Sources): number {
  const longest = Math.max(...ir.vectors.map((v) => v.size));
  return Math.max(
    2 * widestOperandBits(ir, unit) + bitLength(longest) + 1,
    indexBits(ir.batch) + 2,
    MAGNITUDE_BITS + 2,
  );
}
