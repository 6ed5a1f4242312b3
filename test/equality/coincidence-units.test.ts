/** `pulse_train_unit` with its `threshold_unit`s, and `line_driver`, alone: codes, strengths and exponents that no
 *  training brings about. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sum } from "../../generator/base/formula.ts";
import { mix, xorshift32 } from "../../generator/base/mix.ts";
import { validateDesign } from "../../generator/design/schema.ts";
import { coincidenceUnits, LATCH_BITS, setupTiming, TRAIN_MANTISSA_BITS } from "../../generator/ir/coincidence.ts";
import { packLanes } from "../../sim/arith.ts";
import { lineThresholds, PHASES, trainHeight } from "../../sim/units/pulse-train.ts";
import type { Values } from "../../verify/leaf.ts";
import { leafUnits } from "./leaf.ts";

const design = validateDesign(
  {
    name: "leaf",
    network: { layers: [20, 12, 10], activation: "sigmoid", loss: "softmax-cross-entropy" },
    tile: { rows: 16, cols: 8, columnsPerAdc: 2 },
    device: { preset: "ideal-500" },
    gradient: { method: "sgd", programming: "coincidence", lanes: 4 },
    training: { batch: 4, learningRate: 0.5 },
  },
  "leaf",
);
const start = leafUnits(design);

const WIDTHS = { X_LANES: 3, X_CODE_BITS: 16, Y_LANES: 2, D_CODE_BITS: 13 };
const RATE = 45_001;
const PLACES = 12;
const SEEDS = { X_SEED: 77, D_SEED: 78 };
const MASK = 2 ** (LATCH_BITS - 1);

const codeOf = (bits: number) => {
  const most = 2 ** (bits - 1) - 1;
  const any = fc.integer({ min: -most, max: most });
  return fc.oneof(any, fc.integer({ min: -3, max: 3 }), fc.constantFrom(0, most, -most));
};

describe("pulse_train_unit", () => {
  it("finds length, thresholds and phases of any outer product as the simulator does", async () => {
    const unit = await start("pulse_train_unit", ["threshold_unit", "normaliser", "divider", "square_root", "lfsr"], {
      ...WIDTHS,
      ...{ X_WORDS: 1, X_WORD_BITS: 1, X_CODE_SIGNED: 1, Y_WORDS: 1, Y_WORD_BITS: 1 },
      ...{ ERROR_EXPONENT_BITS: 9, EXPONENT_ZERO: 0, MULTIPLIER: RATE, MULTIPLIER_BITS: 16, SHIFT: PLACES },
      ...{ ...SEEDS, PULSE_CYCLES: 1 },
    });
    const timing = setupTiming(sum(1));
    const product = fc.record({
      x: fc.array(codeOf(WIDTHS.X_CODE_BITS), { minLength: 3, maxLength: 3 }),
      d: fc.array(codeOf(WIDTHS.D_CODE_BITS), { minLength: 2, maxLength: 2 }),
      i_exponent: fc.oneof(fc.integer({ min: -45, max: 0 }), fc.integer({ min: -255, max: 255 })),
      i_input_range: fc.integer({ min: 0, max: 31 }),
    });
    const lanes = (codes: readonly number[], bits: number) => packLanes(codes, 0, codes.length, bits, codes.length);
    const settings = coincidenceUnits(design, null);
    await fc.assert(
      fc.asyncProperty(fc.array(product, { minLength: 1, maxLength: 100, size: "max" }), async (products) => {
        const cycles: Values[] = [{ rst: 1 }];
        const starts = products.map(({ x, d, ...scalars }) => {
          const held = { ...scalars, i_x: lanes(x, WIDTHS.X_CODE_BITS), i_d: lanes(d, WIDTHS.D_CODE_BITS) };
          cycles.push({ ...held, i_start: 1 });
          const b = cycles.length;
          for (let n = 0; n <= timing.train.cycles; n++) cycles.push(held);
          return b;
        });
        const outputs = await unit.run(cycles);
        const dither = Uint32Array.of(SEEDS.X_SEED, SEEDS.D_SEED);
        products.forEach(({ x, d, i_exponent, i_input_range }, k) => {
          const b = starts[k];
          const [largestX, largestD] = [x, d].map((side) => Math.max(...side.map(Math.abs)));
          const zero = largestX === 0 || largestD === 0;
          expect(outputs[b + timing.idle.cycles].o_done).toBe(zero ? 1n : 0n);
          const written = outputs[b + timing.thresholds.cycles];
          expect(written.x_threshold_write).toBe(zero ? 0n : 1n);
          if (zero) return;
          const places = PLACES - i_exponent - i_input_range;
          const height = trainHeight(settings, { rate: RATE, places }, largestX, largestD);
          let clipped = 0;
          for (const [n, side, largest, data] of [
            [0, x, largestX, written.x_threshold_data],
            [1, d, largestD, written.d_threshold_data],
          ] as const) {
            const thresholds = new Uint16Array(side.length);
            clipped += lineThresholds(Int16Array.from(side), 4, largest, height, dither, n, thresholds);
            const latches = Array.from(thresholds, (threshold, m) => threshold + (side[m] < 0 ? MASK : 0));
            expect(data).toBe(lanes(latches, LATCH_BITS));
          }
          const flags = [...written.o_clipped.toString(2)].filter((bit) => bit === "1").length;
          expect(flags).toBe(clipped);
          const slot = outputs[b + timing.train.cycles];
          expect(slot.pulse).toBe(1n);
          expect(Number(slot.pulse_slots)).toBe(height.slots);
          const has = (side: readonly number[], negative: boolean) => side.some((v) => (negative ? v < 0 : v > 0));
          const phase = PHASES.findIndex((p) => has(x, p.negativeRows) && has(d, p.negativeColumns));
          expect(Number(slot.pulse_phase)).toBe(phase);
          expect(slot.pulse_up).toBe(phase >= 2 ? 1n : 0n);
        });
      }),
      { numRuns: 20 },
    );
  });
});

describe("line_driver", () => {
  it.each([1, 5, 8])("fires each of %i lines by its half of an LFSR, and only those of one sign", async (lines) => {
    const seed = 12_345;
    const unit = await start("line_driver", ["lfsr"], {
      ...{ LINES: lines, ADCS: 1, LINES_PER_ADC: lines, STEP_BITS: 3, SEED: seed },
    });
    const threshold = fc.oneof(fc.integer({ min: 0, max: MASK - 1 }), fc.constantFrom(0, MASK - 1));
    const latch = fc.tuple(threshold, fc.boolean());
    await fc.assert(
      fc.asyncProperty(
        fc.array(latch, { minLength: lines, maxLength: lines }),
        fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 300, size: "max" }),
        async (latches, slots) => {
          const cycles: Values[] = [{ rst: 1 }];
          latches.forEach(([value, negative], i_step) => {
            cycles.push({ i_enable: 1, i_step, i_thresholds: value + (negative ? MASK : 0) });
          });
          const first = cycles.length;
          for (const [pulse, negative] of slots) cycles.push({ i_pulse: pulse ? 1 : 0, i_negative: negative ? 1 : 0 });
          const outputs = await unit.run(cycles);
          let lfsrs = Array.from({ length: Math.ceil(lines / 2) }, (_, n) => mix(seed, n));
          slots.forEach(([pulse, negative], n) => {
            let fired = 0n;
            latches.forEach(([value, minus], line) => {
              const state = lfsrs[line >> 1];
              const random = line % 2 === 0 ? state >>> 16 : state & 0xffff;
              if (pulse && minus === negative && random < value) fired |= 1n << BigInt(line);
            });
            expect(outputs[first + n].o_fired).toBe(fired);
            if (pulse) lfsrs = lfsrs.map(xorshift32);
          });
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe("square_root", () => {
  it("gives the whole root, one bit a cycle", async () => {
    const unit = await start("square_root");
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 2 ** (TRAIN_MANTISSA_BITS - 1), max: 2 ** (TRAIN_MANTISSA_BITS + 1) - 1 }), {
          minLength: 1,
          maxLength: 200,
          size: "max",
        }),
        async (radicands) => {
          const cycles: Record<string, number>[] = [{ rst: 1, i_load: 0 }];
          const ends = radicands.map((i_radicand) => {
            cycles.push({ rst: 0, i_load: 1, i_radicand });
            for (let n = 0; n < TRAIN_MANTISSA_BITS; n++) cycles.push({ rst: 0, i_load: 0, i_radicand: 0 });
            cycles.push({ rst: 0, i_load: 0, i_radicand: 0 });
            return cycles.length - 1;
          });
          const outputs = await unit.run(cycles);
          radicands.forEach((radicand, k) => {
            const root = BigInt(outputs[ends[k]].o_root);
            const square = BigInt(radicand) << BigInt(TRAIN_MANTISSA_BITS - 1);
            expect(root * root <= square && (root + 1n) * (root + 1n) > square).toBe(true);
          });
        },
      ),
      { numRuns: 20 },
    );
  });
});
