/** The two twins of the low-rank units: every instruction, in random programs on random vectors; and their scalars. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { MAGNITUDE_BITS } from "../../generator/methods/low-rank/format.ts";
import { OPS } from "../../generator/methods/low-rank/program.ts";
import { Arena } from "../../sim/kernels/arena.ts";
import * as layout from "../../sim/kernels/assembly/low-rank-layout.ts";
import { instantiate, kernelModule } from "../../sim/kernels/load.ts";
import { createLowRankStates, LowRankUnit, type Side } from "../../sim/kernels/low-rank-unit.ts";
import { runProgram, type UnitSide, type UnitState } from "../../sim/units/low-rank-unit.ts";
import * as plain from "../../sim/units/scalar-float.ts";
import { toNumber } from "../../sim/units/scalar-float.ts";
import {
  anyScalar,
  draws,
  numbers,
  plainNumbers,
  plainOps,
  programOf,
  shape,
  usualScalar,
  WORDS,
} from "./low-rank-units.ts";
import * as kernel from "./scalar-kernel.ts";

const arena = new Arena();
const kernels = instantiate(kernelModule(), arena.memory);

describe("scalars", () => {
  test.prop([anyScalar, anyScalar, fc.integer({ min: -3, max: 3 })], { numRuns: 20_000 })(
    "are multiplied and added as the contract says",
    (a, b, d) => {
      const near = { m: -a.m, e: a.m === 0 ? 0 : Math.max(-511, Math.min(511, a.e + d)) };
      for (const other of [b, a.m === 0 ? a : near]) {
        expect(kernel.multiply(toNumber(a), toNumber(other))).toBe(toNumber(plain.multiply(a, other)));
        expect(kernel.add(toNumber(a), toNumber(other))).toBe(toNumber(plain.add(a, other)));
      }
    },
  );

  test.prop([fc.maxSafeInteger(), fc.integer({ min: -700, max: 700 })], { numRuns: 5000 })(
    "are made of whole numbers by cutting off",
    (value, exponent) => {
      expect(kernel.fromInteger(value, exponent)).toBe(toNumber(plain.fromBigInt(BigInt(value), exponent)));
    },
  );

  it("have reciprocals and inverse roots within 1.07 units of their last place, for every magnitude", () => {
    // Cutting off takes less than one unit.
    const bound = 1.07 * 2 ** -20;
    const errors = { reciprocal: 0, root: 0, oddRoot: 0 };
    let different = 0;
    let short = 0;
    const off = (found: number, exact: number) => Math.abs(found / exact - 1);
    for (let m = 2 ** (MAGNITUDE_BITS - 1); m < 2 ** MAGNITUDE_BITS; m++) {
      const [inverse, root, oddRoot] = [kernel.reciprocal(m), kernel.inverseRoot(m), kernel.inverseRoot(2 * m)];
      errors.reciprocal = Math.max(errors.reciprocal, off(inverse, 1 / m));
      errors.root = Math.max(errors.root, off(root, 1 / Math.sqrt(m)));
      errors.oddRoot = Math.max(errors.oddRoot, off(oddRoot, 1 / Math.sqrt(2 * m)));
      const expected = [plain.reciprocal({ m, e: 0 }), plain.inverseRoot({ m, e: 0 }), plain.inverseRoot({ m, e: 1 })];
      if ([inverse, root, oddRoot].some((v, k) => v !== toNumber(expected[k]))) different++;
      if (inverse < 2 ** -21) short++;
    }
    expect(different).toBe(0);
    expect(short).toBe(0);
    expect(errors.reciprocal).toBeLessThan(bound);
    expect(errors.root).toBeLessThan(bound);
    expect(errors.oddRoot).toBeLessThan(bound);
  });

  test.prop([anyScalar], { numRuns: 5000 })("have them at all exponents, and zero where there is none", (a) => {
    expect(kernel.reciprocal(toNumber(a))).toBe(toNumber(plain.reciprocal(a)));
    expect(kernel.inverseRoot(toNumber(a))).toBe(toNumber(plain.inverseRoot(a)));
  });
});

it("has the instructions' codes", () => {
  const upper = OPS.map((op) => op.replace(/([A-Z])/g, "_$1").toUpperCase());
  expect(upper.map((name) => (layout as Record<string, number>)[name])).toEqual(OPS.map((_, code) => code));
});

const run = shape.chain((of) => {
  const code = (most: number, least = -most) =>
    fc.oneof(
      { arbitrary: fc.integer({ min: least, max: most }), weight: 4 },
      { arbitrary: fc.constantFrom(0, least, most), weight: 1 },
    );
  const many = (count: number, each: fc.Arbitrary<number>) =>
    fc.array(fc.array(each, { minLength: 1, maxLength: 70, size: "max" }), { minLength: count, maxLength: count });
  const { unit, inputBits, errorBits } = of;
  const most = 2 ** (unit.factorBits - 1) - 1;
  const [x, delta] = [code(2 ** inputBits - 1, 0), code(2 ** (errorBits - 1) - 1)];
  return fc.record({
    of: fc.constant(of),
    parts: fc.tuple(
      draws(plainOps, 30),
      draws(plainOps, 12),
      // Rows and combinations of many coefficients.
      draws(["putX", "putD", "putX", "putD", "rowX", "rowD", "getRow", "combineX", "combineD"], 40),
      draws(plainOps, 8),
      draws(plainOps, 8),
    ),
    times: fc.tuple(fc.integer({ min: 1, max: 75 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
    columns: fc.tuple(many(unit.columns, code(most)), many(unit.columns, code(most))),
    slots: fc.tuple(many(unit.slots, x), many(unit.slots, delta)),
    vectors: fc.tuple(many(1, x), many(1, delta)),
    scalars: fc.array(usualScalar, { minLength: WORDS, maxLength: WORDS }),
    exponents: fc.tuple(fc.integer({ min: -12, max: 12 }), fc.integer({ min: -30, max: 30 })),
    count: fc.integer({ min: 1, max: 40 }),
    fresh: fc.boolean(),
  });
});

/** Repeats a list up to a length. */
const fill = (list: readonly number[], size: number): number[] =>
  Array.from({ length: size }, (_, i) => list[i % list.length]);

function place(side: Side, { columns, slots }: UnitSide): void {
  columns.forEach((codes, r) => {
    side.factors.set(codes, r * side.stride);
  });
  slots.forEach((codes, n) => {
    side.samples.set(codes, n * side.stride);
  });
}

test.prop([run], { numRuns: 1500 })("a program leaves the same in both units, in the same cycles", (given) => {
  const { of, parts, times, columns, slots, vectors, scalars, exponents, count, fresh } = given;
  const program = programOf(of, parts, times);
  const unit = { ...of.unit, sample: program };
  const { inputs, outputs, inputBits, errorBits } = of;
  const side = (k: 0 | 1, size: number): UnitSide => ({
    size,
    columns: columns[k].map((c) => fill(c, size)),
    slots: slots[k].map((c) => fill(c, size)),
    coefficients: new Array<number>(unit.coefficients).fill(0),
    shifts: new Array<number>(unit.coefficients).fill(0),
  });
  const expected: UnitState = {
    x: side(0, inputs),
    d: side(1, outputs),
    scalars: [...scalars],
    strengths: Array.from({ length: unit.outer }, () => ({ mantissa: 0, exponent: 0 })),
    lfsr: 12345,
  };
  const sample = {
    x: Int16Array.from(fill(vectors[0][0], inputs)),
    delta: Int16Array.from(fill(vectors[1][0], outputs)),
    ...{ xExponent: exponents[0], deltaExponent: exponents[1], count },
  };
  const sizes = { inputs, inputBits, outputs, errorBits: errorBits - 1, seed: 12345 };
  const states = [true, false].map((traced) => {
    const [state] = createLowRankStates(unit, [sizes], arena);
    place(state.x, expected.x);
    place(state.d, expected.d);
    state.scalars.set(scalars.map(toNumber));
    state.words[layout.FRESH] = fresh ? 1 : 0;
    const events: { pc: number; cycle: number; element: number }[] = [];
    const lowRank = new LowRankUnit(unit, state, kernels);
    if (traced)
      lowRank.listener = (made, cycle, element) => {
        events.push({ pc: program.instructions.indexOf(made), cycle, element });
      };
    lowRank.run(["sample"], sample);
    return { state, events };
  });
  const { events, cycles } = runProgram(unit, program.instructions, expected, sample, fresh);
  expect(states[0].events).toEqual(events);
  for (const { state } of states) {
    expect(numbers(state)).toEqual(plainNumbers(expected));
    expect(state.words[layout.CYCLE]).toBe(cycles);
    expect(state.words[layout.FRESH]).toBe(0);
  }
});
