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
import { FRONT_RANK, factorFields, filled, type Gradient } from "./fields.ts";
import { type Assembler, CODE, FACTOR } from "./low-rank/assembler.ts";
import type { Program, Side, Value } from "./low-rank/program.ts";
import type { LongestSides } from "./low-rank/unit.ts";
import type { FactorMethod, Front, PlannedColumns, Programs } from "./method.ts";

interface NmfUnit {
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
interface NmfState {
  /** S_r, those of the positive part first. */
  readonly strengths: readonly Value[];
  /** Largest element that the last pass wrote of each column. */
  readonly peaks: Readonly<Record<Side, readonly Value[]>>;
}

/** A vector that the net gradient is made of. */
interface Source {
  /** Its number where an element is asked for. */
  readonly column: number;
  /** Its part of the net gradient. */
  readonly weight: Value;
  /** Bits of its codes, where these are not those of a factor, by side. */
  readonly codeBits?: Readonly<Record<Side, number>>;
}

const OTHER = { x: "d", d: "x" } as const;

function nmfState(a: Assembler, { rank }: NmfUnit): NmfState {
  return { strengths: a.variables(2 * rank), peaks: { x: a.variables(2 * rank), d: a.variables(2 * rank) } };
}

/** Once after reset: random factors; the first updates find their scale.
 *  @param zeros what else begins at zero */
function nmfInitial(a: Assembler, unit: NmfUnit, state: NmfState, zeros: readonly Value[]): Program {
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
function factorise(a: Assembler, unit: NmfUnit, state: NmfState, sources: readonly Source[]): void {
  a.repeat(unit.iterations, () => {
    pass(a, unit, state, sources, "x");
    pass(a, unit, state, sources, "d");
  });
}

/** G ≈ Σ_r ± S_r ŵ_r ĥ_rᵀ; a component that stands for nothing is left out. */
function handOver(a: Assembler, { rank }: NmfUnit, { strengths, peaks }: NmfState): void {
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

/** Samples of a sub-batch, and passes over a net gradient, where the file does not say. */
const SUB_BATCH = 8;
const ITERATIONS = 3;

function unitOf(gradient: Gradient, first: number, { elements }: LongestSides): NmfUnit {
  return {
    rank: filled(gradient.rank, "rank"),
    iterations: filled(gradient.iterations, "iterations"),
    factorBits: filled(gradient.factorBits, "factorBits"),
    first,
    elements,
  };
}

/** The net gradient is what the front end gathered. */
function behindFrontEnd(a: Assembler, front: Front, unit: NmfUnit, batch: number): Programs {
  const { stream } = front;
  const state = nmfState(a, unit);
  const sample = stream.sample(a, front);
  const initial = nmfInitial(a, unit, state, []);
  // The net gradient is the batch's mean.
  const part = a.constant(stream.strengths === "mean" ? 1 : 1 / batch);
  const end = a.program(() => {
    stream.settle(a, front);
    const sources = Array.from(
      { length: front.rank },
      (_, column): Source => ({
        column,
        weight: a.multiply(part, a.strength(column)),
      }),
    );
    factorise(a, unit, state, sources);
    handOver(a, unit, state);
  });
  return { initial, sample, flush: null, batch: end };
}

/** The net gradient of the batch so far is what the factors stood for and the sub-batch's samples:
 *      N = w (W⁺H⁺ − W⁻H⁻) + (1/n) Σ δ xᵀ,   w = (n − s) / n */
function streamed(a: Assembler, unit: NmfUnit, slots: number, sides: LongestSides): Programs {
  const state = nmfState(a, unit);
  const units = a.variables(slots);
  const behind = a.variable();
  const sample = a.program(() => {
    a.keep(units);
  });
  const initial = nmfInitial(a, unit, state, [behind, ...units]);
  const flush = a.program(() => {
    const total = a.count();
    const part = a.reciprocal(total);
    const weight = a.multiply(behind, part);
    a.copy();
    const sources = [...before(a, unit.rank, state, weight), ...samples(a, unit, units, part, sides)];
    a.assign(behind, total);
    for (const u of units) a.assign(u, a.zero);
    factorise(a, unit, state, sources);
  });
  const batch = a.program(() => {
    a.assign(behind, a.zero);
    handOver(a, unit, state);
  });
  return { initial, sample, flush, batch };
}

/** The copied factors with their strengths. */
function before(a: Assembler, rank: number, { strengths }: NmfState, weight: Value): Source[] {
  const negative = a.negative(weight);
  return strengths.map((s, column) => ({ column, weight: a.multiply(column < rank ? weight : negative, s) }));
}

/** The sub-batch's samples: they are numbered behind the columns, which are the copied factors and the new ones. */
function samples(
  a: Assembler,
  { rank }: NmfUnit,
  units: readonly Value[],
  part: Value,
  { codeBits }: LongestSides,
): Source[] {
  return units.map((unit, n) => ({ column: 4 * rank + n, weight: a.multiply(part, unit), codeBits }));
}

export const nmf: FactorMethod = {
  keeps: "factors",
  place: 4,
  look: 3,
  does: "a few outer products stand for it",
  strengths: "mean",
  stream: null,
  frontEnds: [
    { method: "sbpca", look: 6 },
    { method: "lrt", look: 5 },
  ],
  fields: ({ rank = factorFields.rank }, batch, front) => ({
    ...factorFields,
    frontEnd: "none",
    iterations: ITERATIONS,
    ...(front
      ? { frontEndRank: Math.max(rank, Math.min(2 * rank, FRONT_RANK)), ...front.fields }
      : { subBatch: Math.min(SUB_BATCH, batch) }),
  }),
  hardware: (gradient, front) => front?.hardware(gradient) ?? null,
  unit: (gradient, batch, front) => {
    const outer = 2 * filled(gradient.rank, "rank");
    const columns: PlannedColumns = front
      ? {
          rank: front.rank,
          first: front.rank,
          outer,
          slots: 0,
          rowColumns: front.rank,
          startsEmpty: front.stream.startsEmpty,
        }
      : {
          rank: 0,
          first: outer,
          outer,
          slots: filled(gradient.subBatch, "subBatch"),
          rowColumns: outer,
          startsEmpty: false,
        };
    return {
      columns,
      programs: (a, sides) => {
        const unit = unitOf(gradient, columns.first, sides);
        return front ? behindFrontEnd(a, front, unit, batch) : streamed(a, unit, columns.slots, sides);
      },
    };
  },
  yardstick: ({ rank, outer, slots }) => ({ pairs: outer + rank, strengths: rank, samples: slots }),
};
