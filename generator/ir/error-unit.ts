/** The error unit, and what an error code is worth at each layer. */
import { bitLength } from "../base/fixed.ts";
import type { Design } from "../design/schema.ts";
import type { CellIr, ErrorUnitIr, VectorIr } from "./ir.ts";
import { Z_BITS } from "./vectors.ts";

const PROBABILITY_FRACTION = 15;
const EXPONENTIAL_BITS = 16;
const LOG2E_FRACTION = 14;

/** The network's output, as the errors see it. */
const outputOf = (vectors: readonly VectorIr[]): VectorIr => vectors[vectors.length - 1];

const isSoftmax = ({ network }: Design): boolean => network.loss === "softmax-cross-entropy";

/** Binary point of a target of one, where the loss compares codes with targets. */
const targetFraction = (design: Design, vectors: readonly VectorIr[]): number =>
  isSoftmax(design) ? 0 : outputOf(vectors).fraction;

/** Real value of one unit of a raw error at each layer's output. */
export function errorScales(design: Design, cell: CellIr, vectors: readonly VectorIr[]): number[] {
  const last = vectors.length - 2;
  const scales = new Array<number>(last + 1);
  scales[last] = isSoftmax(design)
    ? 2 ** -PROBABILITY_FRACTION
    : 2 ** -(targetFraction(design, vectors) + outputOf(vectors).derivativeFraction);
  for (let l = last - 1; l >= 0; l--)
    scales[l] = (scales[l + 1] / cell.weightOne) * 2 ** -vectors[l + 1].derivativeFraction;
  return scales;
}

/** Bits of a raw error at the network's output. */
function outputRawBits(design: Design, vectors: readonly VectorIr[]): number {
  if (isSoftmax(design)) return PROBABILITY_FRACTION + 2;
  const { inputBits } = design.tile;
  const one = targetFraction(design, vectors);
  return inputBits + 2 + Math.max(0, one - inputBits) + outputOf(vectors).derivativeBits;
}

/** @param zFraction of the last layer */
export function errorUnit(design: Design, vectors: readonly VectorIr[], zFraction: number): ErrorUnitIr {
  const { size, lanes, words, bits } = outputOf(vectors);
  return {
    loss: design.network.loss,
    outputs: size,
    lanes,
    words,
    valueBits: isSoftmax(design) ? Z_BITS : bits,
    zFraction,
    log2e: Math.round(Math.LOG2E * 2 ** LOG2E_FRACTION),
    log2eFraction: LOG2E_FRACTION,
    exponentialTable: Array.from({ length: 256 }, (_, i) =>
      Math.round(2 ** EXPONENTIAL_BITS * 2 ** (-(i + 0.5) / 256)),
    ),
    exponentialBits: EXPONENTIAL_BITS,
    sumBits: EXPONENTIAL_BITS + bitLength(size),
    probabilityFraction: PROBABILITY_FRACTION,
    targetOne: 2 ** targetFraction(design, vectors),
    rawBits: outputRawBits(design, vectors),
    labelBits: Math.max(1, bitLength(size - 1)),
  };
}
