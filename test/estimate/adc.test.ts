/** The fits to published converters: right on points of a known law, and near the survey's. */
import { fc, it as prop } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { adcValue, fitAdc, type Point, QUANTITIES, residualAt, surveyPoints } from "../../estimate/adc.ts";

const coefficient = fc.double({ min: -1, max: 1, noNaN: true });
const points = fc.array(
  fc.record({
    enob: fc.double({ min: 4, max: 12, noNaN: true }),
    nodeNm: fc.double({ min: 5, max: 200, noNaN: true }),
    rateHz: fc.double({ min: 1e5, max: 1e9, noNaN: true }),
  }),
  { minLength: 12, maxLength: 40 },
);

describe("a fit", () => {
  prop.prop([points, coefficient, coefficient, coefficient, coefficient], { numRuns: 50 })(
    "finds the law that its points were made of",
    (where, a, b, c, d) => {
      const spread = (key: "enob" | "nodeNm" | "rateHz") => new Set(where.map((p) => p[key].toPrecision(2))).size;
      fc.pre(spread("enob") > 6 && spread("nodeNm") > 6 && spread("rateHz") > 6);
      const energy = (p: Omit<Point, "kind" | "year" | "doi" | "areaUm2" | "energyFj">) =>
        10 ** (a + b * p.enob + c * Math.log10(p.nodeNm) + d * Math.log10(p.rateHz));
      const made = where.map((p): Point => ({ ...p, kind: "SAR", year: 0, doi: "", areaUm2: 1, energyFj: energy(p) }));
      const fit = fitAdc(made, "SAR", "energy");
      for (const p of made) expect(adcValue(fit, p.enob, p.nodeNm, p.rateHz, 0) / p.energyFj).toBeCloseTo(1, 4);
    },
  );

  it.each(["SAR", "Flash"] as const)("of %s has residuals about zero, and quantiles in order", (kind) => {
    for (const quantity of QUANTITIES) {
      const fit = fitAdc(surveyPoints(), kind, quantity);
      expect(fit.residuals.length).toBeGreaterThanOrEqual(20);
      expect(fit.residuals.reduce((sum, r) => sum + r, 0)).toBeCloseTo(0, 6);
      const quantiles = [0, 0.25, 0.5, 0.75, 1].map((q) => residualAt(fit, q));
      expect(quantiles).toEqual(quantiles.toSorted((x, y) => x - y));
      expect(quantiles[0]).toBe(fit.residuals[0]);
      expect(quantiles[4]).toBe(fit.residuals[fit.residuals.length - 1]);
      // Half of the published converters lie on each side of the median.
      const below = fit.residuals.filter((r) => r <= residualAt(fit, 0.5)).length;
      expect(Math.abs(below - fit.residuals.length / 2)).toBeLessThanOrEqual(1);
      expect([fit.b > 0, fit.c > 0]).toEqual([true, true]);
    }
  });

  it("doubles a flash converter with each bit", () => {
    const fit = fitAdc(surveyPoints(), "Flash", "area");
    expect(adcValue(fit, 6, 65, 1e9, 0) / adcValue(fit, 5, 65, 1e9, 0)).toBeCloseTo(2, 9);
  });
});
