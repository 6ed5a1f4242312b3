/** The exact mean gradient of a batch: what every other method approximates. */
import type { Samples } from "../data/samples.ts";
import type { ReadNoise } from "./device/read-noise.ts";
import { addOuterProduct } from "./linear.ts";
import { backward, forward, loadSample, loss, type Network, newPass, type Pass, prediction } from "./network.ts";

export interface BatchGradient {
  /** G of each layer, laid out like its weights. */
  readonly layers: Float64Array[];
  /** Mean loss of the batch, before any update. */
  readonly loss: number;
  /** Samples whose largest output was their label's. */
  readonly correct: number;
}

/** G = (1/B) Σ δ xᵀ, from given vectors: x of B × inputs and δ of B × outputs, row-major. Result [inputs][outputs]. */
export function meanOuterProduct(x: Float64Array, delta: Float64Array, inputs: number, outputs: number): Float64Array {
  const gradient = new Float64Array(inputs * outputs);
  const batch = x.length / inputs;
  for (let n = 0; n < batch; n++) {
    const xn = x.subarray(n * inputs, (n + 1) * inputs);
    addOuterProduct(gradient, delta.subarray(n * outputs, (n + 1) * outputs), xn, 1 / batch);
  }
  return gradient;
}

/** Exact gradient of the mean loss over the samples whose numbers are in `batch`. `visit` sees each sample's vectors
 *  after its backward pass. Arrays of `reuse` are overwritten and returned; without it new ones are made. */
export function exactGradient(
  network: Network,
  weights: readonly Float64Array[],
  samples: Samples,
  batch: Uint32Array,
  reuse?: { readonly layers: Float64Array[]; readonly pass: Pass },
  visit?: (pass: Pass) => void,
  noise?: ReadNoise,
): BatchGradient {
  const layers = reuse?.layers ?? weights.map((w) => new Float64Array(w.length));
  const pass = reuse?.pass ?? newPass(network);
  for (const gradient of layers) gradient.fill(0);
  let total = 0;
  let correct = 0;
  for (const n of batch) {
    const label = samples.labels[n];
    loadSample(pass, samples.codes, n);
    forward(network, weights, pass, noise);
    backward(network, weights, pass, label, noise);
    layers.forEach((gradient, l) => {
      addOuterProduct(gradient, pass.delta[l], pass.x[l], 1 / batch.length);
    });
    total += loss(network, pass, label);
    if (prediction(network, pass) === label) correct++;
    visit?.(pass);
  }
  return { layers, loss: total / batch.length, correct };
}

/** Part of the samples that the network classifies rightly. */
export function accuracy(
  network: Network,
  weights: readonly Float64Array[],
  samples: Samples,
  noise?: ReadNoise,
): number {
  const pass = newPass(network);
  let correct = 0;
  for (let n = 0; n < samples.count; n++) {
    loadSample(pass, samples.codes, n);
    forward(network, weights, pass, noise);
    if (prediction(network, pass) === samples.labels[n]) correct++;
  }
  return correct / samples.count;
}
