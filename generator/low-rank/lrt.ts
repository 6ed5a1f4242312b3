/** LRT, unbiased low-rank accumulation, as a program (Gural et al. 2020; reduction after Benzing et al. 2019).
 *
 *  With orthonormal columns Q_R, Q_L, strengths c and a sample x, δ:
 *
 *      v = [Q_Rᵀx, ρ_R],  u = [Q_Lᵀδ, ρ_L]      ρ² = what is left of the squared length
 *      A = diag(c, 0) + u vᵀ = U diag(s) Vᵀ        one-sided Jacobi: A V has orthogonal columns, the largest first
 *      Q'_L = [Q_L, (δ − Q_L u)/ρ_L] U E, Q'_R the same with V, c' from s
 *
 *  E is diag(signs) times the first k columns of the reflection that takes x₀ to the last axis, where x₀ is zero above
 *  m and √(1 − s_j n / S) from m on. For truncation x₀ is the last axis itself. */
import type { Assembler, Program, Value } from "./program.ts";

/** Part of a vector's squared length below which what the columns do not hold of it is rounding: of a batch's samples,
 *  and of a column of one element, which is short of one by a unit of its code. */
const inside = (factorBits: number): number => 2 ** (3 - factorBits);

/** Part of the largest strength below which another is rounding: its direction would be that of another column, and
 *  what two columns hold would be counted twice. */
const negligible = (factorBits: number): number => 2 ** (1 - factorBits);

/** Passes over all pairs of columns; the matrix is a diagonal with one outer product added, and is nearly sorted. */
export const sweeps = (rank: number): number => (rank === 1 ? 1 : rank <= 4 ? 3 : 4);

/** What a side's columns do not hold of its vector: length and its reciprocal, both zero where it is rounding. */
function outside(a: Assembler, p: readonly Value[], norm: Value, least: Value): { length: Value; inverse: Value } {
  const squared = a.withoutSquares(p, norm);
  const length = a.root(a.select(a.nmac(norm, least, squared), squared, a.zero));
  return { length, inverse: a.divide(a.one, length) };
}

const column = (M: readonly (readonly Value[])[], j: number): Value[] => M.map((row) => row[j]);

/** Turns columns p and q of A (and of V) so that they are orthogonal and p's is the longer. */
function rotate(a: Assembler, A: Value[][], V: Value[][], p: number, q: number): void {
  const alpha = a.dot(column(A, p), column(A, p));
  const beta = a.dot(column(A, q), column(A, q));
  const gamma = a.dot(column(A, p), column(A, q));
  const half = a.constant(0.5);
  const h = a.multiply(half, a.subtract(alpha, beta));
  const magnitude = a.absolute(h);
  const r = a.root(a.mac(h, h, a.multiply(gamma, gamma)));
  // cos² of the smaller angle is (1 + |h| / r) / 2.
  const cosine = a.select(r, a.divide(magnitude, r), a.one);
  const major = a.root(a.mac(half, cosine, half));
  const minor = a.divide(a.multiply(gamma, half), a.multiply(r, major));
  const absolute = a.absolute(minor);
  const signed = a.select(gamma, major, a.negative(major));
  // Not less: equal lengths need no exchange.
  const longer = a.add(h, a.select(h, a.zero, a.select(magnitude, a.zero, a.one)));
  const c = a.select(longer, major, absolute);
  const s = a.select(longer, minor, signed);
  for (const M of [A, V])
    for (const row of M) {
      const x = a.multiply(c, row[p]);
      const y = a.multiply(c, row[q]);
      const turned = a.mac(s, row[q], x);
      const other = a.nmac(s, row[p], y);
      a.assign(row[p], turned);
      a.assign(row[q], other);
    }
}

/** One sample.
 *  @param unbiased probability of the unbiased reduction */
export function lrtSample(a: Assembler, rank: number, factorBits: number, unbiased: number): Program {
  const size = rank + 1;
  const all = Array.from({ length: size }, (_, i) => i);
  const ranks = all.slice(0, rank);
  const matrix = () => all.map(() => all.map(() => a.variable()));
  const A = matrix();
  const V = matrix();
  return a.program(() => {
    const dots = ranks.map((r) => a.project(r, rank));
    const norm = a.project(rank, rank);
    const least = a.constant(inside(factorBits));
    const right = outside(
      a,
      dots.map((dot) => dot.x),
      norm.x,
      least,
    );
    const left = outside(
      a,
      dots.map((dot) => dot.d),
      norm.d,
      least,
    );
    const v = [...dots.map((dot) => dot.x), right.length];
    const u = [...dots.map((dot) => dot.d), left.length];
    for (const i of all)
      for (const j of all) {
        const diagonal = i === j && i < rank ? a.strength(i) : a.zero;
        a.assign(A[i][j], a.mac(u[i], v[j], diagonal));
        a.assign(V[i][j], i === j ? a.one : a.zero);
      }
    a.repeat(sweeps(rank), () => {
      for (const p of all) for (const q of all.slice(p + 1)) rotate(a, A, V, p, q);
    });
    const lengths = all.map((j) => a.root(a.dot(column(A, j), column(A, j))));
    const floor = a.multiply(a.constant(negligible(factorBits)), lengths[0]);
    const s = lengths.map((x) => a.select(a.subtract(x, floor), x, a.zero));
    const inverse = s.map((x) => a.divide(a.one, x));
    const U = A.map((row) => row.map((x, j) => a.multiply(x, inverse[j])));

    // From m on, strengths are made equal: the smallest m with (k + 1 − m) s_m ≤ Σ_{j ≥ m} s_j.
    const tails: Value[] = [];
    for (let j = rank; j >= 0; j--) tails[j] = j === rank ? s[j] : a.add(s[j], tails[j + 1]);
    let found = a.zero;
    let sum = a.zero;
    let share = a.zero;
    let count = a.zero;
    const within = all.map((j) => {
      const n = rank - j;
      const excess = a.nmac(s[j], a.constant(n), tails[j]);
      // Equality counts: the comparison is of what is not negative.
      const holds = a.select(excess, a.one, a.select(a.negative(excess), a.zero, a.one));
      const first = a.nmac(found, holds, holds);
      sum = a.select(first, tails[j], sum);
      count = a.select(first, a.constant(n), count);
      share = a.select(first, a.constant(n === 0 ? 0 : 1 / n), share);
      found = a.mac(first, a.one, found);
      return found;
    });
    // Truncation where the draw says so, or where nothing is left to share.
    const draw = a.random();
    const mixes = a.select(a.subtract(a.constant(unbiased), draw), a.select(sum, count, a.zero), a.zero);
    const perUnit = a.divide(count, sum);
    const equal = a.multiply(sum, share);
    const x0 = all.map((j) => {
      const squared = a.nmac(s[j], perUnit, a.one);
      const spread = a.select(within[j], a.select(squared, squared, a.zero), a.zero);
      const length = a.root(spread);
      return a.select(mixes, length, j === rank ? a.one : a.zero);
    });
    const strengths = ranks.map((j) => a.select(mixes, a.select(within[j], equal, s[j]), s[j]));
    const axis = x0.map((x, j) => (j === rank ? a.add(x, a.one) : x));
    const factor = a.divide(a.one, axis[rank]);
    const half = a.constant(0.5);
    const signs = all.map(() => a.select(a.subtract(a.random(), half), a.one, a.constant(-1)));
    // U E over the columns and the residual's direction, then over the columns and the vector.
    const signedAxis = all.map((j) => a.multiply(signs[j], axis[j]));
    const reduce = (M: Value[][], p: readonly Value[], inverseLength: Value, side: "x" | "d") => {
      const along = M.map((row) => a.multiply(a.dot(row, signedAxis), factor));
      for (const r of ranks) {
        const column = M.map((row, i) => a.nmac(along[i], axis[r], a.multiply(signs[r], row[r])));
        const vector = a.multiply(column[rank], inverseLength);
        for (const q of ranks) a.put(side, r, q, a.nmac(p[q], vector, column[q]));
        a.put(side, r, rank, vector);
      }
    };
    reduce(V, v, right.inverse, "x");
    reduce(U, u, left.inverse, "d");
    a.combine();
    for (const r of ranks) a.assign(a.strength(r), strengths[r]);
  });
}

/** The end of a batch: hands over c; the next batch starts empty. */
export function lrtBatch(a: Assembler, rank: number): Program {
  return a.program(() => {
    for (let r = 0; r < rank; r++) a.sigma(r, a.strength(r));
  });
}
