/** Samples of the unit cube: repeatable, and the low-discrepancy ones more even than chance. */
import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { expect, it } from "vitest";
import { evenPoints, goldenRatio, randomPoints } from "../../sweep/sample.ts";

const first = (points: Generator<number[]>, count: number) =>
  Array.from({ length: count }, () => points.next().value as number[]);

test.prop([fc.nat(1000), fc.integer({ min: 1, max: 8 })])(
  "are in the cube, and the same for the same seed",
  (seed, d) => {
    for (const sequence of [randomPoints, evenPoints]) {
      const points = first(sequence(d, seed), 50);
      expect(points.flat().every((x) => x >= 0 && x < 1)).toBe(true);
      expect(first(sequence(d, seed), 50)).toEqual(points);
      expect(first(sequence(d, seed + 1), 50)).not.toEqual(points);
    }
  },
);

test.prop([fc.integer({ min: 1, max: 12 })])("the ratio is the root of its equation", (d) => {
  const phi = goldenRatio(d);
  expect(phi ** (d + 1)).toBeCloseTo(phi + 1, 10);
});

// Three-distance theorem: along one axis, gaps of a golden sequence have at most three lengths.
test.prop([fc.nat(1000), fc.integer({ min: 2, max: 300 })])(
  "one axis is divided into gaps of three lengths",
  (seed, count) => {
    const sorted = first(evenPoints(1, seed), count)
      .map(([x]) => x)
      .sort((a, b) => a - b);
    const gaps = sorted.map((x, n) => (n === 0 ? x + 1 - sorted[count - 1] : x - sorted[n - 1]));
    expect(new Set(gaps.map((gap) => gap.toFixed(9))).size).toBeLessThanOrEqual(3);
  },
);

it("256 points fill 16 × 16 boxes better than chance does", () => {
  const filled = (points: number[][]) =>
    new Set(points.map(([x, y]) => `${Math.floor(16 * x)} ${Math.floor(16 * y)}`)).size;
  for (let seed = 0; seed < 20; seed++) {
    expect(filled(first(evenPoints(2, seed), 256))).toBeGreaterThan(190);
    // Of chance: 256 (1 − 1/e) = 162.
    expect(filled(first(randomPoints(2, seed), 256))).toBeLessThan(190);
  }
});
