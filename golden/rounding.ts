/** From a wished number of pulses to a whole one. */
import type { Random } from "../data/random.ts";
import type { Design } from "../generator/design/schema.ts";

export type Rounding = Design["gradient"]["rounding"];

/** SR(t) = floor(t + u), u uniform in [0, 1): E[SR(t)] = t. */
export function stochastic(t: number, u: number): number {
  return Math.floor(t + u);
}

/** floor(t + ½) */
export function nearest(t: number): number {
  return Math.floor(t + 0.5);
}

export function round(rounding: Rounding, t: number, random: Random): number {
  return rounding === "stochastic" ? stochastic(t, random.uniform()) : nearest(t);
}
