/** SBPCA as a program (streaming batch eigenupdates: Hoskins et al. 2019; algorithms of Zhao et al. 2021).
 *
 *  With orthonormal columns X, D and a sample x, δ, all inner products that Gram–Schmidt needs follow from p = Xᵀx,
 *  d = Dᵀδ, ‖x‖² and ‖δ‖², so the vectors are read once for these and once for the new factors:
 *
 *      Y_r = s_r X_r + c_r x                                   s = w σ, c = d / (n + 1), w = n / (n + 1)
 *      X'_r = (α X_r + β x − Σ_{q<r} ρ_q X'_q) / ν             its coordinates over X and x: M_qr, m_r
 *
 *  where (α, β, ρ_q, ν) = (s_r, c_r, X'_qᵀY_r, R_rr), or, where the residual R_rr vanishes, (1, 0, X'_qᵀX_r, …): the
 *  column keeps its direction, made orthogonal to the others. The same for D with c' = X'ᵀx / (n + 1). */
import type { Assembler } from "./low-rank/assembler.ts";
import type { Program, Value } from "./low-rank/program.ts";
import { ofStream } from "./low-rank/stream.ts";
import type { FactorMethod, Stream, StreamSettings } from "./method.ts";

/** Part of a column's squared length that its residual must keep; below, it is rounding. */
const vanished = (factorBits: number): number => 2 ** -factorBits;

interface Side {
  /** Xᵀx and ‖x‖². */
  readonly p: readonly Value[];
  readonly norm: Value;
}

interface Columns {
  /** [r][q]: coordinate of the new column r over the old column q ≤ r, and over the vector. */
  readonly m: Value[][];
  readonly v: Value[];
  /** X'ᵀx and X'_rᵀX_r. */
  readonly t: Value[];
  readonly own: Value[];
}

/** Coordinates over the old columns of −Σ_q ρ_q X'_q, where new column q reaches to old column q. */
const takenOut = (a: Assembler, rho: readonly Value[], m: readonly (readonly Value[])[]): Value[] =>
  rho.map((_, q) => rho.slice(q).reduce<Value>((sum, x, k) => a.nmac(x, m[q + k][q], sum), a.zero));

/** orth(X diag(s) + x cᵀ) */
function orthonormal(a: Assembler, { p, norm }: Side, s: readonly Value[], c: readonly Value[], least: Value): Columns {
  const columns: Columns = { m: [], v: [], t: [], own: [] };
  const { m, v, t } = columns;
  s.forEach((_, r) => {
    const before = Array.from({ length: r }, (_, q) => q);
    // X_r and Y_r seen from the new columns before it.
    const kept = before.map((q) => a.multiply(p[r], v[q]));
    const moved = before.map((q) => a.mac(s[r], kept[q], a.multiply(c[r], t[q])));
    const sp = a.multiply(s[r], p[r]);
    const cx = a.multiply(c[r], norm);
    const length = a.mac(s[r], s[r], a.multiply(c[r], a.add(cx, a.add(sp, sp))));
    const residual = a.withoutSquares(moved, length);
    const lives = a.nmac(length, least, residual);
    const leftover = a.withoutSquares(kept, a.one);
    const stays = a.nmac(a.one, least, leftover);
    // A direction that lies among the columns before it is gone until a sample brings another.
    const size = a.select(lives, residual, a.select(stays, leftover, a.zero));
    const inverse = a.inverseRoot(size);
    const alpha = a.multiply(a.select(lives, s[r], a.one), inverse);
    const beta = a.multiply(a.select(lives, c[r], a.zero), inverse);
    const rho = before.map((q) => a.multiply(a.select(lives, moved[q], kept[q]), inverse));
    m.push([...takenOut(a, rho, m), alpha]);
    v.push(before.reduce((sum, q) => a.nmac(rho[q], v[q], sum), beta));
    t.push(before.reduce((sum, q) => a.nmac(rho[q], t[q], sum), a.mac(alpha, p[r], a.multiply(beta, norm))));
    columns.own.push(a.mac(p[r], v[r], alpha));
  });
  return columns;
}

function combine(a: Assembler, side: "x" | "d", { m, v }: Pick<Columns, "m"> & { v?: Columns["v"] }): void {
  const rank = m.length;
  m.forEach((column, r) => {
    for (let q = 0; q < rank; q++) a.turn(side, r, q, column[q] ?? a.zero);
    a.turn(side, r, rank, v?.[r] ?? a.zero);
  });
  a.combine(side);
}

/** One sample. */
function sample(a: Assembler, { rank, factorBits }: StreamSettings): Program {
  return a.program(() => {
    const least = a.constant(vanished(factorBits));
    const ranks = Array.from({ length: rank }, (_, r) => r);
    const n = a.count();
    const part = a.divide(a.one, a.add(n, a.one));
    const weight = a.multiply(n, part);
    const dots = ranks.map((r) => a.project(r));
    const norm = a.project("vector");
    const s = ranks.map((r) => a.multiply(weight, a.strength(r)));
    // A column of no strength takes what it can of x, whatever its direction; so a fresh unit needs none.
    const length = a.root(norm.d);
    const c = dots.map(({ d }, r) => {
      const strength = a.strength(r);
      return a.multiply(a.select(a.multiply(strength, strength), d, length), part);
    });
    const x = orthonormal(a, { p: dots.map((dot) => dot.x), norm: norm.x }, s, c, least);
    combine(a, "x", x);
    const scaled = x.t.map((t) => a.multiply(t, part));
    const d = orthonormal(a, { p: dots.map((dot) => dot.d), norm: norm.d }, s, scaled, least);
    combine(a, "d", d);
    for (const r of ranks) {
      const kept = a.multiply(a.multiply(s[r], x.own[r]), d.own[r]);
      a.assign(a.strength(r), a.mac(d.t[r], scaled[r], kept));
    }
  });
}

/** The end of a batch: makes the columns orthonormal again, from their measured products; σ is in the strengths. Rounding
 *  moves a column by less than a unit of its code a sample, so once a batch is enough. */
function settle(a: Assembler, { rank, factorBits }: StreamSettings): void {
  const least = a.constant(vanished(factorBits));
  const ranks = Array.from({ length: rank }, (_, r) => r);
  const gram = ranks.map((r) => ranks.slice(0, r + 1).map((q) => a.project(r, q)));
  const factor = (side: "x" | "d") => {
    /** X'_r = Σ_q m[r][q] X_q; `along` r, q: X'_qᵀX_r. */
    const m: Value[][] = [];
    ranks.forEach((r) => {
      const before = ranks.slice(0, r);
      const along = before.map((q) =>
        a.dot(
          m[q],
          gram[r].slice(0, q + 1).map((g) => g[side]),
        ),
      );
      const residual = a.withoutSquares(along, gram[r][r][side]);
      const lives = a.nmac(gram[r][r][side], least, residual);
      const inverse = a.inverseRoot(a.select(lives, residual, a.zero));
      const rho = along.map((x) => a.multiply(x, inverse));
      m.push([...takenOut(a, rho, m), inverse]);
    });
    return m;
  };
  combine(a, "x", { m: factor("x") });
  combine(a, "d", { m: factor("d") });
  const lengths = ranks.map((r) => a.root(a.multiply(gram[r][r].x, gram[r][r].d)));
  for (const r of ranks) {
    const sigma = a.multiply(a.strength(r), lengths[r]);
    a.assign(a.strength(r), sigma);
  }
}

/** The strengths are a running mean. A sub-batch of one needs no sample buffer; of more, the golden model alone has it. */
const stream: Stream = {
  startsEmpty: false,
  strengths: "mean",
  fields: { subBatch: 1 },
  hardware: ({ subBatch }) => (subBatch === 1 ? null : { field: "subBatch", use: "1" }),
  sample,
  settle,
};

export const sbpca: FactorMethod = {
  ...ofStream(stream),
  place: 3,
  look: 2,
  does: "a few outer products stand for it",
  yardstick: ({ rank }) => ({ pairs: rank, strengths: rank, samples: 0 }),
};
