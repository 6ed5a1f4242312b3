import { fc, it } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { Random } from "../../data/random.ts";
import { applyCoincidence, type CoincidenceSettings, pulseTrain } from "../../golden/coincidence.ts";

const entry = fc.integer({ min: -1000, max: 1000 }).map((n) => n / 1000);
const vector = fc.array(entry, { minLength: 1, maxLength: 8 }).map((values) => Float64Array.from(values));
const rateArbitrary = fc.double({ min: 0.01, max: 400, noNaN: true });
const slotsArbitrary = fc.integer({ min: 1, max: 63 });

const largest = (values: Float64Array) => Math.max(...values.map(Math.abs));

/** Applies one outer product to cells in the middle of a range that no train can leave. */
function apply(
  u: Float64Array,
  v: Float64Array,
  learningRate: number,
  settings: CoincidenceSettings,
  random: Random,
): { moved: Float64Array; pulses: Uint32Array; count: { slots: number; clipped: number } } {
  const cells = { weights: new Float64Array(u.length * v.length), pulses: new Uint32Array(u.length * v.length) };
  const count = { slots: 0, clipped: 0 };
  applyCoincidence(cells, u, v, learningRate, settings, random, count);
  const moved = cells.weights.map((w) => Math.round((w * settings.levels) / 2));
  return { moved, pulses: cells.pulses, count };
}

describe("the probabilities of a pulse train", () => {
  it.prop([vector, vector, rateArbitrary, slotsArbitrary])(
    "give each cell its pulses on average, with equal largest ones, where no line is clipped",
    (u, v, rate, slots) => {
      const train = pulseTrain(u, v, rate, slots, 1023);
      expect(train.clipped).toBe(0);
      expect(train.slots === 0).toBe(rate * largest(u) * largest(v) === 0);
      if (train.slots === 0) return;
      expect(train.slots).toBe(Math.max(slots, Math.ceil(rate * largest(u) * largest(v))));
      expect(largest(train.rows)).toBeCloseTo(largest(train.columns), 12);
      u.forEach((uj, j) => {
        v.forEach((vi, i) => {
          expect(train.slots * train.rows[i] * train.columns[j]).toBeCloseTo(rate * Math.abs(uj * vi), 8);
        });
      });
    },
  );

  it.prop([vector, vector, fc.double({ min: 1, max: 1e6, noNaN: true }), slotsArbitrary, fc.nat({ max: 40 })])(
    "grow the train no further than it may, and then clip and count",
    (u, v, rate, slots, more) => {
      const most = slots + more;
      const { slots: found, rows, columns, clipped } = pulseTrain(u, v, rate, slots, most);
      expect(found).toBeLessThanOrEqual(most);
      for (const p of [...rows, ...columns]) expect(p >= 0 && p <= 1).toBe(true);
      const height = Math.sqrt((rate * largest(u) * largest(v)) / most);
      const above = (values: Float64Array) => values.filter((x) => (Math.abs(x) / largest(values)) * height > 1).length;
      expect(clipped).toBe(height > 1 ? above(u) + above(v) : 0);
    },
  );

  it("are those of the design's slots where these are enough, and one slot more than enough where they are not", () => {
    const of = (rate: number, most: number) => pulseTrain(Float64Array.of(1), Float64Array.of(-1), rate, 4, most);
    expect(of(1, 9)).toEqual({ slots: 4, rows: Float64Array.of(0.5), columns: Float64Array.of(0.5), clipped: 0 });
    expect(of(4, 9)).toEqual({ slots: 4, rows: Float64Array.of(1), columns: Float64Array.of(1), clipped: 0 });
    expect(of(4.5, 9).slots).toBe(5);
    expect(of(16, 9)).toEqual({ slots: 9, rows: Float64Array.of(1), columns: Float64Array.of(1), clipped: 2 });
  });
});

describe("programming by coincidence", () => {
  const trains = 20_000;
  it.each([
    ["signs of all kinds", [0.9, -0.4, 0], [0.7, -0.2, 0.05, -1], 0.02],
    ["factors that are not negative", [1, 0.3], [0.2, 0.9], 0.05],
    ["a train that grows", [2, -0.5], [1.5, 0.1], 0.1],
  ])("gives each cell η u v / ΔW pulses on average: %s", (_, uList, vList, learningRate) => {
    const [u, v] = [Float64Array.from(uList), Float64Array.from(vList)];
    const settings = { levels: 500, slots: 31, mostSlots: 1023 };
    const random = new Random(3);
    const sums = new Float64Array(u.length * v.length);
    const squares = new Float64Array(sums.length);
    for (let n = 0; n < trains; n++) {
      apply(u, v, learningRate, settings, random).moved.forEach((count, cell) => {
        sums[cell] += count;
        squares[cell] += count * count;
      });
    }
    sums.forEach((sum, cell) => {
      const wished = (-learningRate * v[Math.floor(cell / u.length)] * u[cell % u.length]) / (2 / 500);
      const mean = sum / trains;
      const deviation = Math.sqrt((squares[cell] / trains - mean * mean) / trains);
      expect(Math.abs(mean - wished)).toBeLessThanOrEqual(3 * deviation + 1e-9);
    });
  });

  it.prop([vector, vector, slotsArbitrary, fc.double({ min: -1, max: 1, noNaN: true }), fc.nat()])(
    "moves every cell against its gradient, by at most one pulse a slot",
    (u, v, slots, learningRate, seed) => {
      const settings = { levels: 4000, slots, mostSlots: slots };
      const { moved, pulses } = apply(u, v, learningRate, settings, new Random(seed));
      moved.forEach((count, cell) => {
        expect(Math.abs(count)).toBe(pulses[cell]);
        expect(pulses[cell]).toBeLessThanOrEqual(slots);
        const gradient = learningRate * v[Math.floor(cell / u.length)] * u[cell % u.length];
        if (count !== 0) expect(Math.sign(count)).toBe(-Math.sign(gradient));
      });
    },
  );

  it.each([
    ["non-negative factors", [1, 2], [3, 0], 1],
    ["one factor of mixed sign", [1, -2], [3, 1], 2],
    ["two factors of mixed sign", [1, -2], [3, -1], 4],
    ["factors of one sign each", [-1, -2], [3, 1], 1],
    ["a factor of zeros", [0, 0], [3, 1], 0],
  ])("takes the slots of as many phases as signs meet: %s", (_, u, v, phases) => {
    const settings = { levels: 10, slots: 7, mostSlots: 7 };
    const { count } = apply(Float64Array.from(u), Float64Array.from(v), 0.01, settings, new Random(1));
    expect(count).toEqual({ slots: 7 * phases, clipped: 0 });
  });

  it("stops cells at the ends of their range and counts every pulse", () => {
    const cells = { weights: Float64Array.of(0.8, -0.8), pulses: new Uint32Array(2) };
    const settings = { levels: 10, slots: 3, mostSlots: 3 };
    const count = { slots: 0, clipped: 0 };
    applyCoincidence(cells, Float64Array.of(-1, 1), Float64Array.of(1), 10, settings, new Random(1), count);
    expect([...cells.weights]).toEqual([1, -1]);
    expect([...cells.pulses]).toEqual([3, 3]);
    expect(count).toEqual({ slots: 6, clipped: 3 });
  });
});
