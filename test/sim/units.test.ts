/** What each unit promises in mathematics, wherever there is a law to hold it to. */
import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import { bitLength } from "../../generator/base/fixed.ts";
import { xorshift32 } from "../../generator/base/mix.ts";
import { presets } from "../../generator/design/presets.ts";
import { validateDesign } from "../../generator/design/schema.ts";
import type { LayerIr, ReadIr } from "../../generator/ir/ir.ts";
import { prepareMachine } from "../../prepare/machine.ts";
import { packLanes, roundShift, saturate } from "../../sim/arith.ts";
import { readCodes, shiftAdd } from "../../sim/units/crossbar-read.ts";
import { scaleErrors } from "../../sim/units/error-scaler.ts";
import { softmaxErrors } from "../../sim/units/error-unit.ts";
import { accumulate, alignErrors } from "../../sim/units/gradient-unit.ts";
import { inputCodes } from "../../sim/units/sample-input.ts";
import { pulses } from "../../sim/units/update-unit.ts";

const { ir } = prepareMachine(validateDesign(presets.tiny, "tiny"));
const last = ir.layers[ir.layers.length - 1];

const WIDE = 2 ** 50;
const wide = fc.oneof(
  fc.integer({ min: -1000, max: 1000 }),
  fc.maxSafeInteger().map((v) => Math.trunc(v / 8)),
  fc.constantFrom(WIDE, -WIDE),
);

test.prop([wide, fc.integer({ min: 1, max: 48 })])(
  "a rounding shift gives the nearest whole number, halves away from zero",
  (v, shift) => {
    const unit = 1n << BigInt(shift);
    const doubled = (v < 0 ? -2n : 2n) * BigInt(v) + unit;
    const magnitude = doubled / (2n * unit);
    expect(BigInt(roundShift(v, shift))).toBe(v < 0 ? -magnitude : magnitude);
  },
);

test.prop([fc.integer({ min: -4096, max: 4096 }), fc.integer({ min: 0, max: 30 })])(
  "a rounding shift by no bits or fewer multiplies",
  (v, left) => {
    expect(roundShift(v, -left) + 0).toBe(v * 2 ** left + 0);
  },
);

test.prop([wide, fc.integer({ min: 2, max: 40 })])(
  "saturation clips to a symmetric range and keeps what fits",
  (v, bits) => {
    const max = 2 ** (bits - 1) - 1;
    expect(saturate(v, bits)).toBe(Math.max(-max, Math.min(max, v)));
  },
);

test.prop([fc.array(fc.integer({ min: -128, max: 127 }), { minLength: 1, maxLength: 12 })])(
  "packed lanes hold every value at its place",
  (values) => {
    const word = packLanes(values, 0, values.length, 8, values.length);
    expect(values.map((_, k) => Number(BigInt.asIntN(8, word >> BigInt(8 * k))))).toEqual(values);
  },
);

/** Images of the 32 unit vectors: the LFSR's step as a matrix over GF(2). */
type Matrix = number[];
const apply = (m: Matrix, v: number): number =>
  m.reduce((sum, column, k) => (((v >>> k) & 1) === 1 ? sum ^ column : sum), 0) >>> 0;
const times = (a: Matrix, b: Matrix): Matrix => b.map((column) => apply(a, column));
function power(m: Matrix, exponent: number): Matrix {
  let result: Matrix = Array.from({ length: 32 }, (_, k) => (1 << k) >>> 0);
  for (let base = m, e = exponent; e > 0; e = Math.floor(e / 2), base = times(base, base))
    if (e % 2 === 1) result = times(result, base);
  return result;
}
const step: Matrix = Array.from({ length: 32 }, (_, k) => xorshift32((1 << k) >>> 0));

test.prop([fc.integer({ min: 0, max: 2 ** 32 - 1 })])("the LFSR's step is linear", (v) => {
  expect(apply(step, v)).toBe(xorshift32(v));
});

test("the LFSR visits all 2^32 − 1 states but zero before it repeats", () => {
  const period = 2 ** 32 - 1;
  expect(power(step, period)).toEqual(power(step, 0));
  // The period divides 2^32 − 1 = 3 · 5 · 17 · 257 · 65537, and is no proper divisor of it.
  for (const prime of [3, 5, 17, 257, 65537]) expect(power(step, period / prime)).not.toEqual(power(step, 0));
});

test.prop([fc.integer({ min: 1, max: 2 ** 32 - 1 })])("the LFSR never becomes zero", (seed) => {
  let state = seed;
  for (let k = 0; k < 1000; k++) state = xorshift32(state);
  expect(state).not.toBe(0);
});

const layerWith = (multiplier: number, randomBits = 16): LayerIr => ({
  ...last,
  update: { ...last.update, multiplier, randomBits },
});

test.prop(
  [
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
    fc.integer({ min: 1, max: 2 ** 15 }),
    fc.integer({ min: 0, max: 40 }),
  ],
  { numRuns: 30 },
)("stochastic rounding is unbiased over the LFSR's numbers, to one in 2^16", (gradient, multiplier, shift) => {
  const layer = layerWith(multiplier);
  let sum = 0n;
  for (let r = 0; r < 65536; r++) sum += BigInt(pulses(layer, gradient, shift, r * 65536));
  // |Σ/2^16 − T/2^shift| ≤ 2^−16, in whole numbers.
  const exact = BigInt(-gradient) * BigInt(multiplier) * 65536n;
  const error = (sum << BigInt(shift)) - exact;
  expect(error < 0n ? -error : error).toBeLessThanOrEqual(1n << BigInt(shift));
});

test.prop([
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
  fc.integer({ min: 1, max: 2 ** 15 }),
  fc.integer({ min: 0, max: 40 }),
])("nearest rounding is off by half a pulse at most", (gradient, multiplier, shift) => {
  const count = BigInt(pulses(layerWith(multiplier), gradient, shift, null));
  const error = 2n * ((count << BigInt(shift)) - BigInt(-gradient) * BigInt(multiplier));
  expect(error < 0n ? -error : error).toBeLessThanOrEqual(1n << BigInt(shift));
});

const logits = fc.array(fc.integer({ min: -32767, max: 32767 }), { minLength: 1, maxLength: 40 });

test.prop([logits, fc.nat(39), fc.integer({ min: 7, max: 10 })])(
  "softmax's probabilities are right within the bound of its table and widths",
  (z, at, zFraction) => {
    const outputs = z.length;
    const label = at % outputs;
    const unit = { ...ir.errorUnit, outputs, zFraction };
    const raw = new Float64Array(outputs);
    const prediction = softmaxErrors(unit, Int32Array.from(z), label, new Float64Array(outputs), raw);
    expect(prediction).toBe(z.indexOf(Math.max(...z)));
    const one = 2 ** unit.probabilityFraction;
    const q = Array.from(raw, (r, j) => (j === label ? r + one : r) / one);
    const sum = q.reduce((a, b) => a + b, 0);
    // Each quotient is rounded down, by less than one unit.
    expect(sum).toBeLessThanOrEqual(1);
    expect(sum).toBeGreaterThan(1 - outputs / one);
    // An exponential is off by half a step of the table (2^−9 of an octave) and the rounding of log2 e (2^−15 · 16 octaves),
    // and by its own last place and the table's.
    const relative = Math.LN2 * (2 ** -9 + 2 ** -11) * 1.01;
    const absolute = 1.5 * 2 ** -16;
    const exact = z.map((v) => Math.exp((v - z[prediction]) / 2 ** zFraction));
    const total = exact.reduce((a, b) => a + b, 0);
    q.forEach((value, j) => {
      const p = exact[j] / total;
      expect(Math.abs(value - p)).toBeLessThanOrEqual(
        2.02 * relative * p + (1.02 * absolute * (1 + outputs * p)) / total + 1 / one,
      );
    });
  },
);

const rawErrors = fc.array(fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), { minLength: 1, maxLength: 30 });

test.prop([rawErrors, fc.integer({ min: 3, max: 12 }), fc.integer({ min: 0, max: 45 })])(
  "the error scaler fills its bits and keeps every error to one unit",
  (values, bits, small) => {
    const raw = Float64Array.from(values, (v) => Math.trunc(v / 2 ** small));
    const delta = new Int16Array(raw.length);
    const shift = scaleErrors(raw, raw.length, bits, delta);
    const largest = raw.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    if (largest === 0) expect(shift).toBe(0);
    else expect(bitLength(delta.reduce((m, v) => Math.max(m, Math.abs(v)), 0))).toBe(bits - 1);
    raw.forEach((v, j) => {
      expect(Math.abs(delta[j] * 2 ** shift - v)).toBeLessThanOrEqual(2 ** shift);
    });
  },
);

const deltas = fc.array(fc.integer({ min: -2047, max: 2047 }), { minLength: 2, maxLength: 20 });

test.prop([deltas, fc.integer({ min: -60, max: 60 })])(
  "alignment keeps the order of errors, and counts what it clips",
  (values, offset) => {
    const sorted = Int16Array.from(values).sort();
    const layer = { ...last, outputs: sorted.length };
    const aligned = new Int16Array(sorted.length);
    const clipped = alignErrors(layer, sorted, layer.gradient.exponentZero + offset, aligned);
    for (let j = 1; j < aligned.length; j++) expect(aligned[j]).toBeGreaterThanOrEqual(aligned[j - 1]);
    const max = 2 ** (layer.gradient.alignedBits - 1) - 1;
    expect(clipped).toBe(sorted.reduce((n, v) => n + (Math.abs(roundShift(v, -offset)) > max ? 1 : 0), 0));
  },
);

test.prop([
  fc.array(fc.tuple(fc.integer({ min: -127, max: 255 }), fc.integer({ min: -32767, max: 32767 })), {
    minLength: 1,
    maxLength: 50,
  }),
])("the gradient of many samples is their exact sum", (samples) => {
  const layer = { ...last, inputs: 1, outputs: 1 };
  const gradient = new Int32Array(1);
  for (const [x, d] of samples) accumulate(layer, Int16Array.of(x), Int16Array.of(d), gradient);
  expect(gradient[0]).toBe(samples.reduce((sum, [x, d]) => sum + x * d, 0));
});

interface Reading {
  readonly drive: Int16Array;
  readonly weights: Int16Array;
  readonly sampled: number;
  readonly planes: number;
  readonly tiles: number;
  readonly tileOf: Uint16Array;
}

const readings: fc.Arbitrary<Reading> = fc
  .record({
    driven: fc.integer({ min: 1, max: 30 }),
    sampled: fc.integer({ min: 1, max: 9 }),
    planes: fc.integer({ min: 1, max: 11 }),
    tiles: fc.integer({ min: 1, max: 4 }),
  })
  .chain(({ driven, sampled, planes, tiles }) =>
    fc
      .tuple(
        fc.array(fc.integer({ min: -(2 ** planes - 1), max: 2 ** planes - 1 }), {
          minLength: driven,
          maxLength: driven,
        }),
        fc.array(fc.integer({ min: -250, max: 250 }), { minLength: driven * sampled, maxLength: driven * sampled }),
      )
      .map(([drive, weights]) => ({
        ...{ sampled, planes, tiles, drive: Int16Array.from(drive), weights: Int16Array.from(weights) },
        tileOf: Uint16Array.from({ length: driven }, (_, d) => d % tiles),
      })),
  );

function readAll(r: Reading, range: number, codeMax: number): { sums: Float64Array; saturated: number } {
  const read: ReadIr = { ...last.forward, planes: r.planes, summedTiles: r.tiles, codeMax };
  const codes = new Float64Array(r.planes * r.tiles * r.sampled);
  const sums = new Float64Array(r.sampled);
  const saturated = readCodes(read, r.drive, r.weights, r.sampled, r.sampled, r.tileOf, range, codes);
  shiftAdd(read, codes, r.sampled, sums);
  return { sums, saturated };
}

const products = (r: Reading): number[] =>
  Array.from({ length: r.sampled }, (_, s) => r.drive.reduce((sum, x, d) => sum + x * r.weights[d * r.sampled + s], 0));

test.prop([readings])("a lossless read is the exact product of the vector and the matrix", (r) => {
  const { sums, saturated } = readAll(r, 0, 2 ** 15);
  expect(Array.from(sums, (v) => v + 0)).toEqual(products(r).map((v) => v + 0));
  expect(saturated).toBe(0);
});

test.prop([readings, fc.integer({ min: 1, max: 8 })])(
  "a converter that does not saturate is off by half a unit a plane and tile",
  (r, range) => {
    const { sums, saturated } = readAll(r, range, 2 ** 15);
    expect(saturated).toBe(0);
    const bound = ((2 ** r.planes - 1) * r.tiles * 2 ** range) / 2;
    products(r).forEach((exact, s) => {
      expect(Math.abs(sums[s] * 2 ** range - exact)).toBeLessThanOrEqual(bound);
    });
  },
);

test.prop([readings, fc.integer({ min: 0, max: 4 }), fc.integer({ min: 1, max: 255 })])(
  "a converter with more range saturates no more often",
  (r, range, codeMax) => {
    expect(readAll(r, range + 1, codeMax).saturated).toBeLessThanOrEqual(readAll(r, range, codeMax).saturated);
  },
);

test.prop([fc.integer({ min: 1, max: 8 })])("input codes keep their order and use all of their range", (bits) => {
  const codes = inputCodes(
    Uint8Array.from({ length: 256 }, (_, c) => c),
    bits,
  );
  expect(codes[0]).toBe(0);
  expect(codes[255]).toBe(2 ** bits - 1);
  for (let c = 1; c < 256; c++) expect(codes[c]).toBeGreaterThanOrEqual(codes[c - 1]);
});
