import { fc, it } from "@fast-check/vitest";
import { Matrix as MlMatrix, SingularValueDecomposition } from "ml-matrix";
import { describe, expect } from "vitest";
import { frobeniusDistance, type Matrix, svd, truncate, truncationError } from "../../golden/svd.ts";
import { readReference } from "../reference/folder.ts";
import { arrayOf } from "./networks.ts";

interface SvdReference {
  cases: { gradient: number[][]; singularValues: number[]; truncationError: Record<string, number> }[];
}

const entry = fc.integer({ min: -1000, max: 1000 }).map((n) => n / 1000);

const matrixArbitrary: fc.Arbitrary<Matrix> = fc
  .tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 8 }))
  .chain(([rows, cols]) =>
    arrayOf(entry, rows * cols).map((values) => ({ rows, cols, values: Float64Array.from(values) })),
  );

/** Sums of few outer products: most singular values are zero. */
const lowRankArbitrary: fc.Arbitrary<Matrix> = fc
  .tuple(fc.integer({ min: 2, max: 8 }), fc.integer({ min: 2, max: 8 }), fc.integer({ min: 0, max: 2 }))
  .chain(([rows, cols, rank]) =>
    fc.tuple(arrayOf(entry, rows * rank), arrayOf(entry, cols * rank)).map(([u, v]) => {
      const values = new Float64Array(rows * cols);
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < cols; j++)
          for (let r = 0; r < rank; r++) values[i * cols + j] += u[i * rank + r] * v[j * rank + r];
      return { rows, cols, values };
    }),
  );

const anyMatrix = fc.oneof(matrixArbitrary, lowRankArbitrary);

function expectOrthonormal(vectors: readonly Float64Array[]): void {
  vectors.forEach((a, p) => {
    for (const [q, b] of vectors.entries()) {
      const product = a.reduce((sum, value, i) => sum + value * b[i], 0);
      expect(product).toBeCloseTo(p === q ? 1 : 0, 12);
    }
  });
}

describe("the singular value decomposition", () => {
  it("has the reference's singular values and truncation errors", () => {
    for (const { gradient, singularValues, truncationError: expected } of readReference<SvdReference>("svd.json")
      .cases) {
      const matrix = { rows: gradient.length, cols: gradient[0].length, values: Float64Array.from(gradient.flat()) };
      const found = svd(matrix);
      // The reference's gradient is printed with 12 decimals.
      singularValues.forEach((value, r) => {
        expect(found.singularValues[r]).toBeCloseTo(value, 10);
      });
      for (const [rank, error] of Object.entries(expected)) {
        expect(truncationError(found, Number(rank))).toBeCloseTo(error, 10);
        expect(frobeniusDistance(matrix, truncate(found, Number(rank)))).toBeCloseTo(error, 10);
      }
    }
  });

  it.prop([anyMatrix])("has orthonormal vectors on both sides, even where singular values vanish", (matrix) => {
    const { left, right } = svd(matrix);
    expect(left.length).toBe(Math.min(matrix.rows, matrix.cols));
    expectOrthonormal(left);
    expectOrthonormal(right);
  });

  it.prop([anyMatrix])("gives the matrix back at full rank", (matrix) => {
    const distance = frobeniusDistance(matrix, truncate(svd(matrix), Math.min(matrix.rows, matrix.cols)));
    expect(distance).toBeLessThan(1e-12);
  });

  it.prop([anyMatrix])("has falling singular values, equal to ml-matrix's", (matrix) => {
    const { singularValues } = svd(matrix);
    const rows = Array.from({ length: matrix.rows }, (_, i) => [
      ...matrix.values.subarray(i * matrix.cols, (i + 1) * matrix.cols),
    ]);
    const oracle = new SingularValueDecomposition(new MlMatrix(rows), { autoTranspose: true }).diagonal;
    singularValues.forEach((value, r) => {
      expect(value).toBeCloseTo(oracle[r], 10);
      if (r > 0) expect(value).toBeLessThanOrEqual(singularValues[r - 1]);
    });
  });

  it.prop([anyMatrix, fc.integer({ min: -400, max: 400 })])(
    "does not depend on the scale of the matrix, and its singular values follow it",
    (matrix, e) => {
      const scaled = svd({ ...matrix, values: matrix.values.map((value) => value * 2 ** e) });
      svd(matrix).singularValues.forEach((value, r) => {
        expect(scaled.singularValues[r] / 2 ** e).toBeCloseTo(value, 12);
      });
    },
  );

  it.prop([matrixArbitrary, fc.integer({ min: 0, max: 8 })])(
    "leaves exactly the dropped singular values (Eckart and Young)",
    (matrix, rank) => {
      const found = svd(matrix);
      const distance = frobeniusDistance(matrix, truncate(found, rank));
      expect(distance).toBeCloseTo(truncationError(found, rank), 11);
    },
  );

  it.prop([matrixArbitrary, fc.integer({ min: 1, max: 3 }), fc.infiniteStream(entry)])(
    "is nearer than any other matrix of its rank (Eckart and Young)",
    (matrix, rank, stream) => {
      const found = svd(matrix);
      const best = truncate(found, rank);
      const values = best.values.slice();
      // Another matrix of the rank: the best one, every one of its terms pushed aside.
      for (let r = 0; r < Math.min(rank, found.singularValues.length); r++) {
        const u = found.left[r].map((value) => value + next(stream));
        const v = found.right[r].map((value) => value + next(stream));
        const s = found.singularValues[r];
        for (let i = 0; i < matrix.rows; i++)
          for (let j = 0; j < matrix.cols; j++)
            values[i * matrix.cols + j] += s * (u[i] * v[j] - found.left[r][i] * found.right[r][j]);
      }
      const other = frobeniusDistance(matrix, { ...matrix, values });
      expect(other).toBeGreaterThanOrEqual(truncationError(found, rank) - 1e-12);
    },
  );
});

function next(stream: Iterator<number>): number {
  return stream.next().value as number;
}
