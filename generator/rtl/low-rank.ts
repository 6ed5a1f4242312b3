/** What the templates of the low-rank units need: sizes, formats, programs and tables. */

import { bitLength, indexBits } from "../base/fixed.ts";
import type { Ir, LayerIr } from "../ir/ir.ts";
import { valueBits, widestOperandBits } from "../ir/low-rank-widths.ts";
import {
  COEFFICIENT_BITS,
  COEFFICIENT_SHIFT_MAX,
  COEFFICIENT_SHIFT_MIN,
  COMBINE_FRACTION,
  DISTANCE_MAX,
  EXPONENT_BITS,
  MAGNITUDE_BITS,
  RANDOM_BITS,
  ROW_BITS,
  SCALAR_BITS,
  SHIFT_MAX,
} from "../methods/low-rank/format.ts";
import { type Instruction, OPS } from "../methods/low-rank/program.ts";
import { FRACTION, functionTable, INDEX_BITS } from "../methods/low-rank/table.ts";
import type { LowRankIr } from "../methods/low-rank/unit.ts";
import { hex, type Parameter, type Value } from "./values.ts";

/** A layer's parameters of its low-rank unit. */
export function lowRankParameters(ir: Ir, unit: LowRankIr, layer: LayerIr): Parameter[] {
  const p = (name: string, value: Value): Parameter => ({ name, value });
  const { words: xWords } = ir.vectors[layer.index];
  const { words: dWords } = ir.vectors[layer.index + 1];
  return [
    p("COLUMNS", unit.columns),
    p("FIRST", unit.first),
    p("OUTER_BITS", indexBits(unit.outer)),
    p("OP_BITS", OP_BITS),
    p("FIELD_BITS", fieldBits(unit)),
    p("INDEX_BITS", coefficientIndexBits(unit)),
    p("COUNT_BITS", indexBits(ir.batch) + 1),
    p("FACTOR_BITS", unit.factorBits),
    p("COEFFICIENT_BITS", COEFFICIENT_BITS),
    p("STRENGTH_EXPONENT_BITS", EXPONENT_BITS + 1),
    p("X_FACTOR_ADDRESS_BITS", indexBits(unit.columns * xWords)),
    p("D_FACTOR_ADDRESS_BITS", indexBits(unit.columns * dWords)),
    ...(unit.slots > 0
      ? [
          p("SLOTS", unit.slots),
          p("SAMPLE_SLOT_BITS", indexBits(unit.slots)),
          p("X_SAMPLE_ADDRESS_BITS", indexBits(unit.slots * xWords)),
          p("D_SAMPLE_ADDRESS_BITS", indexBits(unit.slots * dWords)),
        ]
      : []),
    p("LOW_RANK_SEED", `32'h${hex(unit.seeds[layer.index], 8)}`),
  ];
}

const OP_BITS = bitLength(OPS.length - 1);

/** The programs, one behind the other, and where each begins. */
function assembled({ initial, sample, flush, batch }: LowRankIr) {
  const instructions: Instruction[] = [];
  const starts: Record<string, number> = {};
  for (const [name, program] of Object.entries({ initial, sample, flush, batch })) {
    if (!program) continue;
    const start = instructions.length;
    starts[name] = start;
    for (const i of program.instructions) instructions.push(i.op === "loop" ? { ...i, a: i.a + start } : i);
  }
  return { instructions, starts };
}

/** Largest of a number of each instruction: there may be more of them than a call takes arguments. */
const largest = (instructions: readonly Instruction[], number: (instruction: Instruction) => number): number =>
  instructions.reduce((most, instruction) => Math.max(most, number(instruction)), 0);

/** Bits of a coefficient's number, and of an outer product's. */
const coefficientIndexBits = ({ coefficients, outer }: LowRankIr): number => indexBits(Math.max(coefficients, outer));

/** Bits of the number of a column, the sample's vector, or a slot. */
const columnBits = ({ columns, slots }: LowRankIr): number => indexBits(columns + Math.max(1, slots));

/** Bits of an instruction's operand: an address whose highest bit tells a constant, or a number. */
function fieldBits(unit: LowRankIr): number {
  const { instructions } = assembled(unit);
  return Math.max(
    bitLength(largest(instructions, ({ d, a, b, c }) => Math.max(d, a, b, c))),
    indexBits(unit.memoryWords) + 1,
    indexBits(unit.constants.length) + 1,
    indexBits(instructions.length),
    columnBits(unit),
    coefficientIndexBits(unit),
  );
}

/** Formats and program of the low-rank units. */
export function scalarContext(ir: Ir, unit: LowRankIr) {
  const { instructions, starts } = assembled(unit);
  const field = fieldBits(unit);
  const waitBits = Math.max(1, bitLength(largest(instructions, (i) => i.wait)));
  const sources = unit.rowColumns + unit.slots;
  const address = (value: number) => BigInt(value < 0 ? 2 ** (field - 1) - 1 - value : value);
  const bits = OP_BITS + 4 * field + waitBits;
  const encode = ({ op, d, a, b, c, wait }: Instruction): bigint =>
    [address(d), address(a), address(b), address(c)].reduce(
      (word, value) => (word << BigInt(field)) | value,
      BigInt(OPS.indexOf(op)),
    ) *
      2n ** BigInt(waitBits) +
    BigInt(wait);
  const addressBits = indexBits(instructions.length);
  const ofScalar = ({ m, e }: { m: number; e: number }): bigint =>
    (BigInt(m < 0 ? 1 : 0) << BigInt(SCALAR_BITS - 1)) |
    (BigInt.asUintN(EXPONENT_BITS, BigInt(e)) << BigInt(MAGNITUDE_BITS)) |
    BigInt(Math.abs(m));
  return {
    RANK: unit.rank,
    COLUMNS: unit.columns,
    COLUMN_BITS: columnBits(unit),
    FIRST: unit.first,
    OUTER: unit.outer,
    OUTER_BITS: indexBits(unit.outer),
    ROW_COLUMNS: unit.rowColumns,
    ROW_BITS,
    ROW_FRACTION: ROW_BITS - 1,
    SOURCES: sources,
    SOURCE_BITS: indexBits(sources),
    ELEMENT_BITS: widestOperandBits(ir, unit),
    SLOTS: unit.slots,
    SLOT_BITS: indexBits(unit.slots),
    OP_BITS,
    PASSES: unit.passes,
    TERMS: unit.terms,
    FIELD_BITS: field,
    WAIT_BITS: waitBits,
    ADDRESS_BITS: addressBits,
    PASS_BITS: bitLength(
      Math.max(
        1,
        largest(instructions, (i) => (i.op === "loop" ? i.b : 0)),
      ),
    ),
    COEFFICIENTS: unit.coefficients,
    INDEX_BITS: coefficientIndexBits(unit),
    COUNT_BITS: indexBits(ir.batch) + 1,
    MEMORY_WORDS: unit.memoryWords,
    MEMORY_ADDRESS_BITS: indexBits(unit.memoryWords),
    EXPONENT_BITS,
    MAGNITUDE_BITS,
    RANDOM_BITS,
    VALUE_BITS: valueBits(ir, unit),
    FACTOR_BITS: unit.factorBits,
    FACTOR_FRACTION: unit.factorBits - 1,
    COEFFICIENT_BITS,
    STRENGTH_EXPONENT_BITS: EXPONENT_BITS + 1,
    COMBINE_FRACTION,
    COEFFICIENT_SHIFT_MAX,
    COEFFICIENT_SHIFT_MIN,
    DISTANCE_MAX,
    SHIFT_MAX,
    ops: Object.fromEntries(OPS.map((op, code) => [op, `${OP_BITS}'d${code}`])),
    operands: ["a", "b", "c"],
    constants: unit.constants.map((value, at) => ({
      at: `${field - 1}'d${at}`,
      word: `${SCALAR_BITS}'h${ofScalar(value).toString(16)}`,
    })),
    starts,
    initial: unit.initial !== null,
    startsEmpty: unit.startsEmpty,
    program: instructions.map((instruction, at) => ({
      at: `${addressBits}'d${at}`,
      word: `${bits}'h${encode(instruction).toString(16)}`,
    })),
  };
}

/** The function unit's parabolas. */
export function functionContext() {
  const { c0, c1, c2 } = functionTable;
  const [c0Bits, c1Bits, c2Bits] = [c0, c1, c2].map((list) => bitLength(Math.max(...list)));
  const indexed = bitLength(c0.length - 1);
  return {
    INDEX_BITS,
    FRACTION,
    C1_BITS: c1Bits,
    C2_BITS: c2Bits,
    entries: c0.map((_, at) => ({
      at: `${indexed}'d${at}`,
      word: `${c0Bits + c1Bits + c2Bits}'h${[
        [c1[at], c1Bits],
        [c2[at], c2Bits],
      ]
        .reduce((word, [value, bits]) => (word << BigInt(bits)) | BigInt(value), BigInt(c0[at]))
        .toString(16)}`,
    })),
  };
}
