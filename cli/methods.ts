/** What `rankloom compare` compares, by the names of its options. */
import type { Design } from "../generator/design/schema.ts";

export type Gradient = Partial<Design["gradient"]>;

/** Methods to compare, with the fields that make them. */
export const METHODS: Readonly<Record<string, Gradient>> = {
  sgd: { method: "sgd" },
  mbgd: { method: "mbgd" },
  sbpca: { method: "sbpca" },
  nmf: { method: "nmf", frontEnd: "none" },
  "nmf-sbpca": { method: "nmf", frontEnd: "sbpca" },
  "nmf-lrt": { method: "nmf", frontEnd: "lrt" },
  lrt: { method: "lrt" },
};

/** Updates of low-rank methods to compare. */
export const UPDATES: Readonly<Record<string, Gradient>> = {
  "rank-sum": { update: "rank-sum" },
  "rank-seq": { update: "rank-seq" },
  coincidence: { update: "rank-seq", programming: "coincidence" },
};
