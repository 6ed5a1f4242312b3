/** The low-rank unit's arithmetic, each module in one Verilated binary, against the simulator and against mathematics. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { validateDesign } from "../../generator/design/schema.ts";
import { EXPONENT_BITS, MAGNITUDE_BITS } from "../../generator/methods/low-rank/format.ts";
import { fromNumber, inverseRoot, reciprocal, type Scalar, toNumber } from "../../sim/units/scalar-float.ts";
import * as kernel from "../sim/scalar-kernel.ts";
import { leafUnits, stimuli } from "./leaf.ts";

const design = validateDesign(
  {
    name: "leaf",
    network: { layers: [20, 12, 10], activation: "relu", loss: "softmax-cross-entropy" },
    tile: { rows: 16, cols: 8, columnsPerAdc: 2 },
    device: { preset: "ideal-500" },
    gradient: { method: "lrt", rank: 2, lanes: 4 },
    training: { batch: 4, learningRate: 0.5 },
  },
  "leaf",
);
const start = leafUnits(design);

/** Cycles from an operand to its result, in `function_unit`. */
const FUNCTION_STAGES = 3;

/** Each operation errs by less than this part of its result. */
const PRECISION = 2 ** -(MAGNITUDE_BITS - 1);
const LARGEST = 2 ** (EXPONENT_BITS - 1) - 1;

const word = ({ m, e }: Scalar): bigint =>
  (BigInt(m < 0 ? 1 : 0) << BigInt(EXPONENT_BITS + MAGNITUDE_BITS)) |
  (BigInt.asUintN(EXPONENT_BITS, BigInt(e)) << BigInt(MAGNITUDE_BITS)) |
  BigInt(Math.abs(m));

/** Numbers of all sizes, many of nearly the same size, and zero. */
const exponent = fc.oneof(fc.integer({ min: -LARGEST, max: LARGEST }), fc.integer({ min: -30, max: 30 }));
const scalar: fc.Arbitrary<Scalar> = fc.oneof(
  { arbitrary: fc.constant({ m: 0, e: 0 }), weight: 1 },
  {
    arbitrary: fc
      .tuple(
        fc.boolean(),
        fc.oneof(
          fc.integer({ min: 2 ** (MAGNITUDE_BITS - 1), max: 2 ** MAGNITUDE_BITS - 1 }),
          fc.constantFrom(2 ** (MAGNITUDE_BITS - 1), 2 ** MAGNITUDE_BITS - 1),
        ),
        exponent,
      )
      .map(([negative, m, e]) => ({ m: negative ? -m : m, e })),
    weight: 12,
  },
);
const pair = fc.oneof(
  fc.tuple(scalar, scalar),
  // Nearly or wholly opposite.
  fc
    .tuple(scalar, fc.integer({ min: -1, max: 1 }))
    .map(([a, d]): [Scalar, Scalar] => [
      a,
      { m: -a.m, e: a.m === 0 ? 0 : Math.max(-LARGEST, Math.min(LARGEST, a.e + d)) },
    ]),
);

const multiply = (a: Scalar, b: Scalar): Scalar => fromNumber(kernel.multiply(toNumber(a), toNumber(b)));
const add = (a: Scalar, b: Scalar): Scalar => fromNumber(kernel.add(toNumber(a), toNumber(b)));

/** Exponents that neither operand nor result leaves. */
const inRange = (...values: Scalar[]) => values.every(({ e }) => Math.abs(e) < LARGEST / 2 - 2 * MAGNITUDE_BITS);

describe("float_multiplier", () => {
  it("multiplies as the simulator does, within its precision of the product", async () => {
    const unit = await start("float_multiplier");
    await fc.assert(
      fc.asyncProperty(stimuli(fc.tuple(scalar, scalar, fc.boolean())), async (list) => {
        const outputs = await unit.run(
          list.map(([a, b, negate]) => ({ i_a: word(a), i_b: word(b), i_negate: negate ? 1 : 0 })),
        );
        list.forEach(([a, b, negate], k) => {
          const product = multiply(negate && a.m !== 0 ? { m: -a.m, e: a.e } : a, b);
          expect(BigInt.asUintN(32, BigInt(outputs[k].o_product))).toBe(word(product));
          if (!inRange(a, b)) return;
          const exact = toNumber(a) * toNumber(b) * (negate ? -1 : 1);
          expect(Math.abs(toNumber(product) - exact)).toBeLessThanOrEqual(PRECISION * Math.abs(exact));
        });
      }),
      { numRuns: 20 },
    );
  });
});

describe("float_adder", () => {
  it("adds as the simulator does, within its precision of the larger operand", async () => {
    const unit = await start("float_adder");
    await fc.assert(
      fc.asyncProperty(stimuli(pair), async (list) => {
        const outputs = await unit.run(list.map(([a, b]) => ({ i_a: word(a), i_b: word(b) })));
        list.forEach(([a, b], k) => {
          const sum = add(a, b);
          expect(BigInt.asUintN(32, BigInt(outputs[k].o_sum))).toBe(word(sum));
          if (!inRange(a, b)) return;
          const exact = toNumber(a) + toNumber(b);
          const bound = PRECISION * (Math.abs(exact) + Math.max(Math.abs(toNumber(a)), Math.abs(toNumber(b))) / 8);
          expect(Math.abs(toNumber(sum) - exact)).toBeLessThanOrEqual(bound);
        });
      }),
      { numRuns: 20 },
    );
  });
});

describe("float_converter", () => {
  it("converts as the simulator does, and cuts off less than a unit of the magnitude", async () => {
    const unit = await start("float_converter", [], { VALUE_BITS: 50 });
    const value = fc.oneof(
      fc.maxSafeInteger().map((v) => v % 2 ** 49),
      fc.integer({ min: -(2 ** 22), max: 2 ** 22 }),
      fc.integer({ min: 0, max: 48 }).map((n) => 2 ** n),
    );
    await fc.assert(
      fc.asyncProperty(
        stimuli(fc.record({ i_value: value, i_exponent: fc.integer({ min: -700, max: 700 }) })),
        async (list) => {
          const outputs = await unit.run(list);
          list.forEach(({ i_value, i_exponent }, k) => {
            const out = fromNumber(kernel.fromInteger(i_value, i_exponent));
            expect(BigInt.asUintN(32, BigInt(outputs[k].o_scalar))).toBe(word(out));
            if (Math.abs(i_exponent) < 300)
              expect(Math.abs(toNumber(out) - i_value * 2 ** i_exponent)).toBeLessThanOrEqual(
                PRECISION * Math.abs(i_value * 2 ** i_exponent),
              );
          });
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe("function_unit", () => {
  it("has reciprocals and inverse roots as the contract says, a new one every cycle", async () => {
    const unit = await start("function_unit");
    const some = fc.oneof(
      scalar,
      fc.integer({ min: -20, max: 20 }).map((e): Scalar => ({ m: 2 ** (MAGNITUDE_BITS - 1), e })),
    );
    await fc.assert(
      fc.asyncProperty(stimuli(fc.tuple(some, fc.boolean(), fc.boolean())), async (list) => {
        const cycles: Record<string, bigint | number>[] = [{ rst: 1, i_valid: 0 }];
        for (const [a, root, valid] of list)
          cycles.push({ rst: 0, i_valid: valid ? 1 : 0, i_root: root ? 1 : 0, i_a: word(a) });
        // The last results are still on their way.
        for (let n = 0; n < FUNCTION_STAGES; n++) cycles.push({ rst: 0, i_valid: 0 });
        const outputs = await unit.run(cycles);
        list.forEach(([a, root, valid], k) => {
          const { o_valid, o_result } = outputs[1 + k + FUNCTION_STAGES];
          expect(Number(o_valid)).toBe(valid ? 1 : 0);
          if (valid) expect(BigInt.asUintN(32, BigInt(o_result))).toBe(word(root ? inverseRoot(a) : reciprocal(a)));
        });
      }),
      { numRuns: 20 },
    );
  });
});
