/** `low_rank_unit` of one layer: a program, instruction by instruction as docs/low-rank.md says it, in whole numbers of any
 *  length. Slow, and readable as the hardware; tests hold its fast twin, `sim/kernels/low-rank-unit.ts`, equal to it. */
import { xorshift32 } from "../../generator/base/mix.ts";
import type { Instruction, Op } from "../../generator/methods/low-rank/program.ts";
import type { LowRankIr } from "../../generator/methods/low-rank/unit.ts";
import {
  add,
  fromBigInt,
  inverseRoot,
  multiply,
  negative,
  reciprocal,
  type Scalar,
  shorten,
  zero,
} from "./scalar-float.ts";

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

/** One vector unit: what it keeps. */
export interface UnitSide {
  readonly size: number;
  /** Codes, [column][element]. */
  readonly columns: number[][];
  /** Codes of the samples kept, [slot][element]. */
  readonly slots: number[][];
  /** Of the next combination or row, and the left shifts of their products. */
  readonly coefficients: number[];
  readonly shifts: number[];
}

/** All that a unit keeps. */
export interface UnitState {
  readonly x: UnitSide;
  readonly d: UnitSide;
  /** The scalar memory. */
  readonly scalars: Scalar[];
  /** Strengths as the update unit takes them: σ = mantissa · 2^exponent. */
  readonly strengths: { mantissa: number; exponent: number }[];
  lfsr: number;
}

/** An instruction that leaves something behind. */
export interface UnitEvent {
  /** Its place in the program. */
  readonly pc: number;
  /** Of its issue, after that of the program's first instruction. */
  readonly cycle: number;
  /** Passes of the inner loop before it. */
  readonly element: number;
}

/** Instructions that leave something that a waveform shows. */
const EVENTS: readonly Op[] = ["keep", "putX", "putD", "combineX", "combineD", "storeX", "storeD", "copy", "sigma"];

/** floor(coefficient · code · 2^shift) */
function term(coefficient: number, code: number, shift: number): bigint {
  const product = BigInt(coefficient) * BigInt(code);
  return shift >= 0 ? product << BigInt(shift) : product >> BigInt(-shift);
}

const clip = (v: number, most: number): number => Math.max(-most, Math.min(most, v));

/** Runs a program on a unit's state.
 *  @param fresh whether factors are empty: columns and strengths of the stream read as zero
 *  @returns its events, and its length in cycles */
export function runProgram(
  unit: LowRankIr,
  instructions: readonly Instruction[],
  state: UnitState,
  vectors: SampleVectors,
  fresh: boolean,
): { events: UnitEvent[]; cycles: number } {
  const { rank, columns, first, outer, slots, rowColumns, factorBits } = unit;
  const most = 2 ** (factorBits - 1) - 1;
  const sides = {
    X: { ...state.x, vector: Array.from(vectors.x), exponent: vectors.xExponent },
    D: { ...state.d, vector: Array.from(vectors.delta), exponent: vectors.deltaExponent },
  };
  type Part = (typeof sides)["X"];
  const events: UnitEvent[] = [];
  const dots = { X: 0n, D: 0n };
  let dotVectors = 0;
  let row: bigint[] = new Array<bigint>(outer).fill(0n);
  const passes = [0, 0];
  let cycle = 0;

  const column = ({ columns: all, size }: Part, n: number): number[] =>
    fresh && n < rank ? new Array<number>(size).fill(0) : all[n];
  const read = (address: number): Scalar => {
    if (address < 0) return unit.constants[-1 - address];
    return fresh && address < rank ? zero : state.scalars[address];
  };
  const product = (part: Part, a: number, b: number): bigint => {
    const p = a === columns ? part.vector : column(part, a);
    const q = b === columns ? part.vector : column(part, b);
    return p.reduce((sum, v, i) => sum + BigInt(v) * BigInt(q[i]), 0n);
  };
  const dotValue = (sum: bigint, { exponent }: Part): Scalar =>
    fromBigInt(sum, dotVectors * exponent - (2 - dotVectors) * (factorBits - 1));
  const put = (part: Part, k: number, value: Scalar, kind: number) => {
    const { mantissa, exponent } = shorten(value);
    part.coefficients[k] = mantissa;
    const own = kind === 0 ? 0 : factorBits - 1 + (kind === 1 ? part.exponent : 0);
    part.shifts[k] = Math.max(-31, Math.min(16, exponent + 14 + own));
  };
  const combine = (part: Part) => {
    const old = [...Array.from({ length: rank }, (_, q) => [...column(part, q)]), part.vector];
    for (let r = 0; r < rank; r++)
      for (let i = 0; i < part.size; i++) {
        const sum = old.reduce((s, codes, q) => {
          const k = r * (rank + 1) + q;
          return s + term(part.coefficients[k], codes[i], part.shifts[k]);
        }, 0n);
        // To the nearest, halves away from zero.
        const size = ((sum < 0n ? -sum : sum) + 8192n) >> 14n;
        part.columns[r][i] = clip(Number(sum < 0n ? -size : size), most) + 0;
      }
  };
  const makeRow = (part: Part) => {
    const sources = [
      ...Array.from({ length: rowColumns }, (_, q) => column(part, q)),
      ...Array.from({ length: slots }, (_, n) => part.slots[n]),
    ];
    const net = Array.from({ length: part.size }, (_, i) => {
      const sum = sources.reduce((s, codes, k) => s + term(part.coefficients[k], codes[i], part.shifts[k]), 0n);
      return clip(Number(sum >> BigInt(factorBits - 2)), 32767);
    });
    row = Array.from({ length: outer }, (_, r) => {
      const codes = column(part, first + r);
      const sign = r < outer / 2 ? 1 : -1;
      return net.reduce((s, n, i) => s + BigInt(Math.max(sign * n, 0)) * BigInt(codes[i]), 0n);
    });
  };
  const element = (part: Part, n: number): Scalar => {
    const i = passes[0];
    if (i >= part.size) return zero;
    return n < columns
      ? fromBigInt(BigInt(column(part, n)[i]), 1 - factorBits)
      : fromBigInt(BigInt(part.slots[n - columns][i]), 0);
  };
  const store = (part: Part, n: number, value: Scalar, least: number) => {
    const i = passes[0];
    if (i >= part.size) return;
    const { m, e } = value;
    const shift = e + factorBits - 1;
    // floor(m · 2^shift + 1/2); far beyond the largest code nothing is lost by 64.
    const code = shift >= 0 ? BigInt(m) << BigInt(Math.min(shift, 64)) : ((BigInt(m) >> BigInt(-shift - 1)) + 1n) >> 1n;
    part.columns[n][i] = Number(code < BigInt(least) ? BigInt(least) : code > BigInt(most) ? BigInt(most) : code);
  };
  const keep = (to: number) => {
    const slot = (vectors.count - 1) % slots;
    for (const part of [sides.X, sides.D]) part.slots[slot] = [...part.vector];
    state.scalars[to + slot] = fromBigInt(1n, vectors.xExponent + vectors.deltaExponent);
  };

  for (let pc = 0; ; pc++) {
    const instruction = instructions[pc];
    const { op, d, a, b, c, wait } = instruction;
    const write = (value: Scalar) => {
      state.scalars[d] = value;
    };
    if (EVENTS.includes(op)) events.push({ pc, cycle, element: passes[0] });
    cycle += wait + 1;
    const part = sides[op.endsWith("D") ? "D" : "X"];
    switch (op) {
      case "mac":
        write(add(read(c), multiply(read(a), read(b))));
        break;
      case "nmac":
        write(add(read(c), negative(multiply(read(a), read(b)))));
        break;
      case "select":
        write(read(read(a).m > 0 ? b : c));
        break;
      case "reciprocal":
        write(reciprocal(read(a)));
        break;
      case "inverseRoot":
        write(inverseRoot(read(a)));
        break;
      case "random":
        write(fromBigInt(BigInt(state.lfsr >>> 16), -16));
        state.lfsr = xorshift32(state.lfsr);
        break;
      case "count":
        write(fromBigInt(BigInt(vectors.count), 0));
        break;
      case "dot":
        dots.X = product(sides.X, a, b);
        dots.D = product(sides.D, a, b);
        dotVectors = Number(a === columns) + Number(b === columns);
        break;
      case "getX":
      case "getD":
        write(dotValue(op === "getX" ? dots.X : dots.D, part));
        break;
      case "getRow":
        write(fromBigInt(row[a], -(15 + factorBits - 1)));
        break;
      case "elementX":
      case "elementD":
        write(element(part, a));
        break;
      case "putX":
      case "putD":
        put(part, a, read(b), c);
        break;
      case "combineX":
      case "combineD":
        combine(part);
        break;
      case "storeX":
      case "storeD":
        store(part, a, read(b), c);
        break;
      case "rowX":
      case "rowD":
        makeRow(part);
        break;
      case "copy":
        for (const { columns: all } of [sides.X, sides.D]) for (let r = 0; r < outer; r++) all[r] = [...all[first + r]];
        break;
      case "keep":
        keep(d);
        break;
      case "sigma":
        state.strengths[a] = shorten(read(b));
        break;
      case "loop":
        passes[c]++;
        if (passes[c] < b) pc = a - 1;
        else passes[c] = 0;
        break;
      case "end":
        return { events, cycles: cycle };
    }
  }
}
