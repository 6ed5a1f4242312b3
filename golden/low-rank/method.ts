/** The low-rank methods behind one interface: samples in, one by one; at the end of the batch a gradient of low rank. */
import type { Random } from "../../data/random.ts";
import type { Design } from "../../generator/design/schema.ts";
import { filled, isLowRank } from "../../generator/methods/fields.ts";
import type { LowRank } from "./low-rank.ts";
import { reconstruct } from "./low-rank.ts";
import * as lrt from "./lrt.ts";
import * as nmf from "./nmf.ts";
import * as sbpca from "./sbpca.ts";

/** One layer's unit. */
export interface GradientUnit {
  /** Takes in a sample: x of length inputs, δ of length outputs. */
  readonly add: (x: Float64Array, delta: Float64Array) => void;
  /** Ends the batch and begins the next. The gradient is the mean over the batch; its vectors are the unit's own, and
   *  stay as they are until the next `add`. */
  readonly finish: () => LowRank;
}

export type MethodSettings = Pick<
  Design["gradient"],
  "method" | "rank" | "subBatch" | "iterations" | "unbiased" | "frontEnd" | "frontEndRank"
>;

export function newGradientUnit(
  settings: MethodSettings,
  inputs: number,
  outputs: number,
  random: Random,
): GradientUnit {
  const { method, frontEnd } = settings;
  if (!isLowRank(method)) throw new Error(`${method} is no low-rank method`);
  const rank = filled(settings.rank, "rank");
  if (method !== "nmf") return newStream(method, settings, rank, inputs, outputs, random);

  const iterations = filled(settings.iterations, "iterations");
  const state = nmf.newNmf(inputs, outputs, rank, random);
  if (frontEnd === "sbpca" || frontEnd === "lrt") {
    const frontEndRank = filled(settings.frontEndRank, "frontEndRank");
    const front = newStream(frontEnd, settings, frontEndRank, inputs, outputs, random);
    const finish = () => {
      nmf.factorise(state, reconstruct(front.finish(), state.net), iterations);
      return nmf.gradientOf(state);
    };
    return { add: front.add, finish };
  }
  return bySubBatches(filled(settings.subBatch, "subBatch"), {
    add: (x, delta) => nmf.addSubBatch(state, x, delta, iterations),
    gradient: () => nmf.gradientOf(state),
    startBatch: () => nmf.startBatch(state),
  });
}

/** A streaming unit, by itself or as the front end of nmf. */
function newStream(
  method: "sbpca" | "lrt",
  settings: MethodSettings,
  rank: number,
  inputs: number,
  outputs: number,
  random: Random,
): GradientUnit {
  if (method === "sbpca") {
    const state = sbpca.newSbpca(inputs, outputs, rank, random);
    return bySubBatches(filled(settings.subBatch, "subBatch"), {
      add: (x, delta) => sbpca.addSubBatch(state, x, delta),
      gradient: () => sbpca.gradientOf(state),
      startBatch: () => sbpca.startBatch(state),
    });
  }
  const state = lrt.newLrt(inputs, outputs, rank);
  const unbiased = filled(settings.unbiased, "unbiased");
  const reduce = (s: Float64Array) =>
    random.uniform() < unbiased ? lrt.unbiasedReduction(s, random) : lrt.truncation(s);
  // Its gradient must outlive the batch, which the next one's start would clear.
  let ended = false;
  return {
    add: (x, delta) => {
      if (ended) lrt.startBatch(state);
      ended = false;
      lrt.addSample(state, x, delta, reduce);
    },
    finish: () => {
      ended = true;
      return lrt.gradientOf(state);
    },
  };
}

interface SubBatchMethod {
  readonly add: (x: readonly Float64Array[], delta: readonly Float64Array[]) => void;
  readonly gradient: () => LowRank;
  readonly startBatch: () => void;
}

/** Gathers samples until there are enough of them; the last sub-batch of a batch may have fewer. */
function bySubBatches(size: number, method: SubBatchMethod): GradientUnit {
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
