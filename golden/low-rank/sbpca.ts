/** Streaming batch principal components: k orthonormal pairs and their strengths, turned a little by every sample
 *  (after Hoskins et al. 2019 and Huang et al. 2023). The state is carried from batch to batch. */
import type { Random } from "../../data/random.ts";
import { filled } from "../../generator/methods/fields.ts";
import type { GoldenMethod } from "../method.ts";
import { orthonormalise, randomOrthonormal } from "../orthogonal.ts";
import { addMultiple, dot, setMultiple, zeros } from "../vectors.ts";
import type { LowRank } from "./low-rank.ts";
import { bySubBatches } from "./sub-batches.ts";

export interface Sbpca {
  /** X: orthonormal columns of length inputs. */
  x: Float64Array[];
  /** D: orthonormal columns of length outputs. */
  delta: Float64Array[];
  /** σ */
  readonly sigma: Float64Array;
  /** Samples that the state stands for: those of the batch so far, and one for what came before. */
  count: number;
  /** X′ and D′ while they are made. */
  nextX: Float64Array[];
  nextDelta: Float64Array[];
}

/** No strengths yet, and random directions, so that no column starts where the data never go. A rank above the shorter
 *  side of the gradient is that side. */
export function newSbpca(inputs: number, outputs: number, rank: number, random: Random): Sbpca {
  const k = Math.min(rank, inputs, outputs);
  return sbpcaOf(randomOrthonormal(k, inputs, random), randomOrthonormal(k, outputs, random), new Float64Array(k));
}

/** A state with given orthonormal columns and strengths; it keeps the arrays. */
export function sbpcaOf(x: Float64Array[], delta: Float64Array[], sigma: Float64Array, count = 1): Sbpca {
  const k = sigma.length;
  return { x, delta, sigma, count, nextX: zeros(k, x[0].length), nextDelta: zeros(k, delta[0].length) };
}

/** Begins a batch: what is carried in counts as one sample. */
export function startBatch(state: Sbpca): void {
  state.count = 1;
}

/** Takes in s samples; n of them and of what they join are then behind. For s = 1:
 *      w  = n / (n + 1)
 *      Y  = w X diag(σ) + x (δᵀD) / (n + 1)        X′ = orth(Y)
 *      Z  = w D diag(σ) + δ (xᵀX′) / (n + 1)       D′ = orth(Z)
 *      σ′ = w σ ∘ diag(X′ᵀX) ∘ diag(D′ᵀD) + (δᵀD′) ∘ (xᵀX′) / (n + 1)
 *  For s > 1 the new terms are sums over the samples, n + 1 is n + s, and there is one orthogonalisation for them all.
 *  @param x s vectors of length inputs
 *  @param delta s vectors of length outputs */
export function addSubBatch(state: Sbpca, x: readonly Float64Array[], delta: readonly Float64Array[]): void {
  const { sigma, count } = state;
  const total = count + x.length;
  const w = count / total;

  turn(state.nextX, state.x, sigma, w, x, delta, state.delta, 1 / total);
  turn(state.nextDelta, state.delta, sigma, w, delta, x, state.nextX, 1 / total);

  for (let r = 0; r < sigma.length; r++) {
    let fresh = 0;
    for (let n = 0; n < x.length; n++) fresh += dot(delta[n], state.nextDelta[r]) * dot(x[n], state.nextX[r]);
    const aligned = dot(state.nextX[r], state.x[r]) * dot(state.nextDelta[r], state.delta[r]);
    sigma[r] = w * sigma[r] * aligned + fresh / total;
  }
  [state.x, state.nextX] = [state.nextX, state.x];
  [state.delta, state.nextDelta] = [state.nextDelta, state.delta];
  state.count = total;
}

/** next ← orth(w · columns diag(σ) + part · Σ vector (otherᵀ basis)), over the samples' pairs of vector and other. */
function turn(
  next: readonly Float64Array[],
  columns: readonly Float64Array[],
  sigma: Float64Array,
  w: number,
  vectors: readonly Float64Array[],
  others: readonly Float64Array[],
  basis: readonly Float64Array[],
  part: number,
): void {
  for (let r = 0; r < sigma.length; r++) {
    setMultiple(next[r], w * sigma[r], columns[r]);
    for (let n = 0; n < vectors.length; n++) addMultiple(next[r], part * dot(others[n], basis[r]), vectors[n]);
  }
  orthonormalise(next, columns);
}

/** G ≈ Σ_r σ_r D_r X_rᵀ. The arrays are the state's own: they change with its next sample. */
export function gradientOf({ x, delta, sigma }: Sbpca): LowRank {
  return { u: delta, v: x, strengths: sigma };
}

export const golden: GoldenMethod = {
  keeps: "factors",
  newUnit: ({ settings, rank, inputs, outputs, random }) => {
    const state = newSbpca(inputs, outputs, rank, random);
    return bySubBatches(filled(settings.subBatch, "subBatch"), {
      add: (x, delta) => addSubBatch(state, x, delta),
      gradient: () => gradientOf(state),
      startBatch: () => startBatch(state),
    });
  },
};
