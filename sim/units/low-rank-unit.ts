/** `low_rank_unit` of one layer: its scalar processor, and a `vector_unit` on each side. */

import type { LowRankIr } from "../../generator/ir.ts";
import {
  COEFFICIENT_BITS,
  COEFFICIENT_SHIFT_MAX,
  COEFFICIENT_SHIFT_MIN,
  COMBINE_FRACTION,
  MAGNITUDE_BITS,
  RANDOM_BITS,
} from "../../generator/low-rank/format.ts";
import type { Instruction } from "../../generator/low-rank/program.ts";
import { xorshift32 } from "../../generator/random.ts";
import { clip } from "../arith.ts";
import { add, divide, fromInteger, multiply, type Scalar, squareRoot } from "./scalar-float.ts";

/** Bits of a magnitude that a coefficient cuts off. */
const CUT = MAGNITUDE_BITS - (COEFFICIENT_BITS - 1);

const HALF = 2 ** (COMBINE_FRACTION - 1);

/** A strength as the update unit takes it: σ = mantissa · 2^exponent. */
export interface Strength {
  mantissa: number;
  exponent: number;
}

/** One side's factors, [rank][size] codes, and what its vector unit works on. */
export interface Side {
  readonly size: number;
  readonly factors: Int16Array;
  /** Coefficients of the next combination, [rank][rank + 1], and the shifts of their products. */
  readonly coefficients: Int16Array;
  readonly shifts: Int8Array;
}

export interface LowRankState {
  readonly x: Side;
  readonly d: Side;
  readonly memory: Scalar[];
  readonly strengths: Strength[];
  lfsr: Uint32Array;
  /** Whether strengths and factors hold nothing yet. */
  fresh: boolean;
}

function createSide(rank: number, size: number): Side {
  return {
    size,
    factors: new Int16Array(rank * size),
    coefficients: new Int16Array(rank * (rank + 1)),
    shifts: new Int8Array(rank * (rank + 1)),
  };
}

export function createLowRankState(unit: LowRankIr, layer: number, inputs: number, outputs: number): LowRankState {
  return {
    x: createSide(unit.rank, inputs),
    d: createSide(unit.rank, outputs),
    memory: Array.from({ length: unit.memoryWords }, () => ({ m: 0, e: 0 })),
    strengths: Array.from({ length: unit.rank }, () => ({ mantissa: 0, exponent: 0 })),
    lfsr: Uint32Array.of(unit.seeds[layer]),
    fresh: true,
  };
}

/** What a unit's programs see of the machine. */
export interface SampleVectors {
  readonly x: Int16Array;
  /** Real value of an input code, as a power of two. */
  readonly xExponent: number;
  readonly delta: Int16Array;
  readonly deltaExponent: number;
  /** Place in the batch, from 1. */
  readonly count: number;
}

/** Σ over a side of two columns' codes; column `rank` is the vector. */
function dot(unit: LowRankIr, side: Side, vector: Int16Array, a: number, b: number): number {
  const { size, factors } = side;
  const column = (n: number) => (n === unit.rank ? vector : factors.subarray(n * size, (n + 1) * size));
  const p = column(a);
  const q = column(b);
  let sum = 0;
  for (let i = 0; i < size; i++) sum += p[i] * q[i];
  return sum;
}

/** New factors from old ones and the vector, by the side's coefficients. */
function combine(unit: LowRankIr, side: Side, vector: Int16Array, old: Int16Array, sums: Float64Array): void {
  const { rank, factorBits } = unit;
  const { size, factors, coefficients, shifts } = side;
  const most = 2 ** (factorBits - 1) - 1;
  old.set(factors);
  for (let r = 0; r < rank; r++) {
    sums.fill(0, 0, size);
    for (let q = 0; q <= rank; q++) {
      const k = r * (rank + 1) + q;
      const coefficient = coefficients[k];
      if (coefficient === 0) continue;
      const scale = 2 ** shifts[k];
      const column = q === rank ? vector : old.subarray(q * size, (q + 1) * size);
      for (let i = 0; i < size; i++) {
        const code = column[i];
        if (code !== 0) sums[i] += Math.floor(coefficient * code * scale);
      }
    }
    for (let i = 0; i < size; i++) {
      // roundShift and saturate, without a power for each element.
      const code = Math.floor((sums[i] + HALF - (sums[i] < 0 ? 1 : 0)) / (2 * HALF));
      factors[r * size + i] = Math.min(most, Math.max(-most, code));
    }
  }
}

/** A number as mantissa · 2^exponent with COEFFICIENT_BITS of mantissa. */
function shorten({ m, e }: Scalar): Strength {
  const magnitude = Math.floor(Math.abs(m) / 2 ** CUT);
  return { mantissa: m < 0 ? -magnitude : magnitude, exponent: e + CUT };
}

/** Hears of each instruction that leaves something behind.
 *  @param pc its number in the program
 *  @param instruction what it was */
export type InstructionListener = (program: "sample" | "batch", pc: number, instruction: Instruction) => void;

/** Runs a layer's programs on its state. */
export class LowRankUnit {
  readonly #unit: LowRankIr;
  readonly #state: LowRankState;
  readonly #constants: readonly Scalar[];
  readonly #old: Record<"x" | "d", Int16Array>;
  readonly #sums: Float64Array;
  listener: InstructionListener | null = null;

  constructor(unit: LowRankIr, state: LowRankState) {
    this.#unit = unit;
    this.#state = state;
    this.#constants = unit.constants;
    this.#sums = new Float64Array(Math.max(state.x.size, state.d.size));
    this.#old = { x: new Int16Array(state.x.factors.length), d: new Int16Array(state.d.factors.length) };
  }

  /** One sample; a fresh unit begins with empty factors: at reset, and with lrt at the start of each batch. */
  sample(vectors: SampleVectors): void {
    const { x, d, memory } = this.#state;
    if (this.#state.fresh) {
      for (const side of [x, d]) side.factors.fill(0);
      for (let r = 0; r < this.#unit.rank; r++) memory[r] = { m: 0, e: 0 };
      this.#state.fresh = false;
    }
    this.#run("sample", vectors);
  }

  /** The end of a batch: strengths for the update. */
  batch(vectors: SampleVectors): void {
    this.#run("batch", vectors);
    if (this.#unit.method === "lrt") this.#state.fresh = true;
  }

  #run(program: "sample" | "batch", vectors: SampleVectors): void {
    const { rank, factorBits } = this.#unit;
    const { instructions } = this.#unit[program];
    const { memory, x, d, strengths, lfsr } = this.#state;
    const fraction = factorBits - 1;
    const product: Scalar = { m: 0, e: 0 };
    const result: Scalar = { m: 0, e: 0 };
    const dots = { x: 0, d: 0 };
    let withVector = 0;
    let passes = 0;
    const read = (address: number): Scalar => (address < 0 ? this.#constants[-1 - address] : memory[address]);
    const put = (side: Side, k: number, value: Scalar, vector: boolean, exponent: number) => {
      const { mantissa, exponent: e } = shorten(value);
      side.coefficients[k] = mantissa;
      side.shifts[k] = clip(
        e + COMBINE_FRACTION + (vector ? fraction + exponent : 0),
        COEFFICIENT_SHIFT_MIN,
        COEFFICIENT_SHIFT_MAX,
      );
    };
    for (let pc = 0; ; pc++) {
      const { op, d: to, a, b, c } = instructions[pc];
      switch (op) {
        case "mac":
          multiply(read(a), read(b), product);
          add(read(c), product, result);
          break;
        case "nmac":
          multiply(read(a), read(b), product);
          product.m = -product.m;
          add(read(c), product, result);
          break;
        case "select": {
          const chosen = read(read(a).m > 0 ? b : c);
          result.m = chosen.m;
          result.e = chosen.e;
          break;
        }
        case "divide":
          divide(read(a), read(b), result);
          break;
        case "root":
          squareRoot(read(a), result);
          break;
        case "random":
          fromInteger(lfsr[0] >>> (32 - RANDOM_BITS), -RANDOM_BITS, result);
          lfsr[0] = xorshift32(lfsr[0]);
          break;
        case "count":
          fromInteger(vectors.count, 0, result);
          break;
        case "dot":
          dots.x = dot(this.#unit, x, vectors.x, a, b);
          dots.d = dot(this.#unit, d, vectors.delta, a, b);
          withVector = Number(a === rank) + Number(b === rank);
          continue;
        case "getX":
          fromInteger(dots.x, withVector * vectors.xExponent - (2 - withVector) * fraction, result);
          break;
        case "getD":
          fromInteger(dots.d, withVector * vectors.deltaExponent - (2 - withVector) * fraction, result);
          break;
        case "putX":
          put(x, a, read(b), c === 1, vectors.xExponent);
          this.listener?.(program, pc, instructions[pc]);
          continue;
        case "putD":
          put(d, a, read(b), c === 1, vectors.deltaExponent);
          this.listener?.(program, pc, instructions[pc]);
          continue;
        case "combine":
          combine(this.#unit, x, vectors.x, this.#old.x, this.#sums);
          combine(this.#unit, d, vectors.delta, this.#old.d, this.#sums);
          this.listener?.(program, pc, instructions[pc]);
          continue;
        case "sigma":
          strengths[a] = shorten(read(b));
          this.listener?.(program, pc, instructions[pc]);
          continue;
        case "loop":
          passes++;
          if (passes < b) pc = a - 1;
          else passes = 0;
          continue;
        case "end":
          return;
      }
      memory[to].m = result.m;
      memory[to].e = result.e;
    }
  }
}
