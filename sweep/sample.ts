/** Where a sample takes its points: parts of the way through each axis, as an endless sequence in the unit cube. */
import { Random } from "../data/random.ts";

/** First word of the keys of a sweep's random numbers; data/random.ts has those of the training. */
const STREAM = 101;

/** Independent points, equally likely everywhere. */
export function* randomPoints(dimensions: number, seed: number): Generator<number[]> {
  const random = new Random(STREAM, seed);
  while (true) yield Array.from({ length: dimensions }, () => random.uniform());
}

/** Points that fill the cube evenly at any number of them: the additive recurrence of the generalised golden ratio
 *  (Roberts, "The Unreasonable Effectiveness of Quasirandom Sequences", 2018): x ← x + 1/φ^j mod 1 on axis j, with
 *  φ the root of φ^(d+1) = φ + 1; from a start that the seed draws. */
export function* evenPoints(dimensions: number, seed: number): Generator<number[]> {
  const phi = goldenRatio(dimensions);
  const random = new Random(STREAM, seed);
  const start = Array.from({ length: dimensions }, () => random.uniform());
  for (let n = 0; ; n++) yield start.map((x, j) => (x + n * (phi ** -(j + 1) % 1)) % 1);
}

/** The root of φ^(d+1) = φ + 1, by its own fixed point. */
export function goldenRatio(dimensions: number): number {
  let phi = 2;
  for (let step = 0; step < 100; step++) phi = (1 + phi) ** (1 / (dimensions + 1));
  return phi;
}
