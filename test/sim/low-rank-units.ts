/** Random low-rank units for tests: sizes, scalars, programs of all instructions; and a unit's state as plain numbers. */
import fc from "fast-check";
import { type Instruction, OPS, type Op, type Program } from "../../generator/methods/low-rank/program.ts";
import type { LowRankIr } from "../../generator/methods/low-rank/unit.ts";
import * as layout from "../../sim/kernels/assembly/low-rank-layout.ts";
import type { LowRankState, Side } from "../../sim/kernels/low-rank-unit.ts";
import type { UnitSide, UnitState } from "../../sim/units/low-rank-unit.ts";
import { type Scalar, toNumber, zero } from "../../sim/units/scalar-float.ts";

const scalar = (least: number, most: number): fc.Arbitrary<Scalar> =>
  fc.oneof(
    { arbitrary: fc.constant(zero), weight: 1 },
    {
      arbitrary: fc.record({
        m: fc.tuple(fc.integer({ min: 2 ** 20, max: 2 ** 21 - 1 }), fc.boolean()).map(([m, minus]) => (minus ? -m : m)),
        e: fc.integer({ min: least, max: most }),
      }),
      weight: 12,
    },
  );
export const anyScalar = fc.oneof(scalar(-511, 511), scalar(-40, 0), scalar(-22, -18));
/** What programs mostly compute with. */
export const usualScalar = fc.oneof(
  { arbitrary: scalar(-24, -18), weight: 8 },
  { arbitrary: scalar(-60, 20), weight: 2 },
  { arbitrary: anyScalar, weight: 1 },
);

export const WORDS = 14;

export interface Shape {
  readonly unit: LowRankIr;
  readonly inputs: number;
  readonly outputs: number;
  readonly inputBits: number;
  readonly errorBits: number;
}

export const shape: fc.Arbitrary<Shape> = fc
  .record({
    rank: fc.integer({ min: 0, max: 4 }),
    outer: fc.integer({ min: 1, max: 5 }),
    stream: fc.boolean(),
    slots: fc.integer({ min: 0, max: 5 }),
    rowColumns: fc.nat(4),
    factorBits: fc.integer({ min: 3, max: 16 }),
    constants: fc.array(usualScalar, { minLength: 6, maxLength: 6 }),
    inputs: fc.integer({ min: 1, max: 70 }),
    outputs: fc.integer({ min: 1, max: 70 }),
    inputBits: fc.integer({ min: 1, max: 12 }),
    errorBits: fc.integer({ min: 2, max: 12 }),
  })
  .map(({ rank, outer, stream, slots, rowColumns: wanted, factorBits, constants, ...sizes }) => {
    const first = stream ? Math.max(rank, outer) : rank;
    const columns = first + outer;
    const rowColumns = Math.min(columns, wanted);
    const nothing: Program = { instructions: [], cycles: 0 } as unknown as Program;
    const unit: LowRankIr = {
      ...{ method: "nmf", rank, columns, first, outer, slots, rowColumns, startsEmpty: false, factorBits },
      ...{ passes: 1, terms: outer, initial: null, sample: nothing, flush: null, batch: nothing, constants },
      ...{ memoryWords: WORDS, coefficients: Math.max(1, rank * (rank + 1), rowColumns + slots), seeds: [1] },
    };
    return { unit, ...sizes };
  });

export type Draw = readonly [op: Op, d: number, a: number, b: number, c: number, wait: number];
export const draws = (ops: readonly Op[], most: number): fc.Arbitrary<Draw[]> =>
  fc.array(fc.tuple(fc.constantFrom(...ops), fc.nat(1e6), fc.nat(1e6), fc.nat(1e6), fc.nat(1e6), fc.nat(3)), {
    maxLength: most,
    size: "max",
  });
export const plainOps = OPS.filter((op) => op !== "loop" && op !== "end");

/** An instruction of the unit out of any numbers; null where it has none of that kind. */
function instruction({ unit }: Shape, [op, d, a, b, c, wait]: Draw): Instruction | null {
  const { columns, slots, outer, first, coefficients, rowColumns } = unit;
  const place = (v: number) => (v % (WORDS + 6)) - 6;
  const made = (fields: Partial<Instruction>): Instruction => ({ op, d: d % WORDS, a: 0, b: 0, c: 0, wait, ...fields });
  switch (op) {
    case "getRow":
      return made({ a: a % outer });
    case "elementX":
    case "elementD":
      return made({ a: a % (columns + slots) });
    case "keep":
      return slots === 0 ? null : made({ d: d % (WORDS - slots) });
    case "dot": {
      const second = b % (columns + 1);
      return made({ a: second === columns ? a % (columns + 1) : a % columns, b: second });
    }
    case "putX":
    case "putD":
      return made({ a: a % coefficients, b: place(b), c: c % 3 });
    case "storeX":
    case "storeD":
      return made({ a: a % columns, b: place(b), c: c % 2 });
    case "rowX":
    case "rowD":
      return rowColumns + slots === 0 ? null : made({});
    case "copy":
      return first < outer ? null : made({});
    case "sigma":
      return made({ a: a % outer, b: place(b) });
    default:
      return made({ a: place(a), b: place(b), c: place(c) });
  }
}

/** Straight instructions, an inner loop, an outer loop around more of them. */
export function programOf(of: Shape, parts: readonly Draw[][], times: readonly [number, number, number]): Program {
  const list: Instruction[] = [];
  const add = (part: readonly Draw[]) => {
    for (const draw of part) {
      const made = instruction(of, draw);
      if (made) list.push(made);
    }
  };
  const loop = (body: () => void, b: number, c: number) => {
    const a = list.length;
    body();
    list.push({ op: "loop", d: 0, a, b, c, wait: 2 });
  };
  add(parts[0]);
  loop(() => add(parts[1]), times[0], 0);
  add(parts[2]);
  loop(
    () => {
      add(parts[3]);
      loop(() => add(parts[4]), times[1], 0);
    },
    times[2],
    1,
  );
  list.push({ op: "end", d: 0, a: 0, b: 0, c: 0, wait: 0 });
  return { instructions: list, cycles: 0 } as unknown as Program;
}

function sideNumbers({ size, stride, factors, samples, coefficients, shifts }: Side): UnitSide {
  const rows = (all: Int16Array) =>
    Array.from({ length: all.length / stride }, (_, r) => {
      if (all.subarray(r * stride + size, (r + 1) * stride).some((v) => v !== 0))
        throw new Error("codes beyond a side");
      return Array.from(all.subarray(r * stride, r * stride + size));
    });
  const lists = { coefficients: Array.from(coefficients), shifts: Array.from(shifts) };
  return { size, columns: rows(factors), slots: rows(samples), ...lists };
}

/** What a program may change, of the fast unit; with scalars as their values. */
export function numbers({ x, d, scalars, mantissas, exponents, words }: LowRankState): unknown {
  const strengths = Array.from(mantissas, (mantissa, r) => ({ mantissa, exponent: exponents[r] }));
  const sides = { x: sideNumbers(x), d: sideNumbers(d) };
  return { ...sides, scalars: Array.from(scalars, (v) => v + 0), strengths, lfsr: words[layout.LFSR] >>> 0 };
}

/** The same of the plain unit. */
export function plainNumbers({ x, d, scalars, strengths, lfsr }: UnitState): unknown {
  return { x, d, scalars: scalars.map(toNumber), strengths, lfsr };
}
