/** The order in which an epoch visits the training samples. The golden model and the simulator both follow it, so
 *  that a difference between them never comes from the data. */
import { Random, shuffled, stream } from "./random.ts";

/** A permutation of 0 … count − 1, the same for the same (count, seed, epoch), or so many draws from them, each of all.
 *  Epochs count from 0. Fisher–Yates over xoshiro128++ (see `random.ts`).
 *  @param draws a design's `training.epochSamples` */
export function epochOrder(count: number, seed: number, epoch: number, draws?: number): Uint32Array {
  const random = new Random(stream.order, seed, epoch);
  return draws === undefined ? shuffled(count, random) : Uint32Array.from({ length: draws }, () => random.below(count));
}

/** Samples of an epoch. */
export const epochLength = (count: number, draws?: number): number => draws ?? count;
