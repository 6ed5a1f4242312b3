/** The models of ADC area and energy against the published converters that they were fitted to. */
import type { TopLevelSpec } from "vega-lite";
import { adcValue, fitAdc, QUANTITIES, surveyPoints } from "../../estimate/adc.ts";
import { BLUE, CONFIG, ORANGE, PALE, svg } from "../../report/vega.ts";
import type { Drawing } from "./drawing.ts";

const TITLE = "ADC models against published converters (data: B. Murmann, ADC Performance Survey 1997-2025)";
const COLORS = { SAR: BLUE, Flash: ORANGE };
const WHAT = { area: "area in µm²", energy: "energy of a conversion in fJ" };

/** Each converter: what the model says of one like it, and what was published. */
function panel(quantity: (typeof QUANTITIES)[number]) {
  const points = surveyPoints();
  const values = (["SAR", "Flash"] as const).flatMap((kind) => {
    const fit = fitAdc(points, kind, quantity);
    return points
      .filter((p) => p.kind === kind)
      .map((p) => ({
        kind,
        model: adcValue(fit, p.enob, p.nodeNm, p.rateHz, 0),
        published: quantity === "area" ? p.areaUm2 : p.energyFj,
      }));
  });
  const all = values.flatMap(({ model, published }) => [model, published]);
  const domain = [Math.min(...all), Math.max(...all)];
  const axis = (field: string, title: string) => ({
    field,
    type: "quantitative" as const,
    title,
    scale: { type: "log" as const, domain },
    axis: { format: "~s", tickCount: 6 },
  });
  const x = axis("model", `model: ${WHAT[quantity]}`);
  const y = axis("published", `published: ${WHAT[quantity]}`);
  return {
    width: 300,
    height: 300,
    layer: [
      {
        data: { values: domain.map((v) => ({ model: v, published: v })) },
        mark: { type: "line" as const, color: PALE, strokeDash: [4, 3] },
        encoding: { x, y },
      },
      {
        data: { values },
        mark: { type: "point" as const, filled: true, size: 40, opacity: 0.8 },
        encoding: {
          x,
          y,
          color: {
            field: "kind",
            type: "nominal" as const,
            title: null,
            scale: { domain: Object.keys(COLORS), range: Object.values(COLORS) },
          },
        },
      },
    ],
  };
}

export const adcFit: Drawing = async () => {
  const spec: TopLevelSpec = { hconcat: QUANTITIES.map(panel), config: CONFIG, padding: 14 };
  return { "adc-fit.svg": await svg(spec, TITLE) };
};
