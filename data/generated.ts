/** A data set made from nothing, for designs of any shape: well separated class prototypes, plus noise. Deterministic.
 *  Many codes are zero, as in images, so that the zero-skipping of a model is exercised. */
import { Random, stream } from "./random.ts";
import type { Samples, Shape, SplitSamples } from "./samples.ts";

const generatedCounts = { train: 4096, test: 1024 };

const seed = 1;
const candidates = 24;

export function generateDataset(shape: Shape): SplitSamples {
  const prototypes = drawPrototypes(shape);
  return {
    train: drawSamples(shape, prototypes, generatedCounts.train, stream.train),
    test: drawSamples(shape, prototypes, generatedCounts.test, stream.test),
  };
}

/** The first `count` training samples of `generateDataset`. */
export function generateHead(shape: Shape, count: number): Samples {
  return drawSamples(shape, drawPrototypes(shape), Math.min(count, generatedCounts.train), stream.train);
}

interface Prototypes {
  /** outputs × inputs. */
  readonly values: Float64Array;
  /** Largest noise of one input that keeps the classes apart. */
  readonly noise: number;
}

/** One prototype a class: of some random candidates the one whose direction is farthest from the earlier ones'
 *  (a network without bias tells directions apart, not lengths). */
function drawPrototypes(shape: Shape): Prototypes {
  const { inputs, outputs } = shape;
  const random = new Random(stream.prototypes, seed, inputs, outputs);
  const zeroPart = inputs >= 16 ? 0.7 : 0.3;
  const values = new Float64Array(outputs * inputs);
  let separation = 2;
  for (let c = 0; c < outputs; c++) {
    let farthest = -1;
    for (let t = 0; t < candidates; t++) {
      const candidate = Float64Array.from({ length: inputs }, () =>
        random.uniform() < zeroPart ? 0 : 96 + random.below(128),
      );
      if (candidate.every((value) => value === 0)) candidate[random.below(inputs)] = 96 + random.below(128);
      let nearest = 2;
      for (let other = 0; other < c; other++) {
        nearest = Math.min(nearest, distance(candidate, values.subarray(other * inputs, (other + 1) * inputs)));
      }
      if (nearest > farthest) {
        farthest = nearest;
        values.set(candidate, c * inputs);
      }
    }
    separation = Math.min(separation, farthest);
  }
  return { values, noise: Math.min(32, (96 * separation) / 6) };
}

/** Between the directions of two vectors: length of the chord of their angle. */
function distance(a: Float64Array, b: Float64Array): number {
  let product = 0;
  let lengthA = 0;
  let lengthB = 0;
  for (let i = 0; i < a.length; i++) {
    product += a[i] * b[i];
    lengthA += a[i] * a[i];
    lengthB += b[i] * b[i];
  }
  return Math.sqrt(Math.max(0, 2 - 2 * (product / Math.sqrt(lengthA * lengthB))));
}

function drawSamples(shape: Shape, prototypes: Prototypes, count: number, purpose: number): Samples {
  const { inputs, outputs } = shape;
  const random = new Random(purpose, seed, inputs, outputs);
  const codes = new Uint8Array(count * inputs);
  const labels = new Uint16Array(count);
  for (let n = 0; n < count; n++) {
    const label = random.below(outputs);
    labels[n] = label;
    const brightness = 0.7 + 0.4 * random.uniform();
    for (let i = 0; i < inputs; i++) {
      const value = prototypes.values[label * inputs + i];
      if (value === 0) continue; // what a class leaves dark stays dark
      const noisy = value * brightness + prototypes.noise * (2 * random.uniform() - 1);
      codes[n * inputs + i] = Math.min(Math.max(Math.round(noisy), 0), 255);
    }
  }
  return { count, codes, labels };
}
