/** A gradient of low rank: what every method of this folder hands to the update.
 *      G ≈ Σ_r s_r u_r v_rᵀ */
import { addOuterProduct } from "../linear.ts";
import { type Matrix, svd, truncationError } from "../svd.ts";
import { norm } from "../vectors.ts";

export interface LowRank {
  /** Factors along the outputs, each of length b. */
  readonly u: readonly Float64Array[];
  /** Factors along the inputs, each of length a. */
  readonly v: readonly Float64Array[];
  readonly strengths: Float64Array;
}

/** Σ_r s_r u_r v_rᵀ, laid out like the weights: [inputs][outputs]. */
export function reconstruct({ u, v, strengths }: LowRank, into: Float64Array): Float64Array {
  into.fill(0);
  for (let r = 0; r < strengths.length; r++) addOuterProduct(into, u[r], v[r], strengths[r]);
  return into;
}

/** |G − Σ_r s_r u_r v_rᵀ|, the Frobenius norm of what the method lost. */
export function lowRankError(lowRank: LowRank, gradient: Float64Array): number {
  const difference = reconstruct(lowRank, new Float64Array(gradient.length));
  for (let n = 0; n < difference.length; n++) difference[n] -= gradient[n];
  return norm(difference);
}

/** What the best matrix of this rank would lose (Eckart and Young): the bound of every method.
 *  @param gradient [inputs][outputs] */
export function bestError(gradient: Float64Array, inputs: number, rank: number): number {
  const matrix: Matrix = { rows: inputs, cols: gradient.length / inputs, values: gradient };
  return truncationError(svd(matrix), rank);
}
