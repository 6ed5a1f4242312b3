/** Models of area and energy of an ADC, fitted to published converters: B. Murmann, "ADC Performance Survey 1997-2025"
 *  (`data/adc-survey.csv`, its licence beside it).
 *
 *      log10 y = a + b · ENOB + c · log10 node + d · log10 rate
 *
 *  by least squares. The area does not depend on the rate (d = 0: fitted, it is a tenth of its own error). Of a flash
 *  converter, whose comparators double with each bit, b is log10 2: the survey has too few to tell. */
import { readFileSync } from "node:fs";

export type AdcKind = "SAR" | "Flash";
export const QUANTITIES = ["area", "energy"] as const;
export type Quantity = (typeof QUANTITIES)[number];

/** A published converter. */
export interface Point {
  readonly kind: AdcKind;
  readonly year: number;
  readonly doi: string;
  readonly enob: number;
  readonly nodeNm: number;
  readonly rateHz: number;
  readonly areaUm2: number;
  /** Of one conversion. */
  readonly energyFj: number;
}

export interface Fit {
  readonly kind: AdcKind;
  readonly quantity: Quantity;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  /** Of the points, in decades, smallest first. */
  readonly residuals: readonly number[];
  /** Their root mean square. */
  readonly deviation: number;
  /** Lowest and highest of the points. */
  readonly range: Readonly<Record<"enob" | "nodeNm" | "rateHz", readonly [number, number]>>;
}

const survey = new URL("./data/adc-survey.csv", import.meta.url);
const KINDS: readonly AdcKind[] = ["SAR", "Flash"];
/** Converters of more bits are made for other ends: calibrated, oversampled, with large capacitors. */
const MOST_ENOB = 12;

/** Converters of the survey that are of a kind and have every number. */
export function surveyPoints(): Point[] {
  const [head, ...lines] = readFileSync(survey, "utf8").trim().split("\n");
  const names = head.split(",");
  return lines.flatMap((line) => {
    const row = Object.fromEntries(line.split(",").map((value, n) => [names[n], value]));
    const kind = KINDS.find((k) => k === row.architecture);
    const [nodeNm, sndr, area, power, rateHz] = ["node_nm", "sndr_db", "area_mm2", "power_w", "fs_nyquist_hz"].map(
      (name) => (row[name] === "" ? Number.NaN : Number(row[name])),
    );
    const enob = (sndr - 1.76) / 6.02;
    if (!kind || ![nodeNm, sndr, area, power, rateHz].every(Number.isFinite)) return [];
    if (enob > MOST_ENOB || Number(row.oversampling) > 1) return [];
    const energyFj = (power / rateHz) * 1e15;
    return [{ kind, year: Number(row.year), doi: row.doi, enob, nodeNm, rateHz, areaUm2: area * 1e6, energyFj }];
  });
}

export function fitAdc(points: readonly Point[], kind: AdcKind, quantity: Quantity): Fit {
  const own = points.filter((point) => point.kind === kind);
  const target = own.map((p) => Math.log10(quantity === "area" ? p.areaUm2 : p.energyFj));
  const fixed = kind === "Flash" ? Math.log10(2) : null;
  const features = own.map((p) => [
    1,
    Math.log10(p.nodeNm),
    ...(fixed === null ? [p.enob] : []),
    ...(quantity === "energy" ? [Math.log10(p.rateHz)] : []),
  ]);
  const known = own.map((p, n) => target[n] - (fixed ?? 0) * p.enob);
  const solved = leastSquares(features, known);
  const [a, c] = solved;
  const b = fixed ?? solved[2];
  const d = quantity === "energy" ? solved[solved.length - 1] : 0;
  const residuals = own
    .map((p, n) => target[n] - (a + b * p.enob + c * Math.log10(p.nodeNm) + d * Math.log10(p.rateHz)))
    .sort((x, y) => x - y);
  const extent = (of: (p: Point) => number): [number, number] => [Math.min(...own.map(of)), Math.max(...own.map(of))];
  return {
    kind,
    quantity,
    a,
    b,
    c,
    d,
    residuals,
    deviation: Math.sqrt(residuals.reduce((sum, r) => sum + r * r, 0) / residuals.length),
    range: { enob: extent((p) => p.enob), nodeNm: extent((p) => p.nodeNm), rateHz: extent((p) => p.rateHz) },
  };
}

/** The residual that this part of the points is below, in decades. */
export function residualAt({ residuals }: Fit, quantile: number): number {
  const at = quantile * (residuals.length - 1);
  const low = Math.floor(at);
  const high = Math.min(residuals.length - 1, low + 1);
  return residuals[low] + (residuals[high] - residuals[low]) * (at - low);
}

/** µm², or fJ a conversion.
 *  @param residual in decades, from `residualAt` */
export const adcValue = (fit: Fit, enob: number, nodeNm: number, rateHz: number, residual: number): number =>
  10 ** (fit.a + fit.b * enob + fit.c * Math.log10(nodeNm) + fit.d * Math.log10(rateHz) + residual);

/** Solves min |X w − y|² by the normal equations. */
function leastSquares(x: readonly (readonly number[])[], y: readonly number[]): number[] {
  const size = x[0].length;
  const rows = Array.from({ length: size }, (_, i) => [
    ...Array.from({ length: size }, (__, j) => x.reduce((sum, row) => sum + row[i] * row[j], 0)),
    x.reduce((sum, row, n) => sum + row[i] * y[n], 0),
  ]);
  for (let i = 0; i < size; i++) {
    const pivot = rows
      .slice(i)
      .reduce((best, row, n) => (Math.abs(row[i]) > Math.abs(rows[best][i]) ? i + n : best), i);
    [rows[i], rows[pivot]] = [rows[pivot], rows[i]];
    for (let k = 0; k < size; k++) {
      if (k === i) continue;
      const factor = rows[k][i] / rows[i][i];
      for (let j = i; j <= size; j++) rows[k][j] -= factor * rows[i][j];
    }
  }
  return rows.map((row, i) => row[size] / row[i]);
}
