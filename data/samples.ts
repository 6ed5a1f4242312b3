/** What a data set is: plain arrays of unsigned 8-bit codes and class numbers. */
import type { Design } from "../generator/design/schema.ts";

export interface Samples {
  readonly count: number;
  /** count × inputs, row-major; the real value of a code is code / 256. */
  readonly codes: Uint8Array;
  /** Class number of each sample, 0 … outputs − 1. */
  readonly labels: Uint16Array;
}

/** What the network that reads the data takes. */
export interface Shape {
  /** Its first and last layer. */
  readonly inputs: number;
  readonly outputs: number;
  /** Of square images, the central pixels in each direction. */
  readonly crop?: number;
  /** Bits that are left of a code: the nearest of so few. */
  readonly bits?: number;
}

export function shapeOf({ layers, crop, sampleBits }: Design["network"]): Shape {
  return { inputs: layers[0], outputs: layers[layers.length - 1], crop, bits: sampleBits };
}

/** The samples in codes of so many bits, spread over the 8 that codes have; of one bit, 0 or the largest. */
export function inBits(samples: Samples, bits: number): Samples {
  const most = 2 ** bits - 1;
  const codes = samples.codes.map((code) =>
    bits === 1 ? (code < 128 ? 0 : 255) : Math.min(most, Math.round(code / 2 ** (8 - bits))) * 2 ** (8 - bits),
  );
  return { ...samples, codes };
}

export interface SplitSamples {
  readonly train: Samples;
  readonly test: Samples;
}
