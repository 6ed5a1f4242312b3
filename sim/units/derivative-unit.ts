/** `derivative_unit`: the activation's derivative from its code, and its product with the transposed sums. */
import type { Activation, VectorIr } from "../../generator/ir/ir.ts";

/** Derivative factor d of an output code; its binary point is `derivativeFraction`. */
export function derivative(activation: Activation, vector: VectorIr, x: number): number {
  switch (activation) {
    case "relu":
      return x > 0 ? 1 : 0;
    case "sigmoid":
      return x * (2 ** vector.bits - x);
    case "tanh":
      return 2 ** (2 * (vector.bits - 1)) - x * x;
  }
}

/** raw = sum · d(x) for every element of the vector. */
export function rawErrors(
  activation: Activation,
  vector: VectorIr,
  sums: Float64Array,
  x: Int16Array,
  raw: Float64Array,
): void {
  for (let i = 0; i < vector.size; i++) raw[i] = sums[i] * derivative(activation, vector, x[i]);
}
