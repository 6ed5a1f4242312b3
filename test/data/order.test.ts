import { fc, it } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { epochOrder } from "../../data/order.ts";
import { Random } from "../../data/random.ts";

const seed = fc.integer({ min: 0, max: 0x7fffffff });

describe("the order of an epoch", () => {
  it.prop([fc.nat({ max: 2000 }), seed, fc.nat({ max: 100 })])("is a permutation of all samples", (count, s, epoch) => {
    const order = epochOrder(count, s, epoch);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, n) => n));
  });

  it.prop([seed, fc.nat({ max: 100 })])("repeats for the same seed and epoch, and for no other", (s, epoch) => {
    const order = epochOrder(100, s, epoch);
    expect(epochOrder(100, s, epoch)).toEqual(order);
    expect(epochOrder(100, s, epoch + 1)).not.toEqual(order);
    expect(epochOrder(100, s + 1, epoch)).not.toEqual(order);
  });

  it.prop([fc.integer({ min: 1, max: 50 }), seed, fc.nat({ max: 9 }), fc.nat({ max: 300 })])(
    "is so many draws where a design asks for them, another in each epoch",
    (count, s, epoch, draws) => {
      const order = epochOrder(count, s, epoch, draws);
      expect(order.length).toBe(draws);
      for (const sample of order) expect(sample).toBeLessThan(count);
      expect(epochOrder(count, s, epoch, draws)).toEqual(order);
      if (count > 9 && draws > 20) expect(epochOrder(count, s, epoch + 1, draws)).not.toEqual(order);
    },
  );

  it("draws each sample equally often, and some of them twice", () => {
    const counts = new Uint32Array(10);
    for (const sample of epochOrder(10, 3, 0, 50_000)) counts[sample]++;
    // Five deviations of a binomial number.
    for (const found of counts) expect(Math.abs(found - 5000)).toBeLessThan(5 * Math.sqrt(50_000 * 0.1 * 0.9));
  });

  it("is the one it has always been", () => {
    expect([...epochOrder(10, 1, 0)]).toEqual([0, 6, 1, 2, 8, 9, 7, 4, 3, 5]);
  });

  it("puts each sample at each place equally often (chi-squared, 24 permutations of 4)", () => {
    const times = new Map<string, number>();
    const draws = 24_000;
    for (let epoch = 0; epoch < draws; epoch++) {
      const key = epochOrder(4, 7, epoch).join();
      times.set(key, (times.get(key) ?? 0) + 1);
    }
    expect(times.size).toBe(24);
    const chiSquared = [...times.values()].reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
    expect(chiSquared).toBeLessThan(60); // 23 degrees of freedom: exceeded by chance once in 30,000
  });
});

describe("random numbers", () => {
  it("are xoshiro128++'s: from the state 1, 2, 3, 4 come the words of its published code", () => {
    const random = new Random(0);
    Object.assign(random, { a: 1, b: 2, c: 3, d: 4 });
    const words = Array.from({ length: 10 }, () => random.word());
    expect(words).toEqual([
      641, 1573767, 3222811527, 3517856514, 836907274, 4247214768, 3867114732, 1355841295, 495546011, 621204420,
    ]);
  });

  it.prop([fc.integer({ min: 1, max: 1000 }), fc.nat()])("below a bound stay below it", (bound, s) => {
    const random = new Random(s);
    for (let n = 0; n < 50; n++) {
      const value = random.below(bound);
      expect(Number.isInteger(value) && value >= 0 && value < bound).toBe(true);
    }
  });

  it("are uniform in [0, 1): mean and variance within five standard deviations over 100,000 draws", () => {
    const random = new Random(3, 4, 5);
    const draws = Array.from({ length: 100_000 }, () => random.uniform());
    const mean = draws.reduce((a, b) => a + b) / draws.length;
    const variance = draws.reduce((a, b) => a + (b - mean) ** 2, 0) / draws.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / draws.length));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / draws.length));
    expect(Math.max(...draws)).toBeLessThan(1);
  });
});
