/** The fields of `gradient` that only some methods have: their bounds, what they are where the file leaves them out, and
 *  what a method without them lacks. Which method has which: its descriptor says (method.ts). */
import { z } from "zod";

const int = (min: number, max: number) => z.int().min(min).max(max);

/** Most slots of a pulse train: what one that is too short for its largest probability may grow to. */
export const LONGEST_TRAIN = 1023;

/** Slots of a pulse train, where the file does not say. */
export const PULSE_TRAIN = 31;

/** Bounds of the fields. */
export const fieldBounds = {
  rank: int(1, 16),
  update: z.enum(["rank-sum", "rank-seq"]),
  frontEnd: z.string(),
  frontEndRank: int(1, 32),
  subBatch: int(1, 1024),
  iterations: int(1, 64),
  unbiased: z.number().min(0).max(1),
  factorBits: int(6, 16),
  accumulatorBits: int(12, 40),
};

/** A field's name. They are filled in the order above: a field may depend on those before it. */
export type Field = keyof typeof fieldBounds;

/** Fields with their values. */
export type Fields = { readonly [F in Field]?: z.infer<(typeof fieldBounds)[F]> };

/** The section `gradient` of a design, as far as a method reads it. */
export type Gradient = Fields & { readonly method: string };

/** Outer products of a front end, where the file does not say: twice the rank; beyond so many that gains nothing. */
export const FRONT_RANK = 10;

/** What every method that keeps factors has. */
export const factorFields = { rank: 3, update: "rank-sum", factorBits: 12 } as const satisfies Fields;

/** What is said where a method that has no such field is given one: what the method lacks. */
export const lacking: Readonly<Record<Field, string>> = {
  rank: "keeps no factors",
  update: "has no ranks to add up",
  frontEnd: "has no front end",
  frontEndRank: "has no front end",
  subBatch: "takes one sample at a time",
  iterations: "does not iterate",
  unbiased: "does not reduce at random",
  factorBits: "keeps no factors",
  accumulatorBits: "keeps no full gradient",
};

/** The value of a field that a validated design has. */
export function filled<T>(value: T | undefined, field: Field | "pulseTrain"): T {
  if (value === undefined) throw new Error(`gradient.${field} is missing: the design was not validated`);
  return value;
}
