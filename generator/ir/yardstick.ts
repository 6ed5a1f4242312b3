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
import type { Ir, LayerIr, LowRankIr } from "./ir.ts";

export interface Part {
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

const NOTHING: Part = { words: 0, bits: 0 };

/** Pairs of columns, of which so many have a strength, and samples. */
function counts({ method, rank, outer, slots }: LowRankIr): { pairs: number; strengths: number; samples: number } {
  switch (method) {
    case "sbpca":
      return { pairs: rank, strengths: rank, samples: 0 };
    case "lrt":
      return { pairs: rank + 1, strengths: rank, samples: 0 };
    case "nmf":
      return { pairs: outer + rank, strengths: rank, samples: slots };
  }
}

/** Pairs of columns of the yardstick. */
export const pairsOf = (unit: LowRankIr): number => counts(unit).pairs;

export function yardstick(ir: Ir, layer: LayerIr): Yardstick {
  const { inputs, outputs, gradient } = layer;
  const part = (words: number, wordBits: number): Part => ({ words, bits: words * wordBits });
  if (ir.lowRank) {
    const { pairs, strengths, samples } = counts(ir.lowRank);
    return {
      gradient: NOTHING,
      factors: part(pairs * (inputs + outputs), ir.lowRank.factorBits),
      samples: {
        words: samples * (inputs + outputs),
        bits: samples * (inputs * ir.vectors[layer.index].bits + outputs * ir.errorBits),
      },
      strengths: part(strengths, SCALAR_BITS),
    };
  }
  return {
    gradient: ir.method === "mbgd" ? part(inputs * outputs, gradient.accumulatorBits) : NOTHING,
    factors: NOTHING,
    samples: NOTHING,
    strengths: NOTHING,
  };
}
