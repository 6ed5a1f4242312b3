/** LRT, unbiased low-rank accumulation, as a program (Gural et al. 2020; reduction after Benzing et al. 2019).
 *
 *  With orthonormal columns Q_R, Q_L, strengths c and a sample x, δ:
 *
 *      v = [Q_Rᵀx, ρ_R],  u = [Q_Lᵀδ, ρ_L]      ρ² = what is left of the squared length
 *      A = diag(c, 0) + u vᵀ = U diag(s) Vᵀ        one-sided Jacobi: A V = U diag(s) has orthogonal columns, the largest first
 *      V = Aᵀ U, its columns made unit vectors     so the rotations need not be gathered
 *      Q'_L = [Q_L, (δ − Q_L u)/ρ_L] U E, Q'_R the same with V, c' from s
 *
 *  E is diag(signs) times the first k columns of the reflection that takes x₀ to the last axis, where x₀ is zero above
 *  m and √(1 − s_j n / S) from m on. For truncation x₀ is the last axis itself. */
import { filled } from "./fields.ts";
import type { Assembler } from "./low-rank/assembler.ts";
import type { Program, Side, Value } from "./low-rank/program.ts";
import { ofStream } from "./low-rank/stream.ts";
import type { FactorMethod, Stream, StreamSettings } from "./method.ts";

/** Part of a vector's squared length below which what the columns do not hold of it is rounding: of a batch's samples,
 *  and of a column of one element, which is short of one by a unit of its code. */
const inside = (factorBits: number): number => 2 ** (3 - factorBits);

/** Part of the largest strength below which another is rounding: its direction would be that of another column, and
 *  what two columns hold would be counted twice. */
const negligible = (factorBits: number): number => 2 ** (1 - factorBits);

/** Passes over all pairs of columns; the matrix is a diagonal with one outer product added, and is nearly sorted. */
const sweeps = (rank: number): number => (rank === 1 ? 1 : rank <= 3 ? 3 : 4);

/** What a side's columns do not hold of its vector: length and its reciprocal, both zero where it is rounding. */
function outside(a: Assembler, p: readonly Value[], norm: Value, least: Value): { length: Value; inverse: Value } {
  const squared = a.withoutSquares(p, norm);
  const kept = a.select(a.nmac(norm, least, squared), squared, a.zero);
  const inverse = a.inverseRoot(kept);
  return { length: a.multiply(kept, inverse), inverse };
}

const column = (M: readonly (readonly Value[])[], j: number): Value[] => M.map((row) => row[j]);

/** All pairs of columns, p before q, in rounds of pairs that have no column in common: their rotations are independent,
 *  so that one's waits are another's work. */
function rounds(size: number): [number, number][] {
  const places = size % 2 === 0 ? size : size + 1;
  const ring = Array.from({ length: places - 1 }, (_, i) => i);
  return ring.flatMap((turn) => {
    const at = (i: number) => (i + turn) % (places - 1);
    const pairs: [number, number][] = [[places - 1, at(0)]];
    for (let i = 1; i < places / 2; i++) pairs.push([at(i), at(places - 1 - i)]);
    return pairs.map(([p, q]): [number, number] => (p < q ? [p, q] : [q, p])).filter(([, q]) => q < size);
  });
}

/** Turns columns p and q of A so that they are orthogonal and p's is the longer: new values take the old ones' places.
 *  @param squares squared lengths of the columns, kept up to date */
function rotate(a: Assembler, A: Value[][], squares: Value[], p: number, q: number): void {
  const gamma = a.dot(column(A, p), column(A, q));
  const h = a.multiply(a.half, a.subtract(squares[p], squares[q]));
  const mean = a.multiply(a.half, a.add(squares[p], squares[q]));
  const magnitude = a.absolute(h);
  const distance = a.mac(h, h, a.multiply(gamma, gamma));
  const inverse = a.inverseRoot(distance);
  // cos² of the smaller angle is (1 + |h| / r) / 2, with r the root of the distance.
  const cosine = a.select(distance, a.multiply(magnitude, inverse), a.one);
  const squared = a.mac(a.half, cosine, a.half);
  const inverseMajor = a.inverseRoot(squared);
  const major = a.multiply(squared, inverseMajor);
  const minor = a.multiply(a.multiply(a.multiply(gamma, a.half), inverse), inverseMajor);
  const absolute = a.absolute(minor);
  const signed = a.select(gamma, major, a.negative(major));
  // Not less: equal lengths need no exchange.
  const longer = a.add(h, a.select(h, a.zero, a.select(magnitude, a.zero, a.one)));
  const c = a.select(longer, major, absolute);
  const s = a.select(longer, minor, signed);
  for (const row of A) {
    const x = a.multiply(c, row[p]);
    const y = a.multiply(c, row[q]);
    [row[p], row[q]] = [a.mac(s, row[q], x), a.nmac(s, row[p], y)];
  }
  const r = a.multiply(distance, inverse);
  squares[p] = a.add(mean, r);
  squares[q] = a.subtract(mean, r);
}

/** One sample. `unbiased` is the probability of the unbiased reduction. */
function sample(a: Assembler, { rank, factorBits, gradient }: StreamSettings): Program {
  const unbiased = filled(gradient.unbiased, "unbiased");
  const size = rank + 1;
  const all = Array.from({ length: size }, (_, i) => i);
  const ranks = all.slice(0, rank);
  const matrix = () => all.map(() => all.map(() => a.variable()));
  const A = matrix();
  return a.program(() => {
    const dots = ranks.map((r) => a.project(r));
    const norm = a.project("vector");
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
    const diagonal = all.map((i) => (i < rank ? a.strength(i) : a.zero));
    for (const i of all) for (const j of all) a.assign(A[i][j], a.mac(u[i], v[j], i === j ? diagonal[i] : a.zero));
    a.repeat(sweeps(rank), () => {
      const turned = A.map((row) => [...row]);
      const squares = all.map((j) => a.dot(column(A, j), column(A, j)));
      for (const [p, q] of rounds(size)) rotate(a, turned, squares, p, q);
      for (const i of all) for (const j of all) a.assign(A[i][j], turned[i][j]);
    });
    const lengths = all.map((j) => {
      const squared = a.dot(column(A, j), column(A, j));
      const inverse = a.inverseRoot(squared);
      return { length: a.multiply(squared, inverse), inverse };
    });
    const floor = a.multiply(a.constant(negligible(factorBits)), lengths[0].length);
    const large = lengths.map(({ length }) => a.subtract(length, floor));
    const s = lengths.map(({ length }, j) => a.select(large[j], length, a.zero));
    const inverse = lengths.map((l, j) => a.select(large[j], l.inverse, a.zero));
    const U = A.map((row) => row.map((x, j) => a.multiply(x, inverse[j])));
    // Their directions on the other side; normalised, so that what the rotations have left cannot grow.
    const along = all.map((j) => a.dot(u, column(U, j)));
    const directions = all.map((i) => all.map((j) => a.mac(diagonal[i], U[i][j], a.multiply(v[i], along[j]))));
    const scales = all.map((j) => a.inverseRoot(a.dot(column(directions, j), column(directions, j))));
    const V = directions.map((row) => row.map((x, j) => a.multiply(x, scales[j])));

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
    const factor = a.reciprocal(axis[rank]);
    const signs = all.map(() => a.select(a.subtract(a.random(), a.half), a.one, a.constant(-1)));
    // U E over the columns and the residual's direction, then over the columns and the vector.
    const signedAxis = all.map((j) => a.multiply(signs[j], axis[j]));
    const reduce = (M: Value[][], p: readonly Value[], inverseLength: Value, side: Side) => {
      const along = M.map((row) => a.multiply(a.dot(row, signedAxis), factor));
      for (const r of ranks) {
        const column = M.map((row, i) => a.nmac(along[i], axis[r], a.multiply(signs[r], row[r])));
        const vector = a.multiply(column[rank], inverseLength);
        for (const q of ranks) a.turn(side, r, q, a.nmac(p[q], vector, column[q]));
        a.turn(side, r, rank, vector);
      }
      a.combine(side);
    };
    reduce(V, v, right.inverse, "x");
    reduce(U, u, left.inverse, "d");
    for (const r of ranks) a.assign(a.strength(r), strengths[r]);
  });
}

const stream: Stream = {
  startsEmpty: true,
  strengths: "sum",
  fields: { unbiased: 1 },
  hardware: () => null,
  sample,
  settle: () => {},
};

export const lrt: FactorMethod = {
  ...ofStream(stream),
  place: 5,
  look: 1,
  does: "a few outer products stand for it",
  yardstick: ({ rank }) => ({ pairs: rank + 1, strengths: rank, samples: 0 }),
};
