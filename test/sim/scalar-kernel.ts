/** The kernels' arithmetic on single scalars, which are doubles to them. Sums and products are those of a program: the
 *  kernel has them in its loop only. */

import type { Op, Program } from "../../generator/methods/low-rank/program.ts";
import type { LowRankIr } from "../../generator/methods/low-rank/unit.ts";
import { Arena } from "../../sim/kernels/arena.ts";
import { instantiate, kernelModule } from "../../sim/kernels/load.ts";
import { createLowRankStates, LowRankUnit, placeFunctionTable } from "../../sim/kernels/low-rank-unit.ts";

const arena = new Arena();
const kernels = instantiate(kernelModule(), arena.memory);
const table = placeFunctionTable(arena).byteOffset;

const instruction = (op: Op, a: number, b: number, c: number) => ({ op, d: 0, a, b, c, wait: 0 });
const program = { instructions: [instruction("mac", 1, 2, 3), instruction("end", 0, 0, 0)], cycles: 2 } as Pick<
  Program,
  "instructions" | "cycles"
> as Program;
const unit: LowRankIr = {
  ...{ method: "sbpca", rank: 0, columns: 1, first: 0, outer: 1, slots: 0, rowColumns: 0, startsEmpty: false },
  ...{ factorBits: 8, passes: 1, terms: 1, initial: null, sample: program, flush: null, batch: program },
  ...{ constants: [], memoryWords: 4, coefficients: 1, seeds: [1] },
};
const [state] = createLowRankStates(unit, [{ inputs: 1, inputBits: 8, outputs: 1, errorBits: 8, seed: 1 }], arena);
const lowRank = new LowRankUnit(unit, state, kernels);
const vectors = { x: Int16Array.of(0), xExponent: 0, delta: Int16Array.of(0), deltaExponent: 0, count: 1 };

/** c + a · b */
export function mac(a: number, b: number, c: number): number {
  state.scalars.set([0, a, b, c]);
  lowRank.run(["sample"], vectors);
  // Zero has a sign in a double only.
  return state.scalars[0] + 0;
}

export const multiply = (a: number, b: number): number => mac(a, b, 0);
export const add = (a: number, b: number): number => mac(a, 1, b);
export const fromInteger = (value: number, exponent: number): number => kernels.fromInteger(value, exponent);
export const reciprocal = (a: number): number => kernels.reciprocal(a, table);
export const inverseRoot = (a: number): number => kernels.inverseRoot(a, table);
