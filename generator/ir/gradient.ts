/** How errors are aligned to a batch's common exponent, and how wide what is made of them grows. */
import { bitLength } from "../base/fixed.ts";
import type { Design } from "../design/schema.ts";
import { filled } from "../methods/fields.ts";
import { COEFFICIENT_BITS } from "../methods/low-rank/format.ts";
import type { LowRankIr } from "../methods/low-rank/unit.ts";
import type { Keeps } from "../methods/method.ts";
import type { Grid } from "./geometry.ts";
import type { GradientIr, VectorIr } from "./ir.ts";

/** Bits of δ', where no accumulator limits them. */
const ALIGNED_BITS = 16;
/** Errors get so many times the largest seen; ranges that start at their finest, none of it. */
const ERROR_HEADROOM = 8;
/** Bits of a strength · input factor, which the update multiplies with the output's factor. */
const STRENGTH_BITS = COEFFICIENT_BITS;

/** A layer's error: the largest that must fit, and the real value of a unit of its code. */
interface LayerError {
  readonly bound: number;
  readonly scale: number;
}

/** What must fit of a layer's errors; of probabilities no more than one. */
export function errorBound({ tile, network }: Design, maxError: number, last: boolean): number {
  if (last && network.loss === "softmax-cross-entropy") return 1;
  return (tile.rangeStart === "finest" ? 1 : ERROR_HEADROOM) * Math.max(maxError, 2 ** -40);
}

/** @param unit where a few outer products stand for the gradient */
export function gradientIr(
  design: Design,
  keeps: Keeps,
  grid: Grid,
  input: VectorIr,
  output: VectorIr,
  error: LayerError,
  unit: LowRankIr | null,
): GradientIr {
  const growth = Math.ceil(Math.log2(design.training.batch));
  const alignedBits =
    keeps === "gradient"
      ? Math.min(ALIGNED_BITS, filled(design.gradient.accumulatorBits, "accumulatorBits") - input.bits - growth)
      : ALIGNED_BITS;
  const product = input.bits + alignedBits;
  return {
    alignedBits,
    exponentZero: Math.ceil(Math.log2(error.bound / (error.scale * (2 ** (alignedBits - 1) - 1)))),
    accumulatorBits: accumulated[keeps](product, growth, unit),
    bufferWords: keeps === "gradient" ? grid.inputs * output.words : 0,
  };
}

/** Bits of what the update takes, by what is kept: one product, their sum over the batch, or a sum of outer products. */
const accumulated: Readonly<Record<Keeps, (product: number, growth: number, unit: LowRankIr | null) => number>> = {
  nothing: (product) => product,
  gradient: (product, growth) => product + growth,
  factors: (_product, _growth, unit) => {
    if (!unit) throw new Error("factors are kept by a low-rank unit");
    return STRENGTH_BITS + unit.factorBits + bitLength(unit.terms);
  },
};
