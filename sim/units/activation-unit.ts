/** `activation_unit`: requantises accumulators to pre-activations and gives the activation's code. */
import type { Ir, LayerIr } from "../../generator/ir/ir.ts";
import { clip, roundShift, saturate } from "../arith.ts";

/** z = saturate(roundShift(accumulator · multiplier, shift − ranges)).
 *  @returns how many were clipped */
export function requantise(
  layer: LayerIr,
  sums: Float64Array,
  forwardRange: number,
  inputRange: number,
  z: Int32Array,
): number {
  const shift = layer.requantShift - forwardRange - inputRange;
  let clipped = 0;
  for (let j = 0; j < layer.outputs; j++) {
    const wide = roundShift(sums[j] * layer.requantMultiplier, shift);
    z[j] = saturate(wide, layer.zBits);
    if (z[j] !== wide) clipped++;
  }
  return clipped;
}

/** Code of one pre-activation, before the clip at the top for the rectifier. */
function code(ir: Ir, layer: LayerIr, z: number, activationRange: number): number {
  const output = ir.vectors[layer.index + 1];
  if (ir.activation === "relu") return Math.max(0, roundShift(z, layer.zFraction - output.fraction + activationRange));
  const index = clip(Math.floor(z / 2 ** (layer.zFraction - ir.activationTableFraction)), -512, 511) + 512;
  return ir.activationTable[index];
}

/** Activation codes of a layer's output.
 *  @returns how many the rectifier clipped at the top of its range */
export function activate(ir: Ir, layer: LayerIr, z: Int32Array, activationRange: number, x: Int16Array): number {
  const output = ir.vectors[layer.index + 1];
  const max = 2 ** output.bits - 1;
  let clipped = 0;
  for (let j = 0; j < layer.outputs; j++) {
    const wide = code(ir, layer, z[j], activationRange);
    if (ir.activation === "relu" && wide > max) {
      clipped++;
      x[j] = max;
    } else x[j] = wide;
  }
  return clipped;
}
