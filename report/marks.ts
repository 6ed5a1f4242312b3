/** What the pictures of reports draw alike: told apart by colour, shape and dashes, readable in grey. */
import { METHODS } from "../cli/methods.ts";

/** Okabe and Ito's colours, in the order in which they are used up. */
export const COLOURS = ["#222222", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"] as const;
const SHAPES = ["square", "circle", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right"] as const;
const DASHES = [
  [1, 0],
  [6, 3],
  [2, 2],
  [10, 3],
  [8, 2, 2, 2],
  [4, 4],
  [1, 3],
] as const;

/** The look of each method, the same in every picture. */
const ORDER = ["mbgd", "lrt", "sbpca", "nmf", "sgd", "nmf-lrt", "nmf-sbpca"].filter((name) => name in METHODS);

/** Channels by which methods are told apart. */
export function methodMarks(methods: readonly string[]) {
  const known = ORDER.filter((name) => methods.includes(name));
  const domain = [...known, ...new Set(methods.filter((name) => !known.includes(name)))];
  const look = <T>(looks: readonly T[]) =>
    domain.map((name) => looks[(ORDER.indexOf(name) < 0 ? domain.indexOf(name) : ORDER.indexOf(name)) % looks.length]);
  const channel = <T>(looks: readonly T[]) => ({
    field: "method",
    type: "nominal",
    scale: { domain, range: look(looks) },
    legend: { title: "method", symbolOpacity: 1, symbolDash: [1, 0] },
  });
  return { color: channel(COLOURS), shape: channel(SHAPES), strokeDash: channel(DASHES) };
}
