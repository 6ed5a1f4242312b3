/** The order in which an epoch visits the training samples. The golden model and the simulator both follow it, so
 *  that a difference between them never comes from the data. */
import { Random, shuffled, stream } from "./random.ts";

/** A permutation of 0 … count − 1, the same for the same (count, seed, epoch). Epochs count from 0.
 *  Fisher–Yates over xoshiro128++ (see `random.ts`). */
export function epochOrder(count: number, seed: number, epoch: number): Uint32Array {
  return shuffled(count, new Random(stream.order, seed, epoch));
}
