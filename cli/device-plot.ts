/** The picture of a fit: measured conductances and the fitted curve, and below them what each pulse did beyond it. */
import type { TopLevelSpec } from "vega-lite";
import { aOfLabel } from "../generator/device/nonlinearity.ts";
import { type Direction, riseOf } from "../golden/device/step.ts";
import type { Curves } from "../golden/fit/curves.ts";
import type { Fit } from "../golden/fit/fit.ts";
import { BLUE, CONFIG, ORANGE, PALE } from "../report/vega.ts";

/** More points than this in a panel hide each other. */
const MOST_POINTS = 3000;
const WIDTH = 360;

interface Point {
  readonly pulse: number;
  /** After the pulse, in the picture's unit. */
  readonly conductance: number;
  /** Change by the pulse without the fit's, in per cent of the range, upwards above 0. */
  readonly residual: number;
}

export function fitSpec(curves: Curves, fit: Fit, name: string): TopLevelSpec {
  const unit = unitOf(fit.highest);
  const panel = (direction: Direction) => {
    const points = pointsOf(curves, fit, direction, unit.siemens);
    const line = lineOf(fit, direction, unit.siemens);
    const label = direction === "set" ? fit.set.label : -fit.reset.label;
    return {
      vconcat: [
        {
          width: WIDTH,
          height: 220,
          title: { text: direction, subtitle: `label ${label.toFixed(2)}, ${fit.states[direction]} states` },
          layer: [
            scatter(points, "conductance", `conductance (${unit.name})`),
            {
              data: { values: line },
              mark: { type: "line", color: ORANGE, strokeWidth: 2.5 },
              encoding: { x: pulseAxis, y: { field: "conductance", type: "quantitative" } },
            },
          ],
        },
        {
          width: WIDTH,
          height: 120,
          layer: [
            scatter(points, "residual", "residual by pulse (% of range)"),
            {
              data: { values: [{ residual: 0 }] },
              mark: { type: "rule", color: PALE },
              encoding: { y: { field: "residual", type: "quantitative" } },
            },
          ],
        },
      ],
    };
  };
  const noise = `${(100 * fit.cycleToCycle).toPrecision(3)} % of the range`;
  return {
    config: CONFIG,
    padding: 14,
    spacing: 36,
    title: {
      text: name,
      subtitle: `measured (dots) and fitted curve (line); cycle to cycle ${noise}${fit.deviceToDevice === null ? "" : `, device to device ${fit.deviceToDevice.toPrecision(3)}`}`,
      fontSize: 16,
      offset: 18,
    },
    hconcat: [panel("set"), panel("reset")],
  } as TopLevelSpec;
}

const pulseAxis = { field: "pulse", type: "quantitative", axis: { title: "pulse", grid: false } } as const;

const scatter = (points: readonly Point[], field: "conductance" | "residual", title: string) => ({
  data: { values: points },
  mark: { type: "circle", color: BLUE, size: 9, opacity: 0.35 },
  encoding: {
    x: pulseAxis,
    y: { field, type: "quantitative", scale: { zero: false }, axis: { title, domain: false, ticks: false } },
  },
});

/** The unit whose numbers are from 1 to 1000. */
function unitOf(siemens: number): { name: string; siemens: number } {
  const names = ["S", "mS", "µS", "nS", "pS"];
  const n = Math.min(names.length - 1, Math.max(0, Math.ceil(-Math.log10(siemens) / 3)));
  return { name: names[n], siemens: 10 ** (-3 * n) };
}

function pointsOf({ devices }: Curves, fit: Fit, direction: Direction, unit: number): Point[] {
  const all = devices.reduce((sum, device) => sum + device[direction].to.length, 0);
  const stride = Math.ceil(all / MOST_POINTS);
  let place = 0;
  return devices.flatMap(({ lowest, highest, ...device }, d) => {
    const { from, to, pulse } = device[direction];
    const rise = riseOf(aOfLabel(fit.devices[d][direction].label), fit.states[direction]);
    const up = direction === "set" ? 1 : -1;
    const start = direction === "set" ? lowest : highest;
    return Array.from(to, (after, n): Point | null =>
      place++ % stride === 0
        ? {
            pulse: pulse[n],
            conductance: (start + up * (highest - lowest) * after) / unit,
            residual: 100 * up * (after - Math.min(1, from[n] + rise(from[n]))),
          }
        : null,
    ).filter((point) => point !== null);
  });
}

/** The mean device's curve without noise, from the end where the direction starts. */
function lineOf(fit: Fit, direction: Direction, unit: number): Omit<Point, "residual">[] {
  const { lowest, highest, states } = fit;
  const rise = riseOf(aOfLabel(fit[direction].label), states[direction]);
  let x = 0;
  return Array.from({ length: states[direction] + 1 }, (_, pulse) => {
    if (pulse > 0) x = Math.min(1, x + rise(x));
    const g = direction === "set" ? x : 1 - x;
    return { pulse, conductance: (lowest + (highest - lowest) * g) / unit };
  });
}
