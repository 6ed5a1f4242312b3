import { fc, it } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { Random } from "../../data/random.ts";
import { nearest, round, stochastic } from "../../golden/rounding.ts";

const pulses = fc.double({ min: -40, max: 40, noNaN: true });

describe("stochastic rounding", () => {
  it.prop([pulses, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })])(
    "gives one of the two whole numbers next to its value",
    (t, u) => {
      expect(Math.abs(stochastic(t, u) - t)).toBeLessThanOrEqual(1);
      expect(Number.isInteger(stochastic(t, u))).toBe(true);
    },
  );

  it.prop([fc.integer({ min: -40, max: 40 }), fc.nat()])("leaves whole numbers as they are", (t, seed) => {
    expect(round("stochastic", t, new Random(seed))).toBe(t);
  });

  it("is unbiased: over 100,000 draws the mean is within five standard deviations of the value", () => {
    const draws = 100_000;
    for (const [seed, t] of [0.03, 0.5, 0.97, -0.03, -0.4, 2.25, -7.8].entries()) {
      const random = new Random(seed);
      let sum = 0;
      for (let n = 0; n < draws; n++) sum += round("stochastic", t, random);
      const fraction = t - Math.floor(t);
      const deviation = Math.sqrt((fraction * (1 - fraction)) / draws);
      expect(Math.abs(sum / draws - t)).toBeLessThan(5 * deviation);
    }
  });
});

describe("nearest rounding", () => {
  it.prop([pulses])("is never more than half a pulse away, and rounds halves up", (t) => {
    const rounded = nearest(t);
    expect(Math.abs(rounded - t)).toBeLessThanOrEqual(0.5 + 1e-12);
    expect(nearest(rounded + 0.5)).toBe(rounded + 1);
    expect(nearest(rounded - 0.5)).toBe(rounded);
  });

  it("draws no random number", () => {
    const random = new Random(1);
    round("nearest", 0.3, random);
    expect(random.word()).toBe(new Random(1).word());
  });
});
