/** What one pulse does to a memristor. A conductance g is a part of the range, 0 at its lowest, 1 at its highest. */
import type { Random } from "../../data/random.ts";
import { aOfLabel } from "../../generator/device/nonlinearity.ts";
import type { Device, Response } from "../../generator/device/resolve.ts";

export type Direction = "set" | "reset";

/** The change of g by one pulse that finds the device at g. */
export interface Step {
  /** Below 0 of a reset, as a rule. */
  readonly mean: (g: number) => number;
  readonly deviation: (g: number) => number;
}

/** @param label of this device's curve, where devices differ; the response's own if absent */
export function stepOf(device: Device, direction: Direction, label?: number): Step {
  const response = device[direction];
  if (response.kind === "table") {
    const { rows } = response;
    return { mean: (g) => between(rows, g, "mean"), deviation: (g) => between(rows, g, "deviation") };
  }
  const rise = riseOf(label === undefined ? response.a : aOfLabel(label), response.pulses);
  // A reset is the mirror image: 1 − g moves as g does in a set.
  const mean = direction === "set" ? rise : (g: number) => -rise(1 - g);
  return { mean, deviation: () => device.cycleToCycle };
}

/** Along g(p) = B (1 − exp(−(p/n)/A)), B = 1 / (1 − exp(−1/A)), a pulse takes g to g' = B − (B − g) r with
 *  r = exp(−1/(nA)): the rise is (B − g) (1 − r). Of a straight line, A = ∞, it is 1/n everywhere. */
export function riseOf(a: number, pulses: number): (g: number) => number {
  if (!Number.isFinite(a)) return () => 1 / pulses;
  const part = -Math.expm1(-1 / (pulses * a));
  const first = part / -Math.expm1(-1 / a);
  return (g) => first - part * g;
}

type Table = Extract<Response, { kind: "table" }>["rows"];

/** Straight lines between a table's rows, level beyond its ends. */
function between(rows: Table, g: number, column: "mean" | "deviation"): number {
  const last = rows[rows.length - 1];
  if (g <= rows[0].g) return rows[0][column];
  if (g >= last.g) return last[column];
  const n = rows.findIndex((row) => row.g > g);
  const [low, high] = [rows[n - 1], rows[n]];
  const part = (g - low.g) / (high.g - low.g);
  return (1 - part) * low[column] + part * high[column];
}

/** g after so many pulses without noise. */
export function meanAfter(step: Step, g: number, pulses: number): number {
  let now = g;
  for (let p = 0; p < pulses; p++) now = clip(now + step.mean(now));
  return now;
}

/** g after so many pulses, each with its noise and clipped to the range.
 *  @param random draws from N(0, 1) */
export function pulseCell(step: Step, g: number, pulses: number, random: Pick<Random, "normal">): number {
  let now = g;
  for (let p = 0; p < pulses; p++) {
    const deviation = step.deviation(now);
    const noise = deviation === 0 ? 0 : deviation * random.normal();
    now = clip(now + step.mean(now) + noise);
  }
  return now;
}

/** The nearest conductance of the range. */
export function clip(g: number): number {
  return Math.min(Math.max(g, 0), 1);
}
