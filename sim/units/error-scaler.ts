/** `error_scaler`: scales a sample's raw errors so that the largest fills errorBits. */
import { bitLength } from "../../generator/base/fixed.ts";
import { roundShift, saturate } from "../arith.ts";

/** @param delta out: error codes
 *  @returns the shift, which adds to the exponent */
export function scaleErrors(raw: Float64Array, count: number, errorBits: number, delta: Int16Array): number {
  let largest = 0;
  for (let j = 0; j < count; j++) largest = Math.max(largest, Math.abs(raw[j]));
  const shift = largest === 0 ? 0 : bitLength(largest) - (errorBits - 1);
  for (let j = 0; j < count; j++) delta[j] = saturate(roundShift(raw[j], shift), errorBits);
  return shift;
}
