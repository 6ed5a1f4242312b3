/** The vectors between the layers: their codes, and the lanes of their buffers. */

import { sampleBits, sampleFraction } from "../design/sample-format.ts";
import type { Design } from "../design/schema.ts";
import type { Geometry } from "./geometry.ts";
import type { VectorIr } from "./ir.ts";
import type { LayerRanges } from "./ranges.ts";

/** Bits of a pre-activation z. */
export const Z_BITS = 16;
/** Part of the largest activation seen that fits: ranges that start at their finest clip at first, so that the hardware
 *  has something to widen. */
const FINEST_HEADROOM = 0.25;

/** Binary points of each layer's z: four times the calibrated range fits; fine enough for the activation tables. */
export const zFractions = (ranges: readonly LayerRanges[]): number[] =>
  ranges.map((c) =>
    Math.min(10, Math.max(7, Z_BITS - 1 - Math.ceil(Math.log2(4 * Math.max(c.maxPreactivation, 2 ** -8))))),
  );

export function vectors(design: Design, { grids }: Geometry, ranges: readonly LayerRanges[]): VectorIr[] {
  const { network, tile, gradient } = design;
  const last = grids.length;
  const headroom = tile.rangeStart === "finest" ? FINEST_HEADROOM : 1;
  const zs = zFractions(ranges);
  return network.layers.map((size, v) => {
    const rowGroup = v < last ? grids[v].rowAdcs * grids[v].rowTiles : 0;
    const colGroup = v > 0 ? grids[v - 1].colAdcs * grids[v - 1].colTiles : 0;
    const lanes = largestDivisor(gcd(rowGroup, colGroup), gradient.lanes);
    const format =
      v > 0 ? outputFormat(design, headroom * ranges[v - 1].maxActivation, zs[v - 1]) : inputFormat(design);
    // A target of one must have a code.
    const fraction =
      v === last && network.activation === "relu"
        ? Math.max(0, Math.min(format.fraction, tile.inputBits - 1))
        : format.fraction;
    return { size, lanes, words: Math.ceil(size / lanes), ...format, fraction };
  });
}

/** Bits of a code without its sign. */
export const magnitudeBits = ({ bits, signed }: VectorIr): number => (signed ? bits - 1 : bits);

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

function largestDivisor(n: number, limit: number): number {
  for (let d = Math.min(n, limit); d > 1; d--) if (n % d === 0) return d;
  return 1;
}

/** Code format and derivative of a vector. */
type Format = Omit<VectorIr, "size" | "lanes" | "words">;

/** Of the samples: they have no derivative. */
function inputFormat(design: Design): Format {
  const bits = sampleBits(design);
  return { bits, signed: false, fraction: sampleFraction(bits), derivativeBits: 0, derivativeFraction: 0 };
}

/** Of an activation's output. */
function outputFormat(design: Design, maxActivation: number, zFraction: number): Format {
  const n = design.tile.inputBits;
  switch (design.network.activation) {
    case "relu":
      return {
        bits: n,
        signed: false,
        fraction: Math.min(zFraction, n - Math.ceil(Math.log2(Math.max(maxActivation, 2 ** -8)))),
        derivativeBits: 1,
        derivativeFraction: 0,
      };
    case "sigmoid":
      return { bits: n, signed: false, fraction: n, derivativeBits: Math.max(1, 2 * n - 1), derivativeFraction: 2 * n };
    case "tanh":
      return { bits: n, signed: true, fraction: n - 1, derivativeBits: 2 * n - 1, derivativeFraction: 2 * (n - 1) };
  }
}
