/** What a gradient method is to the golden model: one half a method, registered in registry.ts under the name of its
 *  descriptor in generator/methods. */
import type { Random } from "../data/random.ts";
import type { Gradient } from "../generator/methods/fields.ts";
import type { LowRank } from "./low-rank/low-rank.ts";

/** One layer's unit of a method that keeps factors: samples in, one by one; at the end of the batch a gradient of low
 *  rank. */
export interface GradientUnit {
  /** Takes in a sample: x of length inputs, δ of length outputs. */
  readonly add: (x: Float64Array, delta: Float64Array) => void;
  /** Ends the batch and begins the next. The gradient is the mean over the batch; its vectors are the unit's own, and
   *  stay as they are until the next `add`. */
  readonly finish: () => LowRank;
}

/** What a layer's unit is made from. */
interface UnitOf {
  /** Its method's fields. */
  readonly settings: Gradient;
  /** Outer products that it keeps; of a front end, those of the front end. */
  readonly rank: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly random: Random;
  /** Makes the unit that gathers the batch in front of it; null where there is none. */
  readonly front: (() => GradientUnit) | null;
}

export type GoldenMethod =
  | { readonly keeps: "nothing" | "gradient" }
  | { readonly keeps: "factors"; readonly newUnit: (of: UnitOf) => GradientUnit };
