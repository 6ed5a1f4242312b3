/** A method that takes in several samples at once, as a unit that takes in one after the other. */
import type { GradientUnit } from "../method.ts";
import type { LowRank } from "./low-rank.ts";

interface SubBatchMethod {
  readonly add: (x: readonly Float64Array[], delta: readonly Float64Array[]) => void;
  readonly gradient: () => LowRank;
  readonly startBatch: () => void;
}

/** Gathers samples until there are enough of them; the last sub-batch of a batch may have fewer. */
export function bySubBatches(size: number, method: SubBatchMethod): GradientUnit {
  const x: Float64Array[] = [];
  const delta: Float64Array[] = [];
  const flush = () => {
    if (x.length > 0) method.add(x, delta);
    x.length = 0;
    delta.length = 0;
  };
  return {
    add: (xn, deltaN) => {
      x.push(size > 1 ? xn.slice() : xn);
      delta.push(size > 1 ? deltaN.slice() : deltaN);
      if (x.length === size) flush();
    },
    finish: () => {
      flush();
      const gradient = method.gradient();
      method.startBatch();
      return gradient;
    },
  };
}
