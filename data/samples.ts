/** What a data set is: plain arrays of unsigned 8-bit codes and class numbers. */

export interface Samples {
  readonly count: number;
  /** count × inputs, row-major; the real value of a code is code / 256. */
  readonly codes: Uint8Array;
  /** Class number of each sample, 0 … outputs − 1. */
  readonly labels: Uint16Array;
}

/** Inputs and outputs of the network that reads the data: its first and last layer. */
export interface Shape {
  readonly inputs: number;
  readonly outputs: number;
}

export interface SplitSamples {
  readonly train: Samples;
  readonly test: Samples;
}
