/** Truncated singular value decomposition: the best that any rank-k method can do (Eckart & Young 1936).
 *      M = U diag(s) Vᵀ
 *  By one-sided Jacobi rotations (Hestenes 1958): columns are rotated pair by pair until all are orthogonal; their
 *  lengths are then the singular values. Slow and accurate. */
import { takeOut } from "./orthogonal.ts";
import { dot, norm } from "./vectors.ts";

/** A dense matrix, row-major. */
export interface Matrix {
  readonly rows: number;
  readonly cols: number;
  readonly values: Float64Array;
}

export interface Svd {
  readonly rows: number;
  readonly cols: number;
  /** Left vectors u_r of length rows, orthonormal. */
  readonly left: readonly Float64Array[];
  /** Singular values, falling; as many as the shorter side. */
  readonly singularValues: Float64Array;
  /** Right vectors v_r of length cols, orthonormal. */
  readonly right: readonly Float64Array[];
}

const mostSweeps = 60;

export function svd(matrix: Matrix): Svd {
  const { rows, cols } = matrix;
  if (rows < cols) {
    const { left, right, singularValues } = svd(transpose(matrix));
    return { rows, cols, left: right, right: left, singularValues };
  }
  const columns = Array.from({ length: cols }, (_, j) =>
    Float64Array.from({ length: rows }, (_, i) => matrix.values[i * cols + j]),
  );
  // Column j of M V; the same rotations make the rows of Vᵀ.
  const right = Array.from({ length: cols }, (_, j) =>
    Float64Array.from({ length: cols }, (_, i) => (i === j ? 1 : 0)),
  );
  // A column shorter than this is rounding noise of the matrix: a singular value of zero, with no direction of its own.
  const negligible = Number.EPSILON * rows * norm(matrix.values);
  orthogonalise(columns, right, negligible);

  const lengths = columns.map(norm);
  const order = lengths.map((_, j) => j).sort((a, b) => lengths[b] - lengths[a]);
  const left: Float64Array[] = [];
  for (const j of order) {
    const length = lengths[j];
    left.push(length > negligible ? columns[j].map((value) => value / length) : anyOrthogonal(left, rows));
  }
  return {
    rows,
    cols,
    left,
    singularValues: Float64Array.from(order, (j) => (lengths[j] > negligible ? lengths[j] : 0)),
    right: order.map((j) => right[j]),
  };
}

/** Σ_{r < k} s_r u_r v_rᵀ: of all matrices of rank k the nearest. */
export function truncate(decomposition: Svd, rank: number): Matrix {
  const { rows, cols, left, right, singularValues } = decomposition;
  const values = new Float64Array(rows * cols);
  for (let r = 0; r < Math.min(rank, singularValues.length); r++) {
    for (let i = 0; i < rows; i++) {
      const factor = singularValues[r] * left[r][i];
      for (let j = 0; j < cols; j++) values[i * cols + j] += factor * right[r][j];
    }
  }
  return { rows, cols, values };
}

/** |M − M_k| = √(Σ_{r ≥ k} s_r²): what the best matrix of rank k leaves. */
export function truncationError(decomposition: Svd, rank: number): number {
  return norm(decomposition.singularValues.subarray(rank));
}

/** Frobenius norm of A − B. */
export function frobeniusDistance(a: Matrix, b: Matrix): number {
  return norm(a.values.map((value, n) => value - b.values[n]));
}

function transpose({ rows, cols, values }: Matrix): Matrix {
  const transposed = new Float64Array(values.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) transposed[j * rows + i] = values[i * cols + j];
  return { rows: cols, cols: rows, values: transposed };
}

function orthogonalise(columns: Float64Array[], right: Float64Array[], negligible: number): void {
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    let rotated = false;
    for (let p = 0; p < columns.length - 1; p++) {
      for (let q = p + 1; q < columns.length; q++) {
        const alpha = dot(columns[p], columns[p]);
        const beta = dot(columns[q], columns[q]);
        const gamma = dot(columns[p], columns[q]);
        const [lengthP, lengthQ] = [Math.sqrt(alpha), Math.sqrt(beta)];
        if (lengthP <= negligible || lengthQ <= negligible) continue;
        if (Math.abs(gamma) <= Number.EPSILON * lengthP * lengthQ) continue;
        rotated = true;
        // The angle θ that makes the two columns orthogonal: t = tan θ is the smaller root of t² + 2ζt − 1 = 0.
        const zeta = (beta - alpha) / (2 * gamma);
        const t = (zeta >= 0 ? 1 : -1) / (Math.abs(zeta) + Math.hypot(1, zeta));
        const cosine = 1 / Math.hypot(1, t);
        rotate(columns[p], columns[q], cosine, cosine * t);
        rotate(right[p], right[q], cosine, cosine * t);
      }
    }
    if (!rotated) return;
  }
}

/** p ← c p − s q, q ← s p + c q */
function rotate(p: Float64Array, q: Float64Array, cosine: number, sine: number): void {
  for (let i = 0; i < p.length; i++) {
    const pi = p[i];
    p[i] = cosine * pi - sine * q[i];
    q[i] = sine * pi + cosine * q[i];
  }
}

/** A unit vector orthogonal to all the given ones: what is left of the axis that they reach least. */
function anyOrthogonal(vectors: readonly Float64Array[], length: number): Float64Array {
  const reached = new Float64Array(length);
  for (const vector of vectors) for (let i = 0; i < length; i++) reached[i] += vector[i] ** 2;
  const result = new Float64Array(length);
  result[reached.indexOf(Math.min(...reached))] = 1;
  takeOut(result, vectors);
  return result;
}
