/** The cells of a layer, whatever devices they are. */
import type { Memristors } from "./memristors.ts";

/** Conductances of the cells that add, then of those that subtract. */
export type Pairs = Float64Array;

export interface Cells {
  /** [inputs][outputs] */
  readonly weights: Float64Array;
  /** Pulses that each cell has had; of pairs, of those that add and then of those that subtract. */
  readonly pulses: Uint32Array;
  readonly pairs?: Pairs;
  /** Absent where they are all ideal. */
  readonly memristors?: Memristors;
}
