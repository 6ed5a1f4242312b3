/** Reciprocals and inverse roots of the scalar unit: a table of short parabolas, so that a division is a product.
 *
 *  With x in [1, 2) (for odd exponents of a root 2x in [2, 4)), its first INDEX_BITS bits after the point i and the rest
 *  t: y = c0[i] − ((c1[i] − (c2[i] · t >> STEP_BITS)) · t >> STEP_BITS), in units of 2^−FRACTION; 1/2 < y ≤ 1. */
import { MAGNITUDE_BITS } from "./format.ts";

export const INDEX_BITS = 6;
/** Bits of a magnitude below the index. */
export const STEP_BITS = MAGNITUDE_BITS - 1 - INDEX_BITS;
export const FRACTION = 24;

/** Coefficients of the parabolas, one after the other; with the signs above all are positive. */
export interface FunctionTable {
  readonly c0: readonly number[];
  readonly c1: readonly number[];
  readonly c2: readonly number[];
}

/** Parabolas through the ends and the middle of each of `pieces` equal parts of [from, to), of a function that falls. */
function parabolas(f: (x: number) => number, from: number, to: number): FunctionTable {
  const pieces = 2 ** INDEX_BITS;
  const step = (to - from) / pieces;
  const scaled = (x: number) => Math.round(x * 2 ** FRACTION);
  const table = { c0: [] as number[], c1: [] as number[], c2: [] as number[] };
  for (let i = 0; i < pieces; i++) {
    const [left, middle, right] = [0, 0.5, 1].map((t) => f(from + (i + t) * step));
    table.c0.push(scaled(left));
    table.c1.push(scaled(3 * left - 4 * middle + right));
    table.c2.push(scaled(2 * left - 4 * middle + 2 * right));
  }
  return table;
}

function join(...tables: readonly FunctionTable[]): FunctionTable {
  const all = (name: keyof FunctionTable) => tables.flatMap((table) => table[name]);
  return { c0: all("c0"), c1: all("c1"), c2: all("c2") };
}

/** 1/x in the first 2^INDEX_BITS places, 1/√x in the next, 1/√(2x) in the last. */
export const functionTable: FunctionTable = join(
  parabolas((x) => 1 / x, 1, 2),
  parabolas((x) => 1 / Math.sqrt(x), 1, 2),
  parabolas((x) => 1 / Math.sqrt(x), 2, 4),
);
