/** `low_rank_unit` of one layer, fast: the twin of `sim/units/low-rank-unit.ts`. Its arithmetic is one kernel
 *  (`assembly/low-rank.ts`); here its state is laid out, and its programs are run. Every machine has this twin, also the one
 *  on the plain path: a sample takes thousands of instructions, many over whole vectors, and whole numbers of any length are
 *  too slow for a training. */

import type { ProgramName } from "../../generator/ir/hand-over.ts";
import type { Ir } from "../../generator/ir/ir.ts";
import { type Instruction, OPS, type Op, type Program } from "../../generator/methods/low-rank/program.ts";
import { functionTable } from "../../generator/methods/low-rank/table.ts";
import type { LowRankIr } from "../../generator/methods/low-rank/unit.ts";
import type { SampleVectors } from "../units/low-rank-unit.ts";
import { toNumber } from "../units/scalar-float.ts";
import type { Arena } from "./arena.ts";
import * as layout from "./assembly/low-rank-layout.ts";
import type { Kernels } from "./load.ts";

/** One side's columns and samples, and what its vector unit works on. */
export interface Side {
  readonly size: number;
  /** Elements from one column, or slot, to the next; beyond `size` they are zero. */
  readonly stride: number;
  /** Codes, [column][stride]. */
  readonly factors: Int16Array;
  /** Codes, [slot][stride]. */
  readonly samples: Int16Array;
  /** The present sample's codes. */
  readonly vector: Int16Array;
  /** Coefficients of the next combination or row, and the left shifts of their products. */
  readonly coefficients: Int16Array;
  readonly shifts: Int32Array;
}

/** All that a unit keeps, in memory that threads share. */
export interface LowRankState {
  readonly memory: WebAssembly.Memory;
  readonly x: Side;
  readonly d: Side;
  /** Values of the scalar memory. */
  readonly scalars: Float64Array;
  /** Strengths as the update unit takes them: σ = mantissa · 2^exponent. */
  readonly mantissas: Int32Array;
  readonly exponents: Int32Array;
  /** The kernel's view of the unit: `low-rank-layout.ts`. */
  readonly words: Int32Array;
  readonly programs: Readonly<Record<ProgramName | "fresh", Int32Array | null>>;
}

/** Which operands are places of the scalar memory, or constants; `d` of all that write a scalar is one, too. */
const SCALARS: Partial<Record<Op, readonly ("a" | "b" | "c")[]>> = {
  mac: ["a", "b", "c"],
  nmac: ["a", "b", "c"],
  select: ["a", "b", "c"],
  reciprocal: ["a"],
  inverseRoot: ["a"],
  putX: ["b"],
  putD: ["b"],
  storeX: ["b"],
  storeD: ["b"],
  sigma: ["b"],
};
const SCALAR_BYTES = 8;

/** A program in the kernel's form.
 *  @param fresh whether strengths read as zero */
function placeProgram({ instructions }: Program, unit: LowRankIr, arena: Arena, fresh: boolean): Int32Array {
  const words = arena.int32(instructions.length * layout.RECORD_WORDS);
  const zero = -1 - unit.constants.length;
  const place = (address: number) => SCALAR_BYTES * (fresh && address >= 0 && address < unit.rank ? zero : address);
  instructions.forEach(({ op, d, a, b, c, wait }, n) => {
    const operands = { a, b, c };
    for (const name of SCALARS[op] ?? []) operands[name] = place(operands[name]);
    const sign = op === "nmac" ? 1 << 31 : 0;
    const record = [
      OPS.indexOf(op === "nmac" ? "mac" : op),
      SCALAR_BYTES * d,
      operands.a,
      operands.b,
      operands.c,
      wait,
      sign,
    ];
    words.set(record, n * layout.RECORD_WORDS);
  });
  return words;
}

export function placeFunctionTable(arena: Arena): Int32Array {
  const { c0, c1, c2 } = functionTable;
  const words = arena.int32(3 * c0.length);
  words.set(c0.flatMap((c, i) => [c, c1[i], c2[i]]));
  return words;
}

function createSide(unit: LowRankIr, size: number, arena: Arena): Side {
  const stride = Math.ceil(size / layout.COLUMN_PAD) * layout.COLUMN_PAD;
  return {
    size,
    stride,
    factors: arena.int16(unit.columns * stride),
    samples: arena.int16(unit.slots * stride),
    vector: arena.int16(stride),
    coefficients: arena.int16(unit.coefficients),
    shifts: arena.int32(unit.coefficients),
  };
}

function describeSide(words: Int32Array, first: number, side: Side, most: number): void {
  words[first + layout.SIZE] = side.size;
  words[first + layout.STRIDE] = 2 * side.stride;
  words[first + layout.FACTORS] = side.factors.byteOffset;
  words[first + layout.SAMPLES] = side.samples.byteOffset;
  words[first + layout.VECTOR] = side.vector.byteOffset;
  words[first + layout.VECTOR_MOST] = most;
  words[first + layout.COEFFICIENTS] = side.coefficients.byteOffset;
  words[first + layout.SHIFTS] = side.shifts.byteOffset;
}

/** Sizes of a layer's vectors, and the bits of their codes' magnitudes. */
export interface UnitSizes {
  readonly inputs: number;
  readonly inputBits: number;
  readonly outputs: number;
  readonly errorBits: number;
  readonly seed: number;
}

/** The units of one machine; they share programs, constants' values and tables. */
export function createLowRankStates(unit: LowRankIr, layers: readonly UnitSizes[], arena: Arena): LowRankState[] {
  const table = placeFunctionTable(arena);
  const placed = (program: Program | null, fresh = false) => program && placeProgram(program, unit, arena, fresh);
  const programs = {
    initial: placed(unit.initial),
    sample: placed(unit.sample),
    fresh: placed(unit.sample, true),
    flush: placed(unit.flush),
    batch: placed(unit.batch),
  };
  return layers.map((sizes): LowRankState => {
    const { inputs, inputBits, outputs, errorBits, seed } = sizes;
    const x = createSide(unit, inputs, arena);
    const d = createSide(unit, outputs, arena);
    const longest = Math.max(x.stride, d.stride);
    const constants = unit.constants.length;
    const allScalars = arena.float64(1 + constants + unit.memoryWords);
    // Constant n has the address −1 − n; before them all lies the zero of empty strengths.
    allScalars.set(unit.constants.map(toNumber).reverse(), 1);
    const scalars = allScalars.subarray(1 + constants);
    const mantissas = arena.int32(unit.outer);
    const exponents = arena.int32(unit.outer);
    const words = arena.int32(layout.UNIT_WORDS);
    words[layout.FRESH] = 1;
    words[layout.LFSR] = seed;
    words[layout.RANK] = unit.rank;
    words[layout.COLUMNS] = unit.columns;
    words[layout.FIRST] = unit.first;
    words[layout.OUTER_PRODUCTS] = unit.outer;
    words[layout.SLOTS] = unit.slots;
    words[layout.ROW_COLUMNS] = unit.rowColumns;
    words[layout.FACTOR_BITS] = unit.factorBits;
    words[layout.SCALARS] = scalars.byteOffset;
    words[layout.FUNCTION_TABLE] = table.byteOffset;
    words[layout.MANTISSAS] = mantissas.byteOffset;
    words[layout.EXPONENTS] = exponents.byteOffset;
    words[layout.RESULTS] = arena.float64(2 + unit.outer).byteOffset;
    words[layout.ZEROS] = arena.int16(longest).byteOffset;
    words[layout.TERMS] = arena.int32((unit.coefficients * layout.TERM_BYTES) / 4).byteOffset;
    words[layout.TURNED] = arena.int16(unit.rank * longest).byteOffset;
    words[layout.POSITIVE] = arena.int16(longest).byteOffset;
    words[layout.NEGATIVE] = arena.int16(longest).byteOffset;
    describeSide(words, layout.X_SIDE, x, 2 ** inputBits - 1);
    describeSide(words, layout.D_SIDE, d, 2 ** errorBits - 1);
    return { memory: arena.memory, x, d, scalars, mantissas, exponents, words, programs };
  });
}

export function unitSizes({ vectors, layers, errorBits }: Ir, { seeds }: LowRankIr): UnitSizes[] {
  return layers.map(({ inputs, outputs }, l) => {
    const { bits, signed } = vectors[l];
    return { inputs, inputBits: signed ? bits - 1 : bits, outputs, errorBits: errorBits - 1, seed: seeds[l] };
  });
}

/** Hears of each instruction that leaves something behind.
 *  @param cycle of its issue, after that of the first program's first instruction
 *  @param element passes of the inner loop before it */
export type InstructionListener = (instruction: Instruction, cycle: number, element: number) => void;

/** Runs a layer's programs on its state. */
export class LowRankUnit {
  readonly #unit: LowRankIr;
  readonly #state: LowRankState;
  readonly #kernels: Kernels;
  listener: InstructionListener | null = null;

  constructor(unit: LowRankIr, state: LowRankState, kernels: Kernels) {
    this.#unit = unit;
    this.#state = state;
    this.#kernels = kernels;
  }

  /** A fresh unit's `sample` begins with empty factors: after reset, and where batches start empty, in each. */
  run(programs: readonly ProgramName[], vectors: SampleVectors): void {
    const { x, d, words } = this.#state;
    x.vector.set(vectors.x);
    d.vector.set(vectors.delta);
    words[layout.X_SIDE + layout.VECTOR_EXPONENT] = vectors.xExponent;
    words[layout.D_SIDE + layout.VECTOR_EXPONENT] = vectors.deltaExponent;
    words[layout.PLACE] = vectors.count;
    let cycle = 0;
    for (const name of programs) {
      const fresh = name === "sample" && words[layout.FRESH] === 1;
      words[layout.EMPTY] = fresh ? this.#unit.rank : 0;
      this.#program(name, fresh, cycle);
      if (fresh) words[layout.FRESH] = 0;
      if (name === "batch" && this.#unit.startsEmpty) words[layout.FRESH] = 1;
      cycle += this.#unit[name]?.cycles ?? 0;
    }
  }

  #program(name: ProgramName, fresh: boolean, start: number): void {
    const { words, programs } = this.#state;
    const program = programs[fresh ? "fresh" : name];
    if (!program) return;
    words[layout.PC] = 0;
    words[layout.CYCLE] = start;
    if (!this.listener) {
      this.#kernels.run(words.byteOffset, program.byteOffset, 0);
      return;
    }
    const { instructions } = this.#unit[name] as Program;
    for (;;) {
      const pc = this.#kernels.run(words.byteOffset, program.byteOffset, 1);
      if (pc < 0) return;
      this.listener(instructions[pc], words[layout.ISSUE], words[layout.INNER]);
    }
  }
}
