import { fc, it } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { Random } from "../../../data/random.ts";
import { bestError, lowRankError, reconstruct } from "../../../golden/low-rank/low-rank.ts";
import {
  addSample,
  complement,
  gradientOf,
  type Lrt,
  mixedPart,
  newLrt,
  type Reduction,
  startBatch,
  truncation,
  unbiasedReduction,
} from "../../../golden/low-rank/lrt.ts";
import { readReference } from "../../reference/folder.ts";
import {
  anyStream,
  columnsOf,
  expectClose,
  expectFinite,
  expectOrthonormal,
  gradientOfStream,
  norm,
  rowsOf,
  type Stream,
  streamArbitrary,
} from "./streams.ts";

interface Reference {
  cases: {
    batch: number;
    inputs: number;
    outputs: number;
    rank: number;
    x: number[][];
    delta: number[][];
    strengths: number[];
    reconstruction: number[][];
  }[];
  reductions: { singularValues: number[]; kept: number; mixed: number; x0: number[]; strengths: number[] }[];
}

type Reduce = (singularValues: Float64Array) => Reduction;

function feed({ inputs, outputs, rank, x, delta }: Stream, reduce: Reduce, state = newLrt(inputs, outputs, rank)): Lrt {
  startBatch(state);
  for (const [n, xn] of x.entries()) addSample(state, xn, delta[n], reduce);
  return state;
}

const unbiased = (seed: number): Reduce => {
  const random = new Random(seed);
  return (s) => unbiasedReduction(s, random);
};

/** Falling values, some equal, some zero. */
const singularValuesArbitrary = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.constantFrom(0, 500, 1e6)), { minLength: 2, maxLength: 7 })
  .map((values) =>
    Float64Array.from(
      values.sort((a, b) => b - a),
      (n) => n / 1000,
    ),
  );

const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);

describe("the truncated sum of outer products", () => {
  it("ends where the reference's ends", () => {
    for (const c of readReference<Reference>("lrt.json").cases) {
      const state = feed({ ...c, x: rowsOf(c.x), delta: rowsOf(c.delta), seed: 1 }, truncation);
      expectClose([state.strengths], [c.strengths], 10);
      const found = reconstruct(gradientOf(state), new Float64Array(c.inputs * c.outputs));
      expectClose([found], [columnsOf(c.reconstruction).flatMap((column) => [...column])], 10);
    }
  });

  it.prop([streamArbitrary])("never does better than the best of its rank (Eckart and Young)", (stream) => {
    const gradient = gradientOfStream(stream);
    const error = lowRankError(gradientOf(feed(stream, truncation)), gradient);
    expect(error).toBeGreaterThanOrEqual(bestError(gradient, stream.inputs, stream.rank) - 1e-12);
  });

  it.prop([streamArbitrary])("is that best where only one sample was too many", (stream) => {
    const short = { ...stream, x: stream.x.slice(0, stream.rank + 1), delta: stream.delta.slice(0, stream.rank + 1) };
    const gradient = gradientOfStream(short);
    const error = lowRankError(gradientOf(feed(short, truncation)), gradient);
    expect(error).toBeCloseTo(bestError(gradient, stream.inputs, stream.rank), 10);
  });

  it.prop([streamArbitrary])("is exact where the rank is that of the gradient or more", (stream) => {
    const { inputs, outputs } = stream;
    const full = { ...stream, rank: Math.min(inputs, outputs) };
    for (const reduce of [truncation, unbiased(stream.seed)])
      expect(lowRankError(gradientOf(feed(full, reduce)), gradientOfStream(stream))).toBeLessThan(1e-12);
  });

  it.prop([anyStream, fc.boolean()])(
    "has orthonormal vectors and finite strengths that are not negative, whatever the samples",
    (stream, biased) => {
      const reduce = biased ? truncation : unbiased(stream.seed);
      const state = feed(stream, reduce, feed(stream, reduce));
      const { u, v, strengths } = gradientOf(state);
      expectFinite({ u, v, strengths });
      expectOrthonormal(u, true);
      expectOrthonormal(v, true);
      strengths.forEach((strength, r) => {
        expect(strength).toBeGreaterThanOrEqual(0);
        expect(norm(u[r]) > 0.5).toBe(strength > 0);
        expect(norm(v[r]) > 0.5).toBe(strength > 0);
      });
    },
  );

  it.prop([streamArbitrary, fc.integer({ min: -100, max: 100 })])(
    "does not depend on the scale of the samples, and its strengths follow it",
    (stream, e) => {
      const scaled = { ...stream, delta: stream.delta.map((vector) => vector.map((value) => value * 2 ** e)) };
      const gradients = [stream, scaled].map((s) =>
        reconstruct(gradientOf(feed(s, truncation)), new Float64Array(stream.inputs * stream.outputs)),
      );
      // Where two singular values are equal either may be dropped: only the error is then the same.
      const distance = (n: number) => norm(gradients[n].map((g, i) => g / 2 ** (n * e) - gradientOfStream(stream)[i]));
      expect(distance(1)).toBeCloseTo(distance(0), 6);
    },
  );
});

describe("the unbiased reduction", () => {
  it("has the reference's deterministic part", () => {
    for (const c of readReference<Reference>("lrt.json").reductions) {
      const { kept, x0, strengths } = mixedPart(Float64Array.from(c.singularValues));
      expect([kept, x0.length]).toEqual([c.kept, c.mixed]);
      expectClose([x0, strengths], [c.x0, c.strengths], 9);
    }
  });

  it.prop([singularValuesArbitrary])("keeps the sum of the strengths, and x₀ is a unit vector", (values) => {
    const { kept, x0, strengths } = mixedPart(values);
    expect(total(strengths)).toBeCloseTo(total(values), 9);
    expect(kept).toBeLessThan(strengths.length);
    if (strengths[strengths.length - 1] > 0) expect(norm(x0)).toBeCloseTo(1, 9);
    // A value stays as long as it is more than its share of what would be mixed.
    for (let r = 0; r < kept; r++) expect(values[r]).toBeGreaterThan((1 - 1e-12) * strengths[strengths.length - 1]);
  });

  it.prop([singularValuesArbitrary, fc.nat()])("mixes with orthonormal columns", (values, seed) => {
    const { mixing } = unbiasedReduction(values, new Random(seed));
    expect(mixing.length).toBe(values.length - 1);
    expectOrthonormal(mixing);
  });

  it.prop([streamArbitrary])("takes its basis from all that is orthogonal to x₀", ({ x }) => {
    const unit = x[0].map((value) => value / (norm(x[0]) || 1));
    fc.pre(norm(unit) > 0.9);
    expectOrthonormal([unit, ...complement(unit)]);
  });

  it.each([[[3, 1]], [[3, 1, 1, 0.2]], [[2, 2, 2]], [[5, 0.3, 0.2, 0.1, 0.05]], [[1, 1, 0]]])(
    "of %j has them as its mean, over 20,000 draws",
    (list) => {
      const values = Float64Array.from(list);
      const size = values.length;
      const draws = 20_000;
      const random = new Random(size);
      const sums = new Float64Array(size * size);
      const squares = new Float64Array(size * size);
      for (let draw = 0; draw < draws; draw++) {
        const { mixing, strengths } = unbiasedReduction(values, random);
        for (let p = 0; p < size; p++) {
          for (let q = 0; q < size; q++) {
            const value = strengths.reduce((sum, c, r) => sum + c * mixing[r][p] * mixing[r][q], 0);
            sums[p * size + q] += value;
            squares[p * size + q] += value * value;
          }
        }
      }
      for (let p = 0; p < size; p++) {
        for (let q = 0; q < size; q++) {
          const mean = sums[p * size + q] / draws;
          const deviation = Math.sqrt(Math.max(0, squares[p * size + q] / draws - mean * mean) / draws);
          expect(Math.abs(mean - (p === q ? values[p] : 0))).toBeLessThanOrEqual(4 * deviation + 1e-9);
        }
      }
    },
  );

  it("of a whole batch has its gradient as its mean, over 4,000 draws", () => {
    const random = new Random(7);
    const vectors = (length: number) =>
      Array.from({ length: 6 }, () => Float64Array.from({ length }, () => 2 * random.uniform() - 1));
    const stream = { inputs: 5, outputs: 4, rank: 2, seed: 1, x: vectors(5), delta: vectors(4) };
    const gradient = gradientOfStream(stream);
    const draws = 4000;
    const sums = new Float64Array(gradient.length);
    const squares = new Float64Array(gradient.length);
    for (let draw = 0; draw < draws; draw++) {
      const found = reconstruct(gradientOf(feed(stream, unbiased(draw))), new Float64Array(gradient.length));
      found.forEach((value, n) => {
        sums[n] += value;
        squares[n] += value * value;
      });
    }
    gradient.forEach((value, n) => {
      const mean = sums[n] / draws;
      const deviation = Math.sqrt((squares[n] / draws - mean * mean) / draws);
      expect(deviation).toBeGreaterThan(0);
      expect(Math.abs(mean - value)).toBeLessThan(4 * deviation);
    });
  });
});
