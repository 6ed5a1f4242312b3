/** An estimate as `rankloom estimate --json` writes it: its areas as pictures. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { z } from "zod";
import { Refusal } from "../generator/base/errors.ts";
import type { Design } from "../generator/design/schema.ts";
import { type Picture, plot } from "./picture.ts";

const names = z.record(z.string(), z.string());

/** What is drawn of it. A breakdown names its figures. */
const schema = z.object({
  format: z.literal(1),
  design: z.custom<Design>((value) => typeof value === "object" && value !== null),
  breakdowns: z.object({ area: z.object({ byLayer: names, byUnit: names }) }),
  figures: z.record(z.string(), z.object({ value: z.number(), unit: z.string() })),
});

export interface Estimate extends z.infer<typeof schema> {
  readonly name: string;
}

export const estimateOf = (name: string, json: unknown): Estimate => ({ name, ...schema.parse(json) });

/** @throws Refusal where the file is no estimate */
export function readEstimate(file: string): Estimate {
  try {
    return estimateOf(basename(file, ".json"), JSON.parse(readFileSync(file, "utf8")));
  } catch {
    throw new Refusal(`${file}: is neither a run nor an estimate; give what rankloom estimate --json wrote`);
  }
}

/** What of a design makes its netlist. */
const netlist = ({ network, tile, gradient, training }: Design): string =>
  JSON.stringify([network, tile, gradient, training.batch]);

/** MHz of the first estimate of the design's netlist, or null. */
export function clockOf(design: Design, estimates: readonly Estimate[]): number | null {
  const own = netlist(design);
  const period = estimates.find((estimate) => netlist(estimate.design) === own)?.figures["clock.period"];
  return period === undefined ? null : PS_PER_US / period.value;
}

const PS_PER_US = 1e6;

/** Square nanometres of a square micrometre. */
const NM2 = 1e6;

/** @param suffix of the pictures' names, where a report has several estimates */
export function areaPictures({ name, breakdowns, figures }: Estimate, suffix: string): Picture[] {
  return (["byUnit", "byLayer"] as const).map((by) => {
    const rows = Object.entries(breakdowns.area[by])
      .map(([part, id]) => ({ part, area: figures[id].value / NM2 }))
      .toSorted((a, b) => b.area - a.area);
    const y = { field: "part", type: "nominal", sort: null, axis: { title: null } };
    const x = {
      field: "area",
      type: "quantitative",
      axis: { title: "area (µm²)", format: ",.4~r", labelOverlap: true },
    };
    return {
      id: `${by === "byUnit" ? "area-by-unit" : "area-by-layer"}${suffix}`,
      title: by === "byUnit" ? "Area by unit" : "Area by layer",
      note: `From ${name}; how each figure came about: rankloom estimate --explain.`,
      content: plot(
        {
          width: 420,
          height: { step: 18 },
          layer: [
            {
              mark: { type: "bar", color: "#56B4E9", stroke: "#222222", strokeWidth: 0.8 },
              encoding: {
                y,
                x,
                tooltip: [{ field: "part" }, { field: "area", type: "quantitative", format: ",.4~r" }],
              },
            },
            {
              mark: { type: "text", align: "left", dx: 4, fontSize: 10 },
              encoding: { y, x, text: { field: "area", type: "quantitative", format: ".3~s" } },
            },
          ],
        },
        rows,
      ),
    };
  });
}
