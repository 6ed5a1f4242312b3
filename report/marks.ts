/** What the pictures of reports draw alike: told apart by colour, shape and dashes, readable in grey. */
import { variants } from "../generator/methods/compared.ts";

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

/** Channels by which methods are told apart. */
export function methodMarks(methods: readonly string[]) {
  const looks = new Map(variants().map(({ name, look }) => [name, look]));
  const known = [...looks.keys()]
    .filter((name) => methods.includes(name))
    .sort((a, b) => (looks.get(a) ?? 0) - (looks.get(b) ?? 0));
  const domain = [...known, ...new Set(methods.filter((name) => !known.includes(name)))];
  const channel = <T>(choices: readonly T[], of: (look: number) => number) => ({
    field: "method",
    type: "nominal",
    scale: { domain, range: domain.map((name, n) => choices[of(looks.get(name) ?? n) % choices.length]) },
    legend: { title: "method", symbolOpacity: 1, symbolDash: [1, 0] },
  });
  // Beyond the last colour they begin again, each with another shape and dashes than the first time.
  const turned = (look: number) => look + Math.floor(look / COLOURS.length);
  return {
    color: channel(COLOURS, (look) => look),
    shape: channel(SHAPES, turned),
    strokeDash: channel(DASHES, turned),
  };
}
