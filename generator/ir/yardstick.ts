/** What a layer's gradient takes on chip by the method itself, for a inputs and b outputs: the measure of the memories
 *  that the hardware has.
 *
 *      sgd                    0
 *      mbgd                   a b
 *      sbpca                  k (a + b + 1)
 *      nmf                    2k (a + b) + s (a + b)
 *      nmf behind a front end 2k (a + b) + K (a + b + 1)
 *      lrt                    (k + 1)(a + b) + k */

import { SCALAR_BITS } from "../methods/low-rank/format.ts";
import type { Yardstick as Counts } from "../methods/method.ts";
import { methodOf } from "../methods/registry.ts";
import type { Ir, LayerIr } from "./ir.ts";

interface Part {
  readonly words: number;
  /** Each word in the length that the hardware gives it. */
  readonly bits: number;
}

export interface Yardstick {
  /** The full gradient. */
  readonly gradient: Part;
  readonly factors: Part;
  readonly samples: Part;
  readonly strengths: Part;
}

/** Counts of the method. */
export function countsOf({ method, lowRank }: Pick<Ir, "method" | "lowRank">): Counts {
  const known = methodOf(method);
  switch (known.keeps) {
    case "nothing":
      return { cells: 0, pairs: 0, samples: 0, strengths: 0 };
    case "gradient":
      return { cells: 1, pairs: 0, samples: 0, strengths: 0 };
    case "factors":
      if (!lowRank) throw new Error("factors are kept by a low-rank unit");
      return { cells: 0, ...known.yardstick(lowRank) };
  }
}

export function yardstick(ir: Ir, layer: LayerIr): Yardstick {
  const { inputs, outputs, gradient } = layer;
  const { cells, pairs, samples, strengths } = countsOf(ir);
  const part = (words: number, wordBits: number): Part => ({ words, bits: words * wordBits });
  return {
    gradient: part(cells * inputs * outputs, gradient.accumulatorBits),
    factors: part(pairs * (inputs + outputs), ir.lowRank?.factorBits ?? 0),
    samples: {
      words: samples * (inputs + outputs),
      bits: samples * (inputs * ir.vectors[layer.index].bits + outputs * ir.errorBits),
    },
    strengths: part(strengths, SCALAR_BITS),
  };
}
