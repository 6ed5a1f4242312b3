import { fc, it } from "@fast-check/vitest";
import { Matrix as MlMatrix, QrDecomposition } from "ml-matrix";
import { describe, expect } from "vitest";
import { Random } from "../../../data/random.ts";
import { bestError, lowRankError } from "../../../golden/low-rank/low-rank.ts";
import { addSubBatch, gradientOf, newSbpca, type Sbpca, sbpcaOf, startBatch } from "../../../golden/low-rank/sbpca.ts";
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
    startCount: number;
    x: number[][];
    delta: number[][];
    x0: number[][];
    delta0: number[][];
    sigma0: number[];
    xFactor: number[][];
    deltaFactor: number[][];
    sigma: number[];
    relativeError: number;
  }[];
}

function newState({ inputs, outputs, rank, seed }: Stream): Sbpca {
  return newSbpca(inputs, outputs, rank, new Random(seed));
}

function feed(state: Sbpca, { x, delta }: Stream, subBatch = 1): Sbpca {
  startBatch(state);
  for (let n = 0; n < x.length; n += subBatch)
    addSubBatch(state, x.slice(n, n + subBatch), delta.slice(n, n + subBatch));
  return state;
}

const subBatch = fc.integer({ min: 1, max: 9 });

describe("streaming batch principal components", () => {
  it("end where the reference's end", () => {
    for (const c of readReference<Reference>("sbpca.json").cases) {
      const state = sbpcaOf(columnsOf(c.x0), columnsOf(c.delta0), Float64Array.from(c.sigma0), c.startCount);
      const [x, delta] = [rowsOf(c.x), rowsOf(c.delta)];
      for (let n = 0; n < c.batch; n++) addSubBatch(state, [x[n]], [delta[n]]);
      expectClose(state.x, columnsOf(c.xFactor), 9);
      expectClose(state.delta, columnsOf(c.deltaFactor), 9);
      expectClose([state.sigma], [c.sigma], 10);
      const gradient = gradientOfStream({ ...c, x, delta, seed: 1 });
      expect(lowRankError(gradientOf(state), gradient) / norm(gradient)).toBeCloseTo(c.relativeError, 10);
    }
  });

  it.prop([anyStream, anyStream, subBatch])(
    "stay orthonormal and finite from batch to batch, whatever the samples",
    (first, second, s) => {
      const state = feed(newState(first), first, s);
      feed(state, { ...first, x: first.x.slice(0, second.x.length), delta: first.delta.slice(0, second.x.length) }, 1);
      expectOrthonormal(state.x);
      expectOrthonormal(state.delta);
      expect(state.x.length).toBe(Math.min(first.rank, first.inputs, first.outputs));
      expectFinite(gradientOf(state));
    },
  );

  it.prop([streamArbitrary, subBatch])(
    "never do better than the best of their rank (Eckart and Young)",
    (stream, s) => {
      const gradient = gradientOfStream(stream);
      const error = lowRankError(gradientOf(feed(newState(stream), stream, s)), gradient);
      expect(error).toBeGreaterThanOrEqual(bestError(gradient, stream.inputs, stream.rank) - 1e-12);
    },
  );

  it.prop([streamArbitrary, fc.integer({ min: 1, max: 40 })])(
    "of one sample again and again are its outer product, what came before counted as one sample",
    (stream, times) => {
      const [x, delta] = [stream.x[0], stream.delta[0]];
      fc.pre(norm(x) > 0.1 && norm(delta) > 0.1);
      const again = { ...stream, x: Array(times).fill(x), delta: Array(times).fill(delta) };
      const state = newState(stream);
      feed(state, again);
      const strength = norm(x) * norm(delta);
      expect(state.sigma[0]).toBeCloseTo((times / (times + 1)) * strength, 10);
      expectClose([state.sigma.subarray(1)], [new Float64Array(state.sigma.length - 1)], 10);
      const sign = Math.sign(state.x[0][0] * x[0]) || 1;
      if (x[0] !== 0) expectClose([state.x[0]], [x.map((value) => (sign * value) / norm(x))], 9);
      // Carried into the next batch, they stand for one sample of it.
      feed(state, again);
      const carried = times / (times + 1);
      expect(state.sigma[0]).toBeCloseTo(((times + carried) / (times + 1)) * strength, 10);
    },
  );

  it.prop([streamArbitrary, fc.integer({ min: -100, max: 100 })])(
    "do not depend on the scale of the samples, and their strengths follow it",
    (stream, e) => {
      const scaled = { ...stream, delta: stream.delta.map((vector) => vector.map((value) => value * 2 ** e)) };
      const [one, other] = [feed(newState(stream), stream), feed(newState(stream), scaled)];
      expectClose(other.x, one.x, 9);
      expectClose(other.delta, one.delta, 9);
      expectClose([other.sigma.map((s) => s / 2 ** e)], [one.sigma], 9);
    },
  );

  it.prop([streamArbitrary])("of one sub-batch are one step of an orthogonal iteration", (stream) => {
    const state = newState(stream);
    state.sigma.fill(0.5);
    const before = { x: state.x.map((c) => c.slice()), delta: state.delta.map((c) => c.slice()) };
    feed(state, stream, stream.x.length);
    const of = (list: readonly Float64Array[]) => new MlMatrix(list.map((vector) => [...vector]));
    const [x, delta] = [of(stream.x), of(stream.delta)];
    const [x0, delta0] = [of(before.x).transpose(), of(before.delta).transpose()];
    const total = stream.x.length + 1;
    const part = (vectors: MlMatrix, others: MlMatrix, basis: MlMatrix, old: MlMatrix) =>
      MlMatrix.add(MlMatrix.mul(old, 0.5), vectors.transpose().mmul(others.mmul(basis))).mul(1 / total);
    const orth = (matrix: MlMatrix) => {
      const qr = new QrDecomposition(matrix);
      const diagonal = qr.upperTriangularMatrix.diagonal();
      fc.pre(diagonal.every((value) => Math.abs(value) > 1e-3));
      return qr.orthogonalMatrix.mulRowVector(diagonal.map(Math.sign));
    };
    const nextX = orth(part(x, delta, delta0, x0));
    const nextDelta = orth(part(delta, x, nextX, delta0));
    expectClose(state.x, columnsOf(nextX.to2DArray()), 8);
    expectClose(state.delta, columnsOf(nextDelta.to2DArray()), 8);
    const strengths = state.sigma.map((_, r) => {
      const column = (matrix: MlMatrix) => MlMatrix.columnVector(matrix.getColumn(r));
      const fresh = MlMatrix.mul(delta.mmul(column(nextDelta)), x.mmul(column(nextX))).sum();
      const aligned = column(nextX).dot(column(x0)) * column(nextDelta).dot(column(delta0));
      return (0.5 * aligned + fresh) / total;
    });
    expectClose([state.sigma], [strengths], 9);
  });
});
