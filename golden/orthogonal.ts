/** Projection and Gram–Schmidt: what keeps vectors orthonormal. */
import type { Random } from "../data/random.ts";
import { addMultiple, dot, largestMagnitude, norm, setMultiple, zeros } from "./vectors.ts";

/** A residual of less than this part of its vector is rounding noise: the vector depends on the others. */
const NEGLIGIBLE = 1e-12;

/** Vectors shorter than this are zero. */
const SHORTEST = 1e-290;

/** c = Qᵀ v over the given orthonormal vectors;  v ← v − Q c, made a unit vector. Zero vectors in Q count for nothing.
 *  Projects twice: a residual far shorter than v would otherwise keep the rounding errors of v (Kahan and Parlett).
 *  @param coefficients receives c, one for each vector of Q
 *  @returns the residual's length; 0, and v = 0, where v depends on Q */
export function takeOut(v: Float64Array, basis: readonly Float64Array[], coefficients?: Float64Array): number {
  coefficients?.fill(0);
  const scale = largestMagnitude(v);
  if (scale <= SHORTEST) {
    v.fill(0);
    return 0;
  }
  setMultiple(v, 1 / scale, v); // so that no square underflows or overflows
  const length = norm(v);
  for (let pass = 0; pass < 2; pass++) {
    for (let r = 0; r < basis.length; r++) {
      const c = dot(basis[r], v);
      addMultiple(v, -c, basis[r]);
      if (coefficients) coefficients[r] += scale * c;
    }
  }
  const residual = norm(v);
  if (residual <= NEGLIGIBLE * length) {
    v.fill(0);
    return 0;
  }
  setMultiple(v, 1 / residual, v);
  return scale * residual;
}

/** X′ = orth(Y), in place: each column keeps its own direction as far as the ones before it allow (diag(R) ≥ 0). A
 *  column whose residual vanishes keeps its previous direction, made orthogonal to the others; where they have taken that
 *  direction, it gets the first one that they left: as many orthonormal columns cannot all lie in the span of fewer.
 *  @param previous orthonormal columns, as many as `columns` */
export function orthonormalise(columns: readonly Float64Array[], previous: readonly Float64Array[]): void {
  const settled: Float64Array[] = [];
  for (const column of columns) if (takeOut(column, settled) > 0) settled.push(column);
  if (settled.length === columns.length) return;
  columns.forEach((column, r) => {
    if (settled.includes(column)) return;
    column.set(previous[r]);
    for (let q = 0; takeOut(column, settled) === 0; q++) column.set(previous[q]);
    settled.push(column);
  });
}

/** Orthonormal columns of random direction.
 *  @param count at most `length` */
export function randomOrthonormal(count: number, length: number, random: Random): Float64Array[] {
  const columns = zeros(count, length);
  columns.forEach((column, r) => {
    do for (let i = 0; i < length; i++) column[i] = 2 * random.uniform() - 1;
    while (takeOut(column, columns.slice(0, r)) === 0);
  });
  return columns;
}
