/** What a read adds to its sums. */
import type { Random } from "../../data/random.ts";

/** Adds its noise to the sums of a product of which x drives the lines. */
export type ReadNoise = (x: Float64Array, sums: Float64Array) => void;

/** Each cell's conductance differs from read to read by `deviation` · N(0, 1) of the range, which is 2 in weights:
 *      z ← z + 2 · deviation · |x| · N(0, 1)
 *  with a draw for each sum. Of m lines driven at 1, |x| = √m. Of pairs the range is 1 in weights, and two cells differ:
 *  √2 instead of 2. */
export function newReadNoise(deviation: number, pairs: boolean, random: Random): ReadNoise {
  return (x, sums) => {
    let square = 0;
    for (const xi of x) square += xi * xi;
    const scale = (pairs ? Math.SQRT2 : 2) * deviation * Math.sqrt(square);
    if (scale === 0) return;
    for (let j = 0; j < sums.length; j++) sums[j] += scale * random.normal();
  };
}
