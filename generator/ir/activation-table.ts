/** The codes of sigmoid and tanh by the index of a pre-activation (docs/machine.md). */
import type { Design } from "../design/schema.ts";

/** Entries of a table: its index is a signed number of ten bits. */
const ENTRIES = 1024;

export function activationTable(design: Design): { table: number[]; fraction: number } {
  const n = design.tile.inputBits;
  const build = (fraction: number, scaleTo: number, min: number, max: number, f: (z: number) => number) => ({
    fraction,
    table: Array.from({ length: ENTRIES }, (_, i) =>
      Math.min(max, Math.max(min, Math.round(scaleTo * f((i - (ENTRIES - 1) / 2) / 2 ** fraction)))),
    ),
  });
  switch (design.network.activation) {
    case "relu":
      return { table: [], fraction: 0 };
    case "sigmoid":
      return build(6, 2 ** n, 0, 2 ** n - 1, (z) => 1 / (1 + Math.exp(-z)));
    case "tanh":
      return build(7, 2 ** (n - 1), -(2 ** (n - 1) - 1), 2 ** (n - 1) - 1, Math.tanh);
  }
}
