/** How near the machine's values come to the bound of the golden model, as a picture. */

import { type Picture, plot } from "./picture.ts";
import type { RunRecord } from "./record.ts";

const NAMES = { preactivation: "z", activation: "x", delta: "δ" } as const;

/** @param n number of the check in the report */
export function checksPicture(record: RunRecord & { readonly kind: "verify" }, n: number): Picture {
  const rows = record.result.goldenError.flatMap((layer) =>
    (["preactivation", "activation", "delta"] as const).flatMap((what) => {
      const held = layer[what];
      if (held === null || held.elements === 0) return [];
      const { error, bound, outside, elements } = held;
      return [
        {
          value: `${NAMES[what]}, layer ${layer.layer}`,
          part: bound === 0 ? 0 : error / bound,
          error,
          bound,
          outside,
          elements,
        },
      ];
    }),
  );
  return {
    id: n === 0 ? "bounds" : `bounds-${n + 1}`,
    title: "Distance from float64, as part of its bound",
    note: `${record.name}: the element with the largest distance of each kind; 1 is its derived bound.`,
    content: plot(
      {
        width: 360,
        height: { step: 20 },
        layer: [
          {
            mark: { type: "bar", color: "#56B4E9", stroke: "#222222", strokeWidth: 0.8, height: { band: 0.6 } },
            encoding: {
              y: { field: "value", type: "nominal", sort: null, axis: { title: null } },
              x: {
                field: "part",
                type: "quantitative",
                scale: { domainMin: 0, nice: true },
                axis: { title: "largest error / its bound" },
              },
              tooltip: ["value", "error", "bound", "elements", "outside"].map((field) => ({ field, type: "nominal" })),
            },
          },
          {
            mark: { type: "rule", color: "#D55E00", strokeWidth: 2, strokeDash: [5, 3] },
            encoding: { x: { datum: 1 } },
          },
        ],
      },
      rows,
    ),
  };
}
