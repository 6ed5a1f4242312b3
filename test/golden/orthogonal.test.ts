import { fc, it } from "@fast-check/vitest";
import { Matrix as MlMatrix, QrDecomposition } from "ml-matrix";
import { describe, expect } from "vitest";
import { Random } from "../../data/random.ts";
import { orthonormalise, randomOrthonormal, takeOut } from "../../golden/orthogonal.ts";
import { columnsOf, expectClose, expectOrthonormal, norm, product, streamArbitrary } from "./low-rank/streams.ts";
import { arrayOf } from "./networks.ts";

const entry = fc.integer({ min: -1000, max: 1000 }).map((n) => n / 1000);

/** Orthonormal vectors and one more of the same length. */
const basisAndVector = fc
  .tuple(fc.integer({ min: 1, max: 7 }), fc.nat(), fc.nat({ max: 7 }))
  .chain(([length, seed, count]) =>
    arrayOf(entry, length).map((v) => ({
      basis: randomOrthonormal(Math.min(count, length), length, new Random(seed)),
      v: Float64Array.from(v),
    })),
  );

describe("taking vectors out of another", () => {
  it.prop([basisAndVector])(
    "leaves a unit vector orthogonal to them, from which the other is regained",
    ({ basis, v }) => {
      const rest = v.slice();
      const coefficients = new Float64Array(basis.length);
      const length = takeOut(rest, basis, coefficients);
      if (length > 0) expectOrthonormal([...basis, rest]);
      const again = v.map((_, i) => basis.reduce((sum, q, r) => sum + coefficients[r] * q[i], length * rest[i]));
      expectClose([again], [v], 12);
    },
  );

  it.prop([basisAndVector, fc.infiniteStream(entry)])(
    "finds that a vector of their span leaves nothing",
    ({ basis, v }, stream) => {
      v.fill(0);
      for (const q of basis) {
        const part = stream.next().value as number;
        for (let i = 0; i < v.length; i++) v[i] += part * q[i];
      }
      expect(takeOut(v, basis)).toBe(0);
      expect(v.every((value) => value === 0)).toBe(true);
    },
  );

  it("keeps a residual a millionth of the vector's length exactly orthogonal", () => {
    const basis = [Float64Array.of(0.6, 0.8, 0)];
    const v = Float64Array.of(0.6 - 8e-9, 0.8 + 6e-9, 1e-10);
    expect(takeOut(v, basis)).toBeCloseTo(1e-8, 10);
    expectOrthonormal([...basis, v]);
  });
});

describe("orthonormalisation", () => {
  it.prop([streamArbitrary])("equals ml-matrix's QR with a positive diagonal", ({ x, inputs }) => {
    const some = x.slice(0, inputs);
    const matrix = new MlMatrix(some.map((column) => [...column])).transpose();
    const qr = new QrDecomposition(matrix);
    const diagonal = qr.upperTriangularMatrix.diagonal();
    fc.pre(diagonal.every((value) => Math.abs(value) > 1e-3));
    const columns = some.map((column) => column.slice());
    orthonormalise(columns, columns);
    const expected = columnsOf(qr.orthogonalMatrix.to2DArray()).map((column, r) =>
      column.map((value) => value * Math.sign(diagonal[r])),
    );
    expectClose(columns, expected, 9);
  });

  it.prop([streamArbitrary, fc.array(fc.constantFrom("zero", "first", "previous", "own"), { minLength: 8 })])(
    "gives orthonormal columns whatever they were",
    ({ x, inputs, seed }, kinds) => {
      const count = Math.min(x.length, inputs);
      const previous = randomOrthonormal(count, inputs, new Random(seed));
      const columns = x.slice(0, count).map((column, r) => {
        if (kinds[r] === "zero") return new Float64Array(inputs);
        if (kinds[r] === "first") return x[0].map((value) => 3 * value);
        return (kinds[r] === "previous" ? previous[count - 1 - r] : column).slice();
      });
      orthonormalise(columns, previous);
      expectOrthonormal(columns);
    },
  );

  it("lets a column that vanishes keep its previous direction, also before columns that do not", () => {
    const previous = [Float64Array.of(1, 0, 0), Float64Array.of(0, 1, 0), Float64Array.of(0, 0, 1)];
    const columns = [Float64Array.of(0, 0, 0), Float64Array.of(3, 3, 0), Float64Array.of(-2, -2, 0)];
    orthonormalise(columns, previous);
    const half = Math.SQRT1_2;
    expectClose(
      columns,
      [
        [half, -half, 0],
        [half, half, 0],
        [0, 0, 1],
      ],
      15,
    );
  });

  it("gives a column whose previous direction another has taken one that was left", () => {
    const previous = [Float64Array.of(1, 0), Float64Array.of(0, 1)];
    const columns = [Float64Array.of(0, 5), Float64Array.of(0, 2)];
    orthonormalise(columns, previous);
    expectClose(
      columns,
      [
        [0, 1],
        [1, 0],
      ],
      15,
    );
  });

  it.prop([streamArbitrary, fc.integer({ min: -150, max: 150 })])(
    "does not depend on scale",
    ({ x, seed, inputs }, e) => {
      const count = Math.min(x.length, inputs);
      const previous = randomOrthonormal(count, inputs, new Random(seed));
      const one = x.slice(0, count).map((column) => column.slice());
      const other = x.slice(0, count).map((column) => column.map((value) => value * 2 ** e));
      orthonormalise(one, previous);
      orthonormalise(other, previous);
      expectClose(other, one, 12);
      for (const [r, column] of one.entries())
        expect(product(column, x[r])).toBeGreaterThanOrEqual(-1e-12 * norm(x[r]));
    },
  );
});
