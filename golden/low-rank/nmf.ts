/** Non-negative factors of the net gradient's two signs, by multiplicative updates (Lee and Seung 2001):
 *      G ≈ W⁺H⁺ − W⁻H⁻,  all four ≥ 0, carried from batch to batch. */
import type { Random } from "../../data/random.ts";

/** V ≈ W H */
import { filled } from "../../generator/methods/fields.ts";
import { addOuterProduct, product, transposedProduct } from "../linear.ts";
import type { GoldenMethod } from "../method.ts";
import { dot, largestMagnitude, norm, setMultiple, zeros } from "../vectors.ts";
import { type LowRank, reconstruct } from "./low-rank.ts";
import { bySubBatches } from "./sub-batches.ts";
export interface Factors {
  /** Columns of W, each of length outputs. */
  readonly w: readonly Float64Array[];
  /** Rows of H, each of length inputs. */
  readonly h: readonly Float64Array[];
}

export interface Nmf {
  readonly positive: Factors;
  readonly negative: Factors;
  /** Samples of the batch that the factors stand for. */
  count: number;
  /** N and one sign of it, [inputs][outputs]. */
  readonly net: Float64Array;
  readonly part: Float64Array;
  /** Starts a factor again that has become zero. */
  readonly random: Random;
}

/** Which factor an iteration updates first. */
export type Order = "h-first" | "w-first";

/** No element of a factor is less than this part of its largest when an update begins: zero would stay zero. */
const FLOOR = 1e-6;

export function newNmf(inputs: number, outputs: number, rank: number, random: Random): Nmf {
  const factors = () => ({ w: zeros(rank, outputs), h: zeros(rank, inputs) });
  const size = inputs * outputs;
  const arrays = { net: new Float64Array(size), part: new Float64Array(size) };
  return { positive: factors(), negative: factors(), count: 0, ...arrays, random };
}

/** Begins a batch: its first sub-batch finds the carried factors, but owes nothing to what they stood for. */
export function startBatch(state: Nmf): void {
  state.count = 0;
}

/** Takes in sub-batch j of s samples; with equal sub-batches w = j / (j + 1):
 *      N = w (W⁺H⁺ − W⁻H⁻) + (1 − w) (1/s) Σ δ xᵀ
 *  @param x s vectors of length inputs
 *  @param delta s vectors of length outputs */
export function addSubBatch(
  state: Nmf,
  x: readonly Float64Array[],
  delta: readonly Float64Array[],
  iterations: number,
): void {
  const total = state.count + x.length;
  const { u, v } = gradientOf(state);
  const k = state.positive.w.length;
  const w = state.count / total;
  reconstruct({ u, v, strengths: Float64Array.from(u, (_, r) => (r < k ? w : -w)) }, state.net);
  for (let n = 0; n < x.length; n++) addOuterProduct(state.net, delta[n], x[n], 1 / total);
  factorise(state, state.net, iterations);
  state.count = total;
}

/** Factors a net gradient, starting from the factors that are there:
 *      V⁺ = max(N, 0),  V⁻ = max(−N, 0);  V± ≈ W±H±, balanced
 *  Behind a front end N is what that has gathered; with N = G this is the exact split.
 *  @param net [inputs][outputs] */
export function factorise(state: Nmf, net: Float64Array, iterations: number): void {
  const { part, random } = state;
  for (const [sign, factors] of [[1, state.positive] as const, [-1, state.negative] as const]) {
    for (let n = 0; n < net.length; n++) part[n] = Math.max(sign * net[n], 0);
    keepAlive(factors.w, random);
    keepAlive(factors.h, random);
    multiplicativeUpdates(part, factors, iterations, "h-first");
    balance(factors);
  }
}

/** `iterations` times, in the given order:
 *      H ← H ∘ (WᵀV) / (WᵀW H)
 *      W ← W ∘ (V Hᵀ) / (W H Hᵀ)
 *  Neither lets |V − W H| grow.
 *  @param v not negative, [inputs][outputs] */
export function multiplicativeUpdates(v: Float64Array, factors: Factors, iterations: number, order: Order): void {
  const { w, h } = factors;
  const wantedH = zeros(h.length, h[0].length);
  const wantedW = zeros(w.length, w[0].length);
  const updateH = () => {
    for (let r = 0; r < w.length; r++) transposedProduct(v, w[r], wantedH[r]);
    multiply(h, wantedH, w);
  };
  const updateW = () => {
    for (let r = 0; r < h.length; r++) product(v, h[r], wantedW[r]);
    multiply(w, wantedW, h);
  };
  const [first, second] = order === "h-first" ? [updateH, updateW] : [updateW, updateH];
  for (let t = 0; t < iterations; t++) {
    first();
    second();
  }
}

/** F_r ← F_r ∘ wanted_r / (Σ_q (O_r·O_q) F_q), with O the other factor. Where the denominator is 0 the element, or all
 *  that multiplies it, is 0 too: it stays. */
function multiply(
  factor: readonly Float64Array[],
  wanted: readonly Float64Array[],
  other: readonly Float64Array[],
): void {
  const k = factor.length;
  const gram = other.map((a) => Float64Array.from(other, (b) => dot(a, b)));
  const there = new Float64Array(k);
  for (let n = 0; n < factor[0].length; n++) {
    for (let r = 0; r < k; r++) {
      there[r] = 0;
      for (let q = 0; q < k; q++) there[r] += gram[r][q] * factor[q][n];
    }
    for (let r = 0; r < k; r++) if (there[r] > 0) factor[r][n] *= wanted[r][n] / there[r];
  }
}

/** Raises what is too small to a small part of the factor's largest element. A factor of zeros, which has no scale of its
 *  own, starts from random numbers; the first updates find its scale. */
function keepAlive(factor: readonly Float64Array[], random: Random): void {
  const floor = FLOOR * Math.max(...factor.map(largestMagnitude));
  for (const component of factor)
    for (let n = 0; n < component.length; n++)
      component[n] = floor > 0 ? Math.max(component[n], floor) : 0.5 + random.uniform();
}

/** Scales each component so that |W_r| = |H_r|; one that stands for nothing becomes zero on both sides. */
function balance({ w, h }: Factors): void {
  for (let r = 0; r < w.length; r++) {
    const ratio = Math.sqrt(norm(h[r])) / Math.sqrt(norm(w[r]));
    const counts = ratio > 0 && Number.isFinite(ratio);
    setMultiple(w[r], counts ? ratio : 0, w[r]);
    setMultiple(h[r], counts ? 1 / ratio : 0, h[r]);
  }
}

/** G ≈ W⁺H⁺ − W⁻H⁻: the k components of the positive part, then those of the negative. The arrays are the state's own. */
export function gradientOf({ positive, negative }: Nmf): LowRank {
  const k = positive.w.length;
  return {
    u: [...positive.w, ...negative.w],
    v: [...positive.h, ...negative.h],
    strengths: Float64Array.from({ length: 2 * k }, (_, r) => (r < k ? 1 : -1)),
  };
}

export const golden: GoldenMethod = {
  keeps: "factors",
  newUnit: ({ settings, rank, inputs, outputs, random, front: newFront }) => {
    const iterations = filled(settings.iterations, "iterations");
    const state = newNmf(inputs, outputs, rank, random);
    if (newFront) {
      const front = newFront();
      const finish = () => {
        factorise(state, reconstruct(front.finish(), state.net), iterations);
        return gradientOf(state);
      };
      return { add: front.add, finish };
    }
    return bySubBatches(filled(settings.subBatch, "subBatch"), {
      add: (x, delta) => addSubBatch(state, x, delta, iterations),
      gradient: () => gradientOf(state),
      startBatch: () => startBatch(state),
    });
  },
};
