/** Low-rank training: a sum of outer products kept at rank k by a small singular value decomposition at every sample,
 *  truncated or without bias (Gural et al. 2020; the reduction of least variance by Benzing et al. 2019). */
import type { Random } from "../../data/random.ts";
import { filled } from "../../generator/methods/fields.ts";
import type { GoldenMethod } from "../method.ts";
import { takeOut } from "../orthogonal.ts";
import { svd } from "../svd.ts";
import { addMultiple, zeros } from "../vectors.ts";
import type { LowRank } from "./low-rank.ts";

export interface Lrt {
  /** Q_L and Q_R: k + 1 columns of length outputs and inputs; column k is free for the next sample. A column of strength
   *  zero is zero, the others are orthonormal. */
  left: Float64Array[];
  right: Float64Array[];
  /** c, k strengths. */
  readonly strengths: Float64Array;
  /** Samples of the batch so far. */
  count: number;
  nextLeft: Float64Array[];
  nextRight: Float64Array[];
}

/** How k + 1 singular values become k. */
export interface Reduction {
  /** Values that stay as they are, from the largest. */
  readonly kept: number;
  /** E, (k + 1) × k: its columns say how the old pairs make up the new ones. */
  readonly mixing: readonly Float64Array[];
  /** c′, k strengths. */
  readonly strengths: Float64Array;
}

export function newLrt(inputs: number, outputs: number, rank: number): Lrt {
  return {
    left: zeros(rank + 1, outputs),
    right: zeros(rank + 1, inputs),
    strengths: new Float64Array(rank),
    count: 0,
    nextLeft: zeros(rank + 1, outputs),
    nextRight: zeros(rank + 1, inputs),
  };
}

/** Begins a batch: nothing is carried. */
export function startBatch(state: Lrt): void {
  for (const column of [...state.left, ...state.right]) column.fill(0);
  state.strengths.fill(0);
  state.count = 0;
}

/** Adds one sample's δ xᵀ:
 *      c_L = Q_Lᵀ δ, its last entry the length of the residual, which is the last column;  c_R of x likewise
 *      C   = diag(c, 0) + c_L c_Rᵀ = U diag(s) Vᵀ
 *      Q_L ← Q_L U E,  Q_R ← Q_R V E,  c ← c′
 *  @param reduce E and c′ from s: `truncation`, or `unbiasedReduction` */
export function addSample(
  state: Lrt,
  x: Float64Array,
  delta: Float64Array,
  reduce: (singularValues: Float64Array) => Reduction,
): void {
  const { left, right, strengths } = state;
  const k = strengths.length;
  const cLeft = withResidual(left, delta);
  const cRight = withResidual(right, x);
  const core = new Float64Array((k + 1) ** 2);
  for (let p = 0; p <= k; p++) for (let q = 0; q <= k; q++) core[p * (k + 1) + q] = cLeft[p] * cRight[q];
  for (let r = 0; r < k; r++) core[r * (k + 2)] += strengths[r];

  const { left: u, right: v, singularValues } = svd({ rows: k + 1, cols: k + 1, values: core });
  const { mixing, strengths: reduced } = reduce(singularValues);
  strengths.set(reduced);
  combine(state.nextLeft, left, u, mixing, strengths);
  combine(state.nextRight, right, v, mixing, strengths);
  [state.left, state.nextLeft] = [state.nextLeft, left];
  [state.right, state.nextRight] = [state.nextRight, right];
  state.count++;
}

/** Makes the residual of `vector` the last column; returns the vector's coordinates in all columns. */
function withResidual(columns: readonly Float64Array[], vector: Float64Array): Float64Array {
  const k = columns.length - 1;
  const coordinates = new Float64Array(k + 1);
  columns[k].set(vector);
  coordinates[k] = takeOut(columns[k], columns.slice(0, k), coordinates.subarray(0, k));
  return coordinates;
}

/** next ← Q U E. A column of strength zero stands for nothing and becomes zero: the next sample may need its place. */
function combine(
  next: readonly Float64Array[],
  columns: readonly Float64Array[],
  turns: readonly Float64Array[],
  mixing: readonly Float64Array[],
  strengths: Float64Array,
): void {
  for (let r = 0; r < strengths.length; r++) {
    next[r].fill(0);
    if (strengths[r] === 0) continue;
    for (let q = 0; q < columns.length; q++) {
      let part = 0;
      for (let p = 0; p < columns.length; p++) part += turns[p][q] * mixing[r][p];
      addMultiple(next[r], part, columns[q]);
    }
  }
}

/** The largest k values stay, the last is dropped: the smallest error, but the same part is missing in every batch. */
export function truncation(singularValues: Float64Array): Reduction {
  const k = singularValues.length - 1;
  const mixing = zeros(k, k + 1);
  mixing.forEach((column, r) => {
    column[r] = 1;
  });
  return { kept: k, mixing, strengths: singularValues.slice(0, k) };
}

/** E[Σ c′_r u_r v_rᵀ] = Σ s_j u_j v_jᵀ, with the least variance. Of the k + 1 values the first m − 1 stay; the n + 1 others
 *  are mixed into n pairs of equal strength S / n, S their sum:
 *      E's block = diag(random signs) · an orthonormal basis of what is orthogonal to x₀
 *  @param random of the signs */
export function unbiasedReduction(singularValues: Float64Array, random: Random): Reduction {
  const { kept, x0, strengths } = mixedPart(singularValues);
  if (strengths[strengths.length - 1] === 0) return truncation(singularValues); // nothing is lost, and no x₀
  const k = strengths.length;
  const mixing = zeros(k, k + 1);
  for (let r = 0; r < kept; r++) mixing[r][r] = 1;
  const basis = complement(x0);
  for (let p = 0; p < x0.length; p++) {
    const sign = random.word() & 1 ? 1 : -1;
    for (let r = kept; r < k; r++) mixing[r][kept + p] = sign * basis[r - kept][p];
  }
  return { kept, mixing, strengths };
}

/** The part of the unbiased reduction that needs no chance: m is the smallest index (from 1) with
 *  (k + 1 − m) s_m ≤ Σ_{j ≥ m} s_j;  x₀ = √(1 − s_j n / S), a unit vector over the values from m. */
export function mixedPart(singularValues: Float64Array): {
  readonly kept: number;
  readonly x0: Float64Array;
  readonly strengths: Float64Array;
} {
  const k = singularValues.length - 1;
  const sumFrom = (m: number) => singularValues.subarray(m).reduce((sum, s) => sum + s, 0);
  let kept = 0;
  while ((k - kept) * singularValues[kept] > sumFrom(kept)) kept++;
  const n = k - kept;
  const total = sumFrom(kept);
  const strengths = singularValues.slice(0, k).fill(total / n, kept);
  const x0 = singularValues.slice(kept).map((s) => Math.sqrt(Math.max(0, 1 - (s * n) / total)));
  return { kept, x0, strengths };
}

/** An orthonormal basis of all that is orthogonal to a unit vector: the Householder reflection that turns the vector onto
 *  the first axis turns the other axes onto it. */
export function complement(unit: Float64Array): Float64Array[] {
  const mirror = unit.slice();
  mirror[0] += unit[0] < 0 ? -1 : 1;
  const scale = 1 / (1 + Math.abs(unit[0])); // 2 / |mirror|²
  return Array.from({ length: unit.length - 1 }, (_, r) =>
    mirror.map((value, p) => (p === r + 1 ? 1 : 0) - scale * value * mirror[r + 1]),
  );
}

/** G ≈ (1/B) Σ_r c_r Q_L,r Q_R,rᵀ, over the B samples so far. The vectors are the state's own. */
export function gradientOf({ left, right, strengths, count }: Lrt): LowRank {
  const k = strengths.length;
  return { u: left.slice(0, k), v: right.slice(0, k), strengths: strengths.map((c) => c / Math.max(count, 1)) };
}

export const golden: GoldenMethod = {
  keeps: "factors",
  newUnit: ({ settings, rank, inputs, outputs, random }) => {
    const state = newLrt(inputs, outputs, rank);
    const unbiased = filled(settings.unbiased, "unbiased");
    const reduce = (s: Float64Array) => (random.uniform() < unbiased ? unbiasedReduction(s, random) : truncation(s));
    // Its gradient must outlive the batch, which the next one's start would clear.
    let ended = false;
    return {
      add: (x, delta) => {
        if (ended) startBatch(state);
        ended = false;
        addSample(state, x, delta, reduce);
      },
      finish: () => {
        ended = true;
        return gradientOf(state);
      },
    };
  },
};
