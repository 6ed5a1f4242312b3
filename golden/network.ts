/** A fully connected network without bias, one sample at a time: forward pass, loss, error, backward pass.
 *
 *      z_l = W_l x_l,   x_{l+1} = f(z_l)
 *
 *  With softmax-cross-entropy the last layer is linear and x_L = softmax(z); with squared-error f acts on it as on any
 *  other layer. */
import type { Design } from "../generator/design/schema.ts";
import type { ReadNoise } from "./device/read-noise.ts";
import { product, transposedProduct } from "./linear.ts";

export type Network = Pick<Design["network"], "layers" | "activation" | "loss">;
type Activation = Network["activation"];

/** All vectors of one sample. Vector 0 is the input, vector l + 1 the output of layer l. */
export interface Pass {
  readonly x: readonly Float64Array[];
  /** Pre-activation of layer l. */
  readonly z: readonly Float64Array[];
  /** Error at the pre-activation of layer l: the derivative of the loss by z_l. */
  readonly delta: readonly Float64Array[];
}

export function newPass(network: Network): Pass {
  const vectors = (sizes: readonly number[]) => sizes.map((size) => new Float64Array(size));
  const outputs = network.layers.slice(1);
  return { x: vectors(network.layers), z: vectors(outputs), delta: vectors(outputs) };
}

/** x_0 = codes / 256, of sample n. */
export function loadSample(pass: Pass, codes: Uint8Array, n: number): void {
  const x = pass.x[0];
  const start = n * x.length;
  for (let i = 0; i < x.length; i++) x[i] = codes[start + i] / 256;
}

/** From x_0 to x_L.
 *  @param noise of the devices' reads */
export function forward(network: Network, weights: readonly Float64Array[], pass: Pass, noise?: ReadNoise): void {
  const last = weights.length - 1;
  weights.forEach((w, l) => {
    product(w, pass.x[l], pass.z[l]);
    noise?.(pass.x[l], pass.z[l]);
    if (l === last && network.loss === "softmax-cross-entropy") softmax(pass.z[l], pass.x[l + 1]);
    else activate(network.activation, pass.z[l], pass.x[l + 1]);
  });
}

/** The loss of a sample of class `label`; y is 1 for that class and 0 for the others.
 *      softmax-cross-entropy: −ln x_label        squared-error: ½ |x − y|² */
export function loss(network: Network, pass: Pass, label: number): number {
  const z = pass.z[pass.z.length - 1];
  const x = pass.x[pass.x.length - 1];
  if (network.loss === "softmax-cross-entropy") return logSumExp(z) - z[label];
  return x.reduce((sum, xj, j) => sum + (xj - (j === label ? 1 : 0)) ** 2 / 2, 0);
}

/** The class of the largest output, the first of equals: of the largest z under softmax (the same order, but without
 *  its underflow), of the largest x under squared-error (where several rectified outputs may be 0). */
export function prediction(network: Network, pass: Pass): number {
  const vectors = network.loss === "softmax-cross-entropy" ? pass.z : pass.x;
  const outputs = vectors[vectors.length - 1];
  let best = 0;
  for (let j = 1; j < outputs.length; j++) if (outputs[j] > outputs[best]) best = j;
  return best;
}

/** δ of every layer, from the outputs of `forward`.
 *      last layer: δ = x − y (softmax-cross-entropy), δ = (x − y) ∘ f′(z) (squared-error)
 *      before it:  δ_{l−1} = (W_lᵀ δ_l) ∘ f′(z_{l−1}) */
export function backward(
  network: Network,
  weights: readonly Float64Array[],
  pass: Pass,
  label: number,
  noise?: ReadNoise,
): void {
  const last = weights.length - 1;
  const delta = pass.delta[last];
  for (let j = 0; j < delta.length; j++) delta[j] = pass.x[last + 1][j] - (j === label ? 1 : 0);
  if (network.loss === "squared-error") timesDerivative(network.activation, pass, last);
  for (let l = last; l > 0; l--) {
    transposedProduct(weights[l], pass.delta[l], pass.delta[l - 1]);
    noise?.(pass.delta[l], pass.delta[l - 1]);
    timesDerivative(network.activation, pass, l - 1);
  }
}

/** x = f(z): relu max(z, 0), sigmoid 1 / (1 + e^−z), tanh. */
export function activate(activation: Activation, z: Float64Array, x: Float64Array): void {
  if (activation === "relu") for (let j = 0; j < z.length; j++) x[j] = Math.max(z[j], 0);
  else if (activation === "sigmoid") for (let j = 0; j < z.length; j++) x[j] = 1 / (1 + Math.exp(-z[j]));
  else for (let j = 0; j < z.length; j++) x[j] = Math.tanh(z[j]);
}

/** δ ← δ ∘ f′(z): relu 1 where z > 0, sigmoid x (1 − x), tanh 1 − x². */
function timesDerivative(activation: Activation, pass: Pass, l: number): void {
  const delta = pass.delta[l];
  const x = pass.x[l + 1];
  if (activation === "relu") for (let j = 0; j < x.length; j++) delta[j] = x[j] > 0 ? delta[j] : 0;
  else if (activation === "sigmoid") for (let j = 0; j < x.length; j++) delta[j] *= x[j] * (1 - x[j]);
  else for (let j = 0; j < x.length; j++) delta[j] *= 1 - x[j] * x[j];
}

/** x = e^z / Σ e^z, with the largest z taken out first so that nothing overflows. */
export function softmax(z: Float64Array, x: Float64Array): void {
  const total = logSumExp(z);
  for (let j = 0; j < z.length; j++) x[j] = Math.exp(z[j] - total);
}

/** ln Σ e^z */
function logSumExp(z: Float64Array): number {
  let largest = z[0];
  for (let j = 1; j < z.length; j++) largest = Math.max(largest, z[j]);
  let sum = 0;
  for (let j = 0; j < z.length; j++) sum += Math.exp(z[j] - largest);
  return largest + Math.log(sum);
}
