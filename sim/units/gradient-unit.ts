/** `gradient_unit`: aligns a sample's errors to the batch's exponent and adds its outer product to the full gradient. */
import type { LayerIr } from "../../generator/ir/ir.ts";
import { roundShift, saturate } from "../arith.ts";

/** δ' = saturate(δ · 2^(exponent − exponentZero)).
 *  @returns how many were clipped */
export function alignErrors(layer: LayerIr, delta: Int16Array, exponent: number, aligned: Int16Array): number {
  const { exponentZero, alignedBits } = layer.gradient;
  let clipped = 0;
  for (let j = 0; j < layer.outputs; j++) {
    const wide = roundShift(delta[j], exponentZero - exponent);
    aligned[j] = saturate(wide, alignedBits);
    if (aligned[j] !== wide) clipped++;
  }
  return clipped;
}

/** G ← G + x δ'ᵀ, [inputs][outputs]; exact. */
export function accumulate(
  layer: LayerIr,
  x: Int16Array,
  aligned: Int16Array,
  gradient: Int32Array | Float64Array,
): void {
  const { inputs, outputs } = layer;
  for (let i = 0; i < inputs; i++) {
    const xi = x[i];
    if (xi === 0) continue;
    const row = i * outputs;
    for (let j = 0; j < outputs; j++) gradient[row + j] += xi * aligned[j];
  }
}
