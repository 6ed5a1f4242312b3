/** Arbitrary batches of samples for the low-rank methods, ordinary and degenerate, and what several tests measure. */
import { fc } from "@fast-check/vitest";
import { expect } from "vitest";
import { meanOuterProduct } from "../../../golden/gradient.ts";
import type { LowRank } from "../../../golden/low-rank/low-rank.ts";
import { arrayOf } from "../networks.ts";

export interface Stream {
  readonly inputs: number;
  readonly outputs: number;
  readonly rank: number;
  /** One array a sample. */
  readonly x: readonly Float64Array[];
  readonly delta: readonly Float64Array[];
  readonly seed: number;
}

const entry = fc.integer({ min: -1000, max: 1000 }).map((n) => n / 1000);

const shapeArbitrary = fc.record({
  inputs: fc.integer({ min: 1, max: 7 }),
  outputs: fc.integer({ min: 1, max: 6 }),
  rank: fc.integer({ min: 1, max: 8 }),
  batch: fc.integer({ min: 1, max: 9 }),
  seed: fc.nat(),
});

export const streamArbitrary: fc.Arbitrary<Stream> = shapeArbitrary.chain(({ batch, ...shape }) =>
  fc.record({ x: vectors(batch, shape.inputs), delta: vectors(batch, shape.outputs) }).map((both) => ({
    ...shape,
    ...both,
  })),
);

/** Samples that are zero, repeat or scale one another, or are far larger or smaller than the rest. */
export const degenerateArbitrary: fc.Arbitrary<Stream> = streamArbitrary.chain((stream) =>
  arrayOf(
    fc.record({
      like: fc.nat({ max: stream.x.length - 1 }),
      scaleX: fc.constantFrom(0, 1, 1, -2, 1e60, 1e-60, 1e-200),
      scaleDelta: fc.constantFrom(0, 1, 1, -2, 1e60, 1e-60, 1e-200),
    }),
    stream.x.length,
  ).map((changes) => ({
    ...stream,
    x: changes.map(({ like, scaleX }) => stream.x[like].map((value) => value * scaleX)),
    delta: changes.map(({ like, scaleDelta }) => stream.delta[like].map((value) => value * scaleDelta)),
  })),
);

export const anyStream = fc.oneof(streamArbitrary, degenerateArbitrary);

function vectors(count: number, length: number): fc.Arbitrary<Float64Array[]> {
  return arrayOf(
    arrayOf(entry, length).map((values) => Float64Array.from(values)),
    count,
  );
}

/** G = (1/B) Σ δ xᵀ, [inputs][outputs]. */
export function gradientOfStream({ x, delta, inputs, outputs }: Stream): Float64Array {
  const flat = (list: readonly Float64Array[]) => Float64Array.from(list.flatMap((vector) => [...vector]));
  return meanOuterProduct(flat(x), flat(delta), inputs, outputs);
}

/** Columns are of length one and orthogonal, apart from those that are zero where `zeroAllowed`. */
export function expectOrthonormal(columns: readonly Float64Array[], zeroAllowed = false): void {
  const some = zeroAllowed ? columns.filter((column) => column.some((value) => value !== 0)) : columns;
  some.forEach((a, p) => {
    for (const [q, b] of some.entries()) expect(product(a, b)).toBeCloseTo(p === q ? 1 : 0, 10);
  });
}

export function expectFinite({ u, v, strengths }: LowRank): void {
  for (const vector of [...u, ...v, strengths])
    expect(vector.every(Number.isFinite), `${[...vector]} is finite`).toBe(true);
}

export function product(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

export function norm(values: Float64Array): number {
  return Math.sqrt(product(values, values));
}

/** Columns of a matrix that a reference file lists by rows. */
export function columnsOf(matrix: readonly (readonly number[])[]): Float64Array[] {
  return matrix[0].map((_, j) => Float64Array.from(matrix, (row) => row[j]));
}

export function rowsOf(matrix: readonly (readonly number[])[]): Float64Array[] {
  return matrix.map((row) => Float64Array.from(row));
}

export function expectClose(
  found: readonly (Float64Array | readonly number[])[],
  expected: readonly (Float64Array | readonly number[])[],
  digits: number,
): void {
  expect(found.length).toBe(expected.length);
  found.forEach((vector, r) => {
    expect(vector.length).toBe(expected[r].length);
    vector.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[r][i], digits);
    });
  });
}
