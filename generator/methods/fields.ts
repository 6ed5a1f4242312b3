/** Which fields of `gradient` a method has, and what they are where the file leaves them out. A field that a method
 *  does not have stays absent, and is refused where the file gives it. Bounds are in `schema.ts`. */
import { Refusal } from "../base/errors.ts";
import type { Design } from "../design/schema.ts";

type Gradient = Design["gradient"];
export type Method = Gradient["method"];

/** Methods that keep a batch's gradient as a few outer products. */
export const lowRankMethods = ["sbpca", "nmf", "lrt"] as const satisfies readonly Method[];
export type LowRankMethod = (typeof lowRankMethods)[number];

export function isLowRank(method: Method): method is LowRankMethod {
  return (lowRankMethods as readonly Method[]).includes(method);
}

/** Most slots of a pulse train: what one that is too short for its largest probability may grow to. */
export const LONGEST_TRAIN = 1023;

export const methodDefaults = {
  rank: 3,
  update: "rank-sum",
  pulseTrain: 31,
  frontEnd: "none",
  /** Beyond this many, twice the rank gains nothing. */
  frontEndRank: 10,
  /** Of nmf itself; sbpca needs no sample buffer. */
  nmfSubBatch: 8,
  sbpcaSubBatch: 1,
  iterations: 3,
  unbiased: 1,
  factorBits: 12,
} as const;

interface Rule {
  readonly field:
    | "rank"
    | "update"
    | "pulseTrain"
    | "frontEnd"
    | "frontEndRank"
    | "subBatch"
    | "iterations"
    | "unbiased"
    | "factorBits";
  /** Rules are applied in their order: those before this one have filled their fields. */
  readonly applies: (gradient: Gradient) => boolean;
  /** Why the field has no meaning, and what would be right. */
  readonly refusal: (gradient: Gradient) => string;
  readonly otherwise: (gradient: Gradient, batch: number) => Gradient[Rule["field"]];
}

const useLowRank = "leave it out, or use gradient.method sbpca, nmf or lrt";
const useFrontEnd = "leave it out, or use gradient.method nmf with gradient.frontEnd sbpca or lrt";

const rules: readonly Rule[] = [
  {
    field: "rank",
    applies: ({ method }) => isLowRank(method),
    refusal: ({ method }) => `${method} keeps no factors; ${useLowRank}`,
    otherwise: () => methodDefaults.rank,
  },
  {
    field: "update",
    applies: ({ method }) => isLowRank(method),
    refusal: ({ method }) => `${method} has no ranks to add up; ${useLowRank}`,
    otherwise: () => methodDefaults.update,
  },
  {
    field: "pulseTrain",
    applies: ({ programming }) => programming === "coincidence",
    refusal: () => "row programming has no pulse trains; leave it out, or use gradient.programming coincidence",
    otherwise: () => methodDefaults.pulseTrain,
  },
  {
    field: "frontEnd",
    applies: ({ method }) => method === "nmf",
    refusal: ({ method }) => `${method} has no front end; leave it out, or use gradient.method nmf`,
    otherwise: () => methodDefaults.frontEnd,
  },
  {
    field: "frontEndRank",
    applies: ({ frontEnd }) => frontEnd !== undefined && frontEnd !== "none",
    refusal: () => `there is no front end; ${useFrontEnd}`,
    otherwise: ({ rank = 0 }) => Math.max(rank, Math.min(2 * rank, methodDefaults.frontEndRank)),
  },
  {
    field: "subBatch",
    applies: ({ method, frontEnd }) => method === "sbpca" || frontEnd === "none" || frontEnd === "sbpca",
    refusal: ({ method }) =>
      method === "nmf"
        ? "a front end of lrt takes one sample at a time; leave it out, or use gradient.frontEnd sbpca or none"
        : `${method} takes one sample at a time; leave it out, or use gradient.method sbpca or nmf`,
    otherwise: ({ frontEnd }, batch) =>
      Math.min(frontEnd === "none" ? methodDefaults.nmfSubBatch : methodDefaults.sbpcaSubBatch, batch),
  },
  {
    field: "iterations",
    applies: ({ method }) => method === "nmf",
    refusal: ({ method }) => `${method} does not iterate; leave it out, or use gradient.method nmf`,
    otherwise: () => methodDefaults.iterations,
  },
  {
    field: "unbiased",
    applies: ({ method, frontEnd }) => method === "lrt" || frontEnd === "lrt",
    refusal: ({ method }) =>
      method === "nmf"
        ? "there is no front end of lrt; leave it out, or use gradient.frontEnd lrt"
        : `${method} does not reduce at random; leave it out, or use gradient.method lrt`,
    otherwise: () => methodDefaults.unbiased,
  },
  {
    field: "factorBits",
    applies: ({ method }) => isLowRank(method),
    refusal: ({ method }) => `${method} keeps no factors; ${useLowRank}`,
    otherwise: () => methodDefaults.factorBits,
  },
];

/** The `gradient` of a design with every field that its method has.
 *  @param refuse called with the path, and with what is wrong and what would be right */
export function withMethodFields(design: Design, refuse: (path: string, why: string) => never): Gradient {
  const { batch } = design.training;
  const gradient: Gradient = { ...design.gradient };
  refuseProgramming(design, refuse);
  for (const { field, applies, refusal, otherwise } of rules) {
    if (applies(gradient)) Object.assign(gradient, { [field]: gradient[field] ?? otherwise(gradient, batch) });
    else if (gradient[field] !== undefined) refuse(`gradient.${field}`, refusal(gradient));
  }
  const { rank = 0, frontEndRank = rank, subBatch = 0 } = gradient;
  if (frontEndRank < rank)
    refuse("gradient.frontEndRank", `${frontEndRank} is less than gradient.rank; use at least ${rank}`);
  if (subBatch > batch) refuse("gradient.subBatch", `${subBatch} is more than training.batch; use at most ${batch}`);
  return gradient;
}

function refuseProgramming({ gradient, device }: Design, refuse: (path: string, why: string) => never): void {
  const { method, programming, update, rounding } = gradient;
  if (programming !== "coincidence") return;
  const path = "gradient.programming";
  if (method === "mbgd")
    refuse(path, "coincidence programs outer products, and mbgd has none; use row, or gradient.method sgd");
  if (method !== "sgd" && update !== "rank-seq")
    refuse(path, "coincidence programs one rank at a time; use row, or gradient.update rank-seq");
  if (device.preset === "ideal")
    refuse(path, "coincidence needs pulses, and a device of continuous weights has none; use row, or ideal-N");
  if (rounding === "nearest")
    refuse("gradient.rounding", "nearest is not what coincidence does; use stochastic, or gradient.programming row");
}

/** The value of a field that `validateDesign` has filled. */
export function filled<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw new Error(`gradient.${field} is missing: the design was not validated`);
  return value;
}

/** What the golden model has beyond the hardware: refused before any work is done. */
export function hardwareMethod({ name, gradient }: Design): Method {
  const only = "is in the golden model only so far";
  const { method, frontEnd, subBatch } = gradient;
  if ((method === "sbpca" || frontEnd === "sbpca") && subBatch !== 1)
    throw new Refusal(`${name}: gradient.subBatch: ${subBatch} ${only}; use 1, or rankloom golden`);
  return method;
}
