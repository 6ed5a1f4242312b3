/** Leaf units of the RTL, each in one Verilated binary, against the simulator's functions and against mathematics. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { xorshift32 } from "../../generator/base/mix.ts";
import { validateDesign } from "../../generator/design/schema.ts";
import { prepareMachine } from "../../prepare/machine.ts";
import { clip, roundShift } from "../../sim/arith.ts";
import { activate, requantise } from "../../sim/units/activation-unit.ts";
import { divide, exponential } from "../../sim/units/error-unit.ts";
import { pulses } from "../../sim/units/update-unit.ts";
import { leafUnits, stimuli } from "./leaf.ts";

const design = validateDesign(
  {
    name: "leaf",
    network: { layers: [20, 12, 10], activation: "sigmoid", loss: "softmax-cross-entropy" },
    tile: { rows: 16, cols: 8, columnsPerAdc: 2 },
    device: { preset: "ideal-500" },
    gradient: { method: "mbgd", lanes: 4 },
    training: { batch: 4, learningRate: 0.5 },
  },
  "leaf",
);
const start = leafUnits(design);

describe("column_adc", () => {
  it("rounds and saturates as the simulator does, and is within half a unit of the sum where it does not saturate", async () => {
    const adc = await start("column_adc", [], { SUM_BITS: 18, CODE_BITS: 8, CODE_MAX: 127 });
    const sum = fc.integer({ min: -(2 ** 17) + 1, max: 2 ** 17 - 1 });
    await fc.assert(
      fc.asyncProperty(
        stimuli(
          fc.record({
            i_sum: fc.oneof(sum, fc.integer({ min: -200, max: 200 })),
            i_range: fc.integer({ min: 0, max: 11 }),
          }),
        ),
        async (inputs) => {
          const outputs = await adc.run(inputs.map((i) => ({ ...i, i_valid: 1 })));
          inputs.forEach(({ i_sum, i_range }, k) => {
            const wide = roundShift(i_sum, i_range);
            expect(Number(outputs[k].o_code)).toBe(clip(wide, -127, 127));
            expect(outputs[k].o_saturated).toBe(Math.abs(wide) > 127 ? 1n : 0n);
            if (outputs[k].o_saturated === 0n)
              expect(Math.abs(Number(outputs[k].o_code) * 2 ** i_range - i_sum)).toBeLessThanOrEqual(2 ** i_range / 2);
          });
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe("shift_add", () => {
  it("gives the weighted sum of the planes' codes over all tiles", async () => {
    const unit = await start("shift_add", [], { TILES: 5, CODE_BITS: 6, MERGED_BITS: 9, ACCUMULATOR_BITS: 17 });
    const code = fc.integer({ min: -31, max: 31 });
    const group = fc.array(fc.tuple(code, code, code, code, code), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.array(group, { minLength: 1, maxLength: 200, size: "max" }), async (groups) => {
        const cycles = [{ rst: 1, i_valid: 0 }];
        const ends: number[] = [];
        for (const planes of groups) {
          planes.forEach((codes, n) => {
            const word = codes.reduce((w, c, t) => w | ((BigInt(c) & 63n) << BigInt(6 * t)), 0n);
            cycles.push({
              i_valid: 1,
              i_first_plane: n === 0 ? 1 : 0,
              i_last_plane: n === planes.length - 1 ? 1 : 0,
              i_codes: word,
            } as never);
          });
          ends.push(cycles.length);
          cycles.push({ rst: 0, i_valid: 0 });
        }
        const outputs = await unit.run(cycles);
        groups.forEach((planes, g) => {
          const exact = planes.reduce(
            (sum, codes, n) => sum + 2 ** (planes.length - 1 - n) * codes.reduce((a, b) => a + b, 0),
            0,
          );
          expect(Number(BigInt.asIntN(17, outputs[ends[g]].o_held))).toBe(exact);
        });
      }),
      { numRuns: 20 },
    );
  });
});

describe("lfsr", () => {
  it("steps as Marsaglia's xorshift, holds when told to, and never reaches zero", async () => {
    const unit = await start("lfsr", [], { SEED: 0x12345678, RANDOM_BITS: 32 });
    await fc.assert(
      fc.asyncProperty(stimuli(fc.boolean()), async (advance) => {
        const outputs = await unit.run([{ rst: 1 }, ...advance.map((a) => ({ i_advance: a ? 1 : 0 }))]);
        let state = 0x12345678;
        advance.forEach((a, k) => {
          expect(Number(outputs[k + 1].o_random)).toBe(state);
          expect(state).not.toBe(0);
          if (a) state = xorshift32(state);
        });
      }),
      { numRuns: 20 },
    );
  });
});

describe("divider", () => {
  it("gives the floor of the quotient for every numerator up to the denominator, in its stated time", async () => {
    const fraction = 15;
    const unit = await start("divider", [], { NUMERATOR_BITS: 16, DENOMINATOR_BITS: 20, FRACTION: fraction });
    const operands = fc.integer({ min: 1, max: 2 ** 20 - 1 }).chain((denominator) =>
      fc.record({
        denominator: fc.constant(denominator),
        numerator: fc.integer({ min: 0, max: Math.min(denominator, 2 ** 16 - 1) }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(operands, { minLength: 1, maxLength: 300, size: "max" }), async (divisions) => {
        const cycles: Record<string, number>[] = [{ rst: 1 }];
        const ends: number[] = [];
        for (const { numerator, denominator } of divisions) {
          cycles.push({ i_load: 1, i_numerator: numerator, i_denominator: denominator });
          for (let k = 0; k < fraction + 1; k++) cycles.push({ i_denominator: denominator });
          ends.push(cycles.length);
          cycles.push({ i_denominator: denominator });
        }
        const outputs = await unit.run(cycles);
        divisions.forEach(({ numerator, denominator }, d) => {
          // Exact in integers: q ≤ n · 2^15 / d < q + 1.
          const q = outputs[ends[d]].o_quotient;
          expect(Number(q)).toBe(divide(numerator, denominator, fraction));
          expect(q * BigInt(denominator) <= BigInt(numerator) << 15n).toBe(true);
          expect((q + 1n) * BigInt(denominator) > BigInt(numerator) << 15n).toBe(true);
        });
      }),
      { numRuns: 20 },
    );
  });
});

describe("exponential", () => {
  it("equals the simulator for every difference, within its derived bound of e^−d", async () => {
    const { ir } = prepareMachine(design);
    const unit = await start("exponential", [], {});
    const { zFraction, exponentialBits } = ir.errorUnit;
    const differences = Array.from({ length: 2 ** 16 }, (_, d) => d);
    const outputs = await unit.run([
      ...differences.map((d) => ({ i_difference: d, i_difference_valid: 1, i_exponent_valid: 1 })),
      { i_exponent_valid: 1 },
      {},
    ]);
    let largest = 0;
    for (const d of differences) {
      const value = Number(outputs[d + 2].o_value);
      if (value !== exponential(ir.errorUnit, d))
        expect.fail(`d = ${d}: RTL ${value}, simulator ${exponential(ir.errorUnit, d)}`);
      const exact = Math.exp(-d / 2 ** zFraction);
      // Half a table step, log2 e's rounding over the difference, the table's rounding, and one unit cut off by the shift.
      const relative = Math.LN2 / 512 + (d / 2 ** zFraction) * 2 ** -15 * Math.LN2 + 2 ** -exponentialBits;
      const bound = exact * relative * 1.01 + 2 ** -exponentialBits;
      const error = Math.abs(value / 2 ** exponentialBits - exact);
      largest = Math.max(largest, error / bound);
      if (error > bound) expect.fail(`d = ${d}: off by ${error}, bound ${bound}`);
    }
    expect(largest).toBeGreaterThan(0.5);
  });
});

describe("stochastic_round", () => {
  it("equals the simulator's rounding for every shift, and is unbiased over the random numbers", async () => {
    const { ir } = prepareMachine(design);
    const unit = await start("stochastic_round", [], { VALUE_BITS: 40, SHIFT_MAX: 44, PULSE_MAX: 31, PULSE_BITS: 6 });
    const layer = { ...ir.layers[0], update: { ...ir.layers[0].update, multiplier: 1, pulseMax: 31 } };
    const one = fc.record({
      i_value: fc.oneof(
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        fc.bigInt({ min: -(2n ** 39n) + 1n, max: 2n ** 39n - 1n }).map(Number),
      ),
      i_shift: fc.integer({ min: 0, max: 44 }),
      i_random: fc.integer({ min: 0, max: 65535 }),
    });
    await fc.assert(
      fc.asyncProperty(stimuli(one), async (inputs) => {
        const outputs = await unit.run(inputs.map((i) => ({ ...i, i_valid: 1 })));
        inputs.forEach(({ i_value, i_shift, i_random }, k) => {
          const wide = pulses(layer, -i_value, i_shift, (i_random << 16) >>> 0);
          expect(Number(outputs[k].o_count)).toBe(clip(wide, -31, 31));
          expect(outputs[k].o_clipped).toBe(Math.abs(wide) > 31 ? 1n : 0n);
        });
      }),
      { numRuns: 20 },
    );
    // All 2^16 random numbers, once each: the mean is the value itself, to one part in 2^16.
    for (const value of [1, -1, 12345, -54321, 3 * 2 ** 20 + 77]) {
      const outputs = await unit.run(
        Array.from({ length: 65536 }, (_, i_random) => ({ i_value: value, i_shift: 20, i_random, i_valid: 1 })),
      );
      const mean = outputs.reduce((sum, o) => sum + Number(o.o_count), 0) / 65536;
      expect(Math.abs(mean - value / 2 ** 20)).toBeLessThanOrEqual(2 ** -16);
    }
  });
});

describe("activation_unit", () => {
  for (const activation of ["relu", "sigmoid", "tanh"] as const) {
    const own = validateDesign({ ...design, network: { ...design.network, activation } }, "leaf");
    const startOwn = leafUnits(own);
    it(`requantises and gives the codes of ${activation} as the simulator does, near the function itself`, async () => {
      const { ir } = prepareMachine(own);
      const unit = await startOwn("activation_unit");
      const layer = ir.layers[0];
      const output = ir.vectors[1];
      const max = 2 ** (layer.forward.accumulatorBits - 1) - 1;
      const sums = fc.array(fc.oneof(fc.integer({ min: -max, max }), fc.integer({ min: -3000, max: 3000 })), {
        minLength: output.lanes,
        maxLength: output.lanes,
      });
      const ranges = fc.record({
        forward: fc.integer({ min: 0, max: layer.forward.rangeMax }),
        activation: fc.integer({ min: 0, max: layer.activationRangeMax }),
      });
      await fc.assert(
        fc.asyncProperty(
          ranges,
          fc.array(sums, { minLength: 1, maxLength: 300, size: "max" }),
          async (range, words) => {
            const outputs = await unit.run([
              { rst: 1 },
              ...[...words, [], [], []].map((word) => ({
                i_valid: 1,
                i_word: 0,
                i_sums: word.reduce(
                  (w, s, k) =>
                    w |
                    (BigInt.asUintN(layer.forward.accumulatorBits, BigInt(s)) <<
                      BigInt(k * layer.forward.accumulatorBits)),
                  0n,
                ),
                i_forward_range: range.forward,
                i_input_range: 0,
                ...(activation === "relu" ? { i_activation_range: range.activation } : {}),
              })),
            ]);
            const one = { ...layer, outputs: output.lanes };
            const z = new Int32Array(output.lanes);
            const x = new Int16Array(output.lanes);
            words.forEach((word, w) => {
              const zClipped = requantise(one, Float64Array.from(word), range.forward, 0, z);
              const xClipped = activate(ir, one, z, range.activation, x);
              const got = outputs[w + 4];
              const codes = Array.from({ length: output.lanes }, (_, k) => {
                const raw = (got.y_x >> BigInt(k * output.bits)) & ((1n << BigInt(output.bits)) - 1n);
                return Number(output.signed ? BigInt.asIntN(output.bits, raw) : raw);
              });
              expect(codes).toEqual([...x]);
              expect(got.o_z_saturated.toString(2).replaceAll("0", "").length).toBe(zClipped);
              expect(got.o_x_saturated.toString(2).replaceAll("0", "").length).toBe(xClipped);
              if (xClipped > 0) return;
              const f = {
                relu: (v: number) => Math.max(0, v),
                sigmoid: (v: number) => 1 / (1 + Math.exp(-v)),
                tanh: Math.tanh,
              }[activation];
              // Half a code; half a table step times the slope; what lies beyond the table's ends; the top code of sigmoid.
              const bound =
                activation === "relu"
                  ? 2 ** (range.activation - output.fraction - 1)
                  : activation === "sigmoid"
                    ? 2 ** -(output.bits + 1) + 0.25 * 2 ** -7 + 0.0004 + 2 ** -output.bits
                    : 2 ** -output.bits + 2 ** -8 + 0.0007 + 2 ** -(output.bits - 1);
              codes.forEach((code, k) => {
                const value = code * 2 ** ((activation === "relu" ? range.activation : 0) - output.fraction);
                expect(Math.abs(value - f(z[k] / 2 ** layer.zFraction))).toBeLessThanOrEqual(bound);
              });
            });
          },
        ),
        { numRuns: 20 },
      );
    });
  }
});
