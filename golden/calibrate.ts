/** The ranges of real data in a network that begins to train: what fixed-point formats are chosen from. */
import type { Samples } from "../data/samples.ts";
import type { Pass } from "./network.ts";
import { type GoldenDesign, newTrainer } from "./trainer.ts";

interface LayerRange {
  /** Largest |z| of the layer. */
  readonly maxPreactivation: number;
  /** Largest |x| at the layer's output; of a softmax layer, which is linear, the largest |z|. */
  readonly maxActivation: number;
  /** Largest |δ| at the layer's pre-activation. */
  readonly maxError: number;
}

export interface Calibration {
  readonly layers: readonly LayerRange[];
  /** Samples that were read. */
  readonly samples: number;
}

/** Trains on the first batches of the samples, in the order they come, and keeps every vector's largest magnitude.
 *  With fewer samples than one batch, the batch is what there is. `visit` sees each sample's vectors and the weights
 *  they came from, for ranges that depend on the hardware. */
export function calibrate(options: {
  readonly design: GoldenDesign;
  readonly data: Samples;
  readonly initial: readonly Float64Array[];
  readonly batches: number;
  readonly visit?: (pass: Pass, weights: readonly Float64Array[]) => void;
}): Calibration {
  const { design, data, initial, visit } = options;
  const trainer = newTrainer(design, initial, design.training.seed);
  const batch = Math.min(design.training.batch, data.count);
  const batches = Math.min(options.batches, Math.floor(data.count / batch));
  const softmaxLayer = design.network.loss === "softmax-cross-entropy" ? initial.length - 1 : -1;
  const maxima = initial.map(() => ({ maxPreactivation: 0, maxActivation: 0, maxError: 0 }));
  const observe = (pass: Pass) => {
    maxima.forEach((layer, l) => {
      const output = l === softmaxLayer ? pass.z[l] : pass.x[l + 1];
      layer.maxPreactivation = Math.max(layer.maxPreactivation, largest(pass.z[l]));
      layer.maxActivation = Math.max(layer.maxActivation, largest(output));
      layer.maxError = Math.max(layer.maxError, largest(pass.delta[l]));
    });
    visit?.(pass, trainer.weights);
  };
  for (let b = 0; b < batches; b++) {
    trainer.train(
      data,
      Uint32Array.from({ length: batch }, (_, n) => b * batch + n),
      observe,
    );
  }
  return { layers: maxima, samples: batches * batch };
}

function largest(vector: Float64Array): number {
  let result = 0;
  for (let j = 0; j < vector.length; j++) result = Math.max(result, Math.abs(vector[j]));
  return result;
}
