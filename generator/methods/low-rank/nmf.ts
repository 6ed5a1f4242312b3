/** NMF of the net gradient as a program (Lee and Seung 2001; streamed after Zhao et al. 2021, or behind a front end).
 *
 *      N ≈ W⁺H⁺ − W⁻H⁻,   V⁺ = max(N, 0), V⁻ = max(−N, 0)
 *      H ← H ∘ (WᵀV) / (WᵀW H),   W ← W ∘ (V Hᵀ) / (W H Hᵀ)
 *
 *  Component r is S_r ŵ_r ĥ_rᵀ with S_r a strength and ŵ, ĥ the codes of the columns, so that the scale of the factor that
 *  stays the same cancels, and an element's update is
 *
 *      ĥ_ri ← T_r ĥ_ri (Σ_j V_ij ŵ_rj) / (Σ_q (ŵ_rᵀŵ_q) S_q ĥ_qi),   S_r ← S_r / T_r
 *
 *  T_r brings the column's largest element of the pass before to a half, so that there is room to grow. No element is
 *  less than one unit of its code: zero would stay zero. The row N_i is made of `sources`, scaled by the root of the sum
 *  of its coefficients' squares. */
import { type Assembler, CODE, FACTOR } from "./assembler.ts";
import type { Program, Side, Value } from "./program.ts";

export interface NmfUnit {
  /** Components of each sign. */
  readonly rank: number;
  readonly factorBits: number;
  readonly iterations: number;
  /** First column of the components. */
  readonly first: number;
  /** Elements of the longest side. */
  readonly elements: Readonly<Record<Side, number>>;
}

/** What is kept from batch to batch. */
export interface NmfState {
  /** S_r, those of the positive part first. */
  readonly strengths: readonly Value[];
  /** Largest element that the last pass wrote of each column. */
  readonly peaks: Readonly<Record<Side, readonly Value[]>>;
}

/** A vector that the net gradient is made of. */
export interface Source {
  /** Its number where an element is asked for. */
  readonly column: number;
  /** Its part of the net gradient. */
  readonly weight: Value;
  /** Bits of its codes, where these are not those of a factor, by side. */
  readonly codeBits?: Readonly<Record<Side, number>>;
}

const OTHER = { x: "d", d: "x" } as const;

export function nmfState(a: Assembler, { rank }: NmfUnit): NmfState {
  return { strengths: a.variables(2 * rank), peaks: { x: a.variables(2 * rank), d: a.variables(2 * rank) } };
}

/** Once after reset: random factors; the first updates find their scale.
 *  @param zeros what else begins at zero */
export function nmfInitial(a: Assembler, unit: NmfUnit, state: NmfState, zeros: readonly Value[]): Program {
  return a.program(() => {
    for (const s of state.strengths) a.assign(s, a.one);
    for (const peak of [...state.peaks.x, ...state.peaks.d]) a.assign(peak, a.half);
    for (const z of zeros) a.assign(z, a.zero);
    for (const side of ["x", "d"] as const)
      a.repeat(unit.elements[side], () => {
        for (let r = 0; r < 2 * unit.rank; r++) a.store(side, unit.first + r, a.mac(a.random(), a.half, a.half), 1);
      });
  });
}

/** Factors the net gradient, starting from the factors that are there. */
export function factorise(a: Assembler, unit: NmfUnit, state: NmfState, sources: readonly Source[]): void {
  a.repeat(unit.iterations, () => {
    pass(a, unit, state, sources, "x");
    pass(a, unit, state, sources, "d");
  });
}

/** G ≈ Σ_r ± S_r ŵ_r ĥ_rᵀ; a component that stands for nothing is left out. */
export function handOver(a: Assembler, { rank }: NmfUnit, { strengths, peaks }: NmfState): void {
  strengths.forEach((s, r) => {
    const counts = a.select(peaks.x[r], a.select(peaks.d[r], s, a.zero), a.zero);
    a.sigma(r, r < rank ? counts : a.negative(counts));
  });
}

/** One update of a side's factors. */
function pass(
  a: Assembler,
  unit: NmfUnit,
  { strengths, peaks }: NmfState,
  sources: readonly Source[],
  side: Side,
): void {
  const { rank, factorBits, first } = unit;
  const other = OTHER[side];
  const components = strengths.map((_, r) => r);
  const sameSign = (r: number) => components.filter((q) => q < rank === r < rank);
  const least = a.constant(2 ** (1 - factorBits));
  const inverses = peaks[side].map((peak) => {
    const largest = a.larger(peak, least);
    // A pass that found nothing says nothing of the scale.
    const inverse = a.select(peak, a.add(largest, largest), a.one);
    a.assign(peak, a.zero);
    return inverse;
  });
  const rescales = inverses.map((inverse) => a.reciprocal(inverse));
  /** ŵ_rᵀŵ_q, q ≤ r */
  const gram = components.map((r) =>
    sameSign(r)
      .filter((q) => q <= r)
      .map((q) => a.project(first + r, first + q)[other]),
  );
  const product = (r: number, q: number) => gram[Math.max(r, q)][Math.min(r, q) % rank];

  a.repeat(unit.elements[side], () => {
    const coefficients = sources.map(({ column, weight }) => a.multiply(weight, a.element(side, column)));
    const sizes = coefficients.map((c, n) => {
      const bits = sources[n].codeBits?.[other];
      return bits === undefined ? c : a.multiply(c, a.constant(2 ** bits));
    });
    const squared = a.dot(sizes, sizes);
    const inverseLength = a.inverseRoot(squared);
    const inverse = a.multiply(inverseLength, a.constant(headroom(sources)));
    const scale = a.multiply(a.multiply(squared, inverseLength), a.constant(1 / headroom(sources)));
    coefficients.forEach((c, n) => {
      a.put(other, n, a.multiply(c, inverse), sources[n].codeBits ? CODE : FACTOR);
    });
    const products = a.row(other);
    const old = components.map((r) => a.element(side, first + r));
    const weighted = old.map((h, r) => a.multiply(strengths[r], h));
    for (const r of components) {
      const qs = sameSign(r);
      const there = a.dot(
        qs.map((q) => product(r, q)),
        qs.map((q) => weighted[q]),
      );
      const factor = a.multiply(a.multiply(old[r], rescales[r]), a.multiply(scale, a.reciprocal(there)));
      const updated = a.multiply(products(r), factor);
      a.assign(peaks[side][r], a.larger(updated, peaks[side][r]));
      a.store(side, first + r, updated, 1);
    }
  });
  strengths.forEach((s, r) => {
    a.assign(s, a.multiply(s, inverses[r]));
  });
}

/** Keeps a row below one: orthonormal columns have rows no longer than one, others add up. */
function headroom(sources: readonly Source[]): number {
  return sources.some(({ codeBits }) => codeBits) ? 2 ** -Math.ceil(Math.log2(sources.length) / 2) : 1;
}
