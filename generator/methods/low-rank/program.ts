/** Programs of the low-rank units: what an instruction is, and when its result may be used (docs/low-rank.md). An
 *  instruction is issued in a known cycle, so a program's length is a constant of the design, and the hardware needs no
 *  interlocks. */
import { PUT_NEXT, STORE_NEXT } from "./cycles.ts";

/** What an instruction does: docs/low-rank.md. The place in this list is its code. */
export const OPS = [
  "mac",
  "nmac",
  "select",
  "reciprocal",
  "inverseRoot",
  "random",
  "count",
  "getX",
  "getD",
  "getRow",
  "elementX",
  "elementD",
  "keep",
  "dot",
  "putX",
  "putD",
  "combineX",
  "combineD",
  "storeX",
  "storeD",
  "rowX",
  "rowD",
  "copy",
  "sigma",
  "loop",
  "end",
] as const;
export type Op = (typeof OPS)[number];

export interface Instruction {
  readonly op: Op;
  readonly d: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  /** Cycles from its issue to the next instruction's, less one. */
  readonly wait: number;
}

/** A scheduled program. */
export interface Program {
  readonly instructions: readonly Instruction[];
  /** Cycles from the first instruction's issue to the one after `end`. */
  readonly cycles: number;
}

/** How often each instruction is issued when the program runs once. */
export function timesIssued({ instructions }: Program): number[] {
  const times = instructions.map(() => 1);
  instructions.forEach(({ op, a, b }, pc) => {
    if (op === "loop") for (let n = a; n <= pc; n++) times[n] *= b;
  });
  return times;
}

/** A value of a program: a constant, a strength, a variable that may be assigned again, or a temporary. */
export type Value = { readonly id: number };

/** An instruction before it has its cycle and its places. */
export interface Node {
  readonly op: Op;
  readonly d: Value | number | null;
  readonly sources: readonly (Value | number)[];
}

export type Side = "x" | "d";

/** Cycles from an issue to the issue of a reader of its result. */
export const LATENCY = 4;
/** The same for reciprocal and inverseRoot. */
export const FUNCTION_LATENCY = 6;
/** A coefficient is in its buffer so many cycles after its issue. */
export const PUT_LATENCY = PUT_NEXT.cycles;
/** From a stored element's issue to the issue of what reads its column. */
export const STORE_LATENCY = STORE_NEXT.cycles;

/** Cycles from the issue of a long piece of work of the vector units to the issue of what needs its result. */
export interface Timing {
  /** Dot products of two factor columns, and of one with the vector. */
  readonly columnDot: number;
  readonly vectorDot: number;
  readonly combine: Readonly<Record<Side, number>>;
  readonly row: Readonly<Record<Side, number>>;
  readonly copy: number;
  readonly keep: number;
}
