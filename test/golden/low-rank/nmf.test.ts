import { fc, it } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { Random } from "../../../data/random.ts";
import { bestError, lowRankError } from "../../../golden/low-rank/low-rank.ts";
import {
  addSubBatch,
  type Factors,
  factorise,
  gradientOf,
  multiplicativeUpdates,
  type Nmf,
  newNmf,
  startBatch,
} from "../../../golden/low-rank/nmf.ts";
import { readReference } from "../../reference/folder.ts";
import { arrayOf } from "../networks.ts";
import {
  anyStream,
  columnsOf,
  expectClose,
  expectFinite,
  gradientOfStream,
  norm,
  rowsOf,
  type Stream,
  streamArbitrary,
} from "./streams.ts";

interface Reference {
  cases: {
    v: number[][];
    w0: number[][];
    h0: number[][];
    iterations: number;
    w: number[][];
    h: number[][];
    error: number;
  }[];
}

function feed(state: Nmf, { x, delta }: Stream, subBatch: number, iterations: number): Nmf {
  startBatch(state);
  for (let n = 0; n < x.length; n += subBatch)
    addSubBatch(state, x.slice(n, n + subBatch), delta.slice(n, n + subBatch), iterations);
  return state;
}

const newState = ({ inputs, outputs, rank, seed }: Stream) => newNmf(inputs, outputs, rank, new Random(seed));
const asLowRank = ({ w, h }: Factors) => ({ u: w, v: h, strengths: new Float64Array(w.length).fill(1) });
const subBatchArbitrary = fc.integer({ min: 1, max: 9 });
const iterationsArbitrary = fc.integer({ min: 1, max: 4 });

const positive = fc.integer({ min: 1, max: 1000 }).map((n) => n / 1000);
const nonNegative = fc.integer({ min: 0, max: 1000 }).map((n) => n / 1000);

/** A non-negative matrix and positive factors of some rank. */
const factorsArbitrary = fc
  .record({
    inputs: fc.integer({ min: 1, max: 7 }),
    outputs: fc.integer({ min: 1, max: 7 }),
    rank: fc.integer({ min: 1, max: 4 }),
  })
  .chain(({ inputs, outputs, rank }) => {
    const vectors = (length: number) =>
      arrayOf(
        arrayOf(positive, length).map((values) => Float64Array.from(values)),
        rank,
      );
    return fc.record({
      v: arrayOf(nonNegative, inputs * outputs).map((values) => Float64Array.from(values)),
      factors: fc.record({ w: vectors(outputs), h: vectors(inputs) }),
    });
  });

function everyElement({ positive: p, negative: n }: Nmf): number[] {
  return [p, n].flatMap(({ w, h }) => [...w, ...h]).flatMap((vector) => [...vector]);
}

describe("multiplicative updates", () => {
  it("end where scikit-learn's end", () => {
    for (const c of readReference<Reference>("nmf.json").cases) {
      const factors = { w: columnsOf(c.w0), h: rowsOf(c.h0) };
      const v = Float64Array.from(columnsOf(c.v).flatMap((column) => [...column]));
      multiplicativeUpdates(v, factors, c.iterations, "w-first");
      expectClose(factors.w, columnsOf(c.w), 9);
      expectClose(factors.h, rowsOf(c.h), 9);
      expect(lowRankError(asLowRank(factors), v)).toBeCloseTo(c.error, 10);
    }
  });

  it.prop([factorsArbitrary, fc.constantFrom("h-first", "w-first")])(
    "never let the error grow, and stay non-negative",
    ({ v, factors }, order) => {
      let error = lowRankError(asLowRank(factors), v);
      for (let t = 0; t < 8; t++) {
        multiplicativeUpdates(v, factors, 1, order);
        const next = lowRankError(asLowRank(factors), v);
        expect(next).toBeLessThanOrEqual(error + 1e-12);
        error = next;
        for (const vector of [...factors.w, ...factors.h]) expect(vector.every((value) => value >= 0)).toBe(true);
      }
    },
  );

  it.prop([factorsArbitrary])("leave exact factors as they are", ({ factors }) => {
    const { w, h } = factors;
    const v = Float64Array.from({ length: w[0].length * h[0].length }, (_, n) => {
      const [i, j] = [Math.floor(n / w[0].length), n % w[0].length];
      return w.reduce((sum, wr, r) => sum + wr[j] * h[r][i], 0);
    });
    const before = [...w, ...h].map((vector) => vector.slice());
    multiplicativeUpdates(v, factors, 3, "h-first");
    expectClose([...w, ...h], before, 12);
  });
});

describe("the stream of sub-batches", () => {
  it.prop([anyStream, subBatchArbitrary, iterationsArbitrary])(
    "keeps factors finite, non-negative and balanced, whatever the samples",
    (stream, subBatch, iterations) => {
      const state = feed(newState(stream), stream, subBatch, iterations);
      feed(state, stream, subBatch, iterations);
      expectFinite(gradientOf(state));
      expect(everyElement(state).every((value) => value >= 0)).toBe(true);
      for (const { w, h } of [state.positive, state.negative])
        for (let r = 0; r < w.length; r++)
          expect(Math.abs(norm(w[r]) - norm(h[r]))).toBeLessThanOrEqual(1e-9 * norm(w[r]));
    },
  );

  it.prop([streamArbitrary, subBatchArbitrary, iterationsArbitrary])(
    "never does better than the best of twice its rank (Eckart and Young)",
    (stream, subBatch, iterations) => {
      const gradient = gradientOfStream(stream);
      const error = lowRankError(gradientOf(feed(newState(stream), stream, subBatch, iterations)), gradient);
      expect(error).toBeGreaterThanOrEqual(bestError(gradient, stream.inputs, 2 * stream.rank) - 1e-12);
    },
  );

  it.prop([streamArbitrary, subBatchArbitrary, fc.integer({ min: 1, max: 20 }), fc.constantFrom(1, -1)])(
    "of one sample of one sign again and again is its outer product, whatever came before",
    (stream, subBatch, times, sign) => {
      const before = feed(newState({ ...stream, rank: 1 }), stream, subBatch, 2);
      const x = stream.x[0].map((value) => Math.abs(value) + 0.01);
      const delta = stream.delta[0].map((value) => sign * (Math.abs(value) + 0.01));
      const again = { ...stream, x: Array(times).fill(x), delta: Array(times).fill(delta) };
      const gradient = gradientOfStream(again);
      const found = gradientOf(feed(before, again, subBatch, 1));
      expect(lowRankError(found, gradient)).toBeLessThan(1e-9 * norm(gradient));
    },
  );

  it.prop([streamArbitrary, subBatchArbitrary, fc.integer({ min: -60, max: 60 })])(
    "does not depend on the scale of the samples, and its factors follow it",
    (stream, subBatch, e) => {
      const scaled = { ...stream, delta: stream.delta.map((vector) => vector.map((value) => value * 4 ** e)) };
      const [one, other] = [stream, scaled].map((s) => everyElement(feed(newState(stream), s, subBatch, 2)));
      const largest = Math.max(...one, Number.MIN_VALUE);
      one.forEach((value, n) => {
        expect(Math.abs(other[n] / 2 ** e - value)).toBeLessThanOrEqual(1e-9 * largest);
      });
    },
  );

  it.prop([streamArbitrary])("comes alive again after batches without any gradient", (stream) => {
    const gradient = gradientOfStream(stream);
    fc.pre(norm(gradient) > 1e-3);
    const state = newState({ ...stream, rank: 4 });
    const nothing = { ...stream, delta: stream.delta.map((vector) => vector.map(() => 0)) };
    feed(state, stream, 2, 3);
    feed(state, nothing, 2, 3);
    expect(everyElement(state).every((value) => value === 0)).toBe(true);
    for (let batch = 0; batch < 3; batch++) feed(state, stream, stream.x.length, 20);
    expect(lowRankError(gradientOf(state), gradient)).toBeLessThan(0.8 * norm(gradient));
  });
});

describe("the exact split", () => {
  it.prop([streamArbitrary])("of a gradient nears it as it goes on, each sign by itself", (stream) => {
    const gradient = gradientOfStream(stream);
    const state = newState(stream);
    const errors: number[] = [];
    for (let t = 0; t < 6; t++) {
      factorise(state, gradient, 5);
      errors.push(
        lowRankError(
          asLowRank(state.positive),
          gradient.map((g) => Math.max(g, 0)),
        ),
      );
    }
    // Raising elements to the floor may cost a little of what the updates gain.
    errors.forEach((error, t) => {
      if (t > 0) expect(error).toBeLessThanOrEqual(errors[t - 1] + 0.02 * norm(gradient));
    });
  });
});
