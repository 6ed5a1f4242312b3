/** A gradient method from outside the project, as somebody else would write one: a batch's gradient as one outer product,
 *  moved by one step of the power method at each sample.
 *
 *      y = c X + x (δᵀD),   X' = y / ‖y‖          of c D Xᵀ + δ xᵀ, applied to D
 *      z = D (c XᵀX') + δ (xᵀX'),   c' = ‖z‖,   D' = z / c'
 *
 *  A batch starts from nothing: then δᵀD is replaced by ‖δ‖. */
import { factorFields } from "../../generator/methods/fields.ts";
import type { Assembler } from "../../generator/methods/low-rank/assembler.ts";
import type { Program } from "../../generator/methods/low-rank/program.ts";
import { ofStream } from "../../generator/methods/low-rank/stream.ts";
import type { FactorMethod, Stream } from "../../generator/methods/method.ts";

function sample(a: Assembler): Program {
  return a.program(() => {
    const c = a.strength(0);
    const { x: p, d } = a.project(0);
    const norm = a.project("vector");
    const onto = a.select(a.multiply(c, c), d, a.root(norm.d));
    // ‖y‖² = c² + 2 c p δᵀD + (δᵀD)² ‖x‖²
    const cp = a.multiply(c, p);
    const own = a.mac(c, c, a.multiply(onto, a.add(a.multiply(onto, norm.x), a.add(cp, cp))));
    const inverseY = a.inverseRoot(own);
    const alphaX = a.multiply(c, inverseY);
    const betaX = a.multiply(onto, inverseY);
    // XᵀX' and xᵀX'
    const kept = a.mac(betaX, p, alphaX);
    const gained = a.mac(betaX, norm.x, a.multiply(alphaX, p));
    const old = a.multiply(c, kept);
    const cross = a.multiply(a.multiply(old, gained), d);
    const squared = a.mac(old, old, a.mac(a.multiply(gained, gained), norm.d, a.add(cross, cross)));
    const inverseZ = a.inverseRoot(squared);
    a.turn("x", 0, 0, alphaX);
    a.turn("x", 0, 1, betaX);
    a.combine("x");
    a.turn("d", 0, 0, a.multiply(old, inverseZ));
    a.turn("d", 0, 1, a.multiply(gained, inverseZ));
    a.combine("d");
    a.assign(c, a.multiply(squared, inverseZ));
  });
}

const stream: Stream = {
  startsEmpty: true,
  strengths: "sum",
  fields: {},
  hardware: ({ rank }) => (rank === 1 ? null : { field: "rank", use: "1" }),
  sample,
  settle: () => {},
};

export const power: FactorMethod = {
  ...ofStream(stream),
  place: 6,
  look: 7,
  does: "one outer product stands for it",
  fields: () => ({ ...factorFields, rank: 1 }),
  yardstick: ({ rank }) => ({ pairs: rank, strengths: rank, samples: 0 }),
};
