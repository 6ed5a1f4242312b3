/** `error_unit`: prediction and raw errors of the network's output: softmax cross-entropy, or squared error. */
import type { ErrorUnitIr, Ir } from "../../generator/ir/ir.ts";
import { derivative } from "./derivative-unit.ts";

/** `exponential`: e^(−d) for d ≥ 0 with zFraction fraction bits, as exponentialBits-bit fraction. */
export function exponential(unit: ErrorUnitIr, d: number): number {
  const t = d * unit.log2e;
  const fraction = unit.zFraction + unit.log2eFraction;
  const n = Math.floor(t / 2 ** fraction);
  if (n >= unit.exponentialBits) return 0;
  const f = Math.floor(t / 2 ** (fraction - 8)) & 255;
  return Math.floor(unit.exponentialTable[f] / 2 ** n);
}

/** `divider`: floor(numerator · 2^fraction / denominator) for 0 ≤ numerator ≤ denominator. */
export function divide(numerator: number, denominator: number, fraction: number): number {
  return Math.floor((numerator * 2 ** fraction) / denominator);
}

/** Lowest index of the largest value. */
function argmax(values: ArrayLike<number>, count: number): number {
  let best = 0;
  for (let j = 1; j < count; j++) if (values[j] > values[best]) best = j;
  return best;
}

/** Softmax cross-entropy: raw_j = softmax(z)_j − (j = label), probabilityFraction fraction bits.
 *  @param e out: exponentials
 *  @returns the prediction */
export function softmaxErrors(
  unit: ErrorUnitIr,
  z: Int32Array,
  label: number,
  e: Float64Array,
  raw: Float64Array,
): number {
  const prediction = argmax(z, unit.outputs);
  let sum = 0;
  for (let j = 0; j < unit.outputs; j++) {
    e[j] = exponential(unit, z[prediction] - z[j]);
    sum += e[j];
  }
  for (let j = 0; j < unit.outputs; j++)
    raw[j] = divide(e[j], sum, unit.probabilityFraction) - (j === label ? 2 ** unit.probabilityFraction : 0);
  return prediction;
}

/** Squared error: raw_j = (x_j − y_j) · d(x_j).
 *  @returns the prediction */
export function squaredErrors(ir: Ir, x: Int16Array, label: number, raw: Float64Array): number {
  const unit = ir.errorUnit;
  const vector = ir.vectors[ir.vectors.length - 1];
  for (let j = 0; j < unit.outputs; j++)
    raw[j] = (x[j] - (j === label ? unit.targetOne : 0)) * derivative(ir.activation, vector, x[j]);
  return argmax(x, unit.outputs);
}
