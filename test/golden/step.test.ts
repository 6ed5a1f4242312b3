import { fc, it } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { Random } from "../../data/random.ts";
import { aOfLabel, labelOfA } from "../../generator/device/nonlinearity.ts";
import { meanAfter, pulseCell, stepOf } from "../../golden/device/step.ts";
import { readReference } from "../reference/folder.ts";
import { curvesArbitrary, deviceNames, deviceOf } from "./presets.ts";

interface Curves {
  readonly cases: readonly { a: number; pulsesToFullScale: number; set: number[]; reset: number[] }[];
}

const part = fc.double({ min: 0, max: 1, noNaN: true });
const directions = ["set", "reset"] as const;
const direction = fc.constantFrom(...directions);

/** States and labels of a device without noise; labels of a reset as NeuroSim writes them. */
const curves = (states: number, set: number, reset = -set) =>
  deviceOf({ model: { states: { set: states, reset: states }, nonlinearity: { set, reset } } });

describe("the nonlinearity label", () => {
  // MLP+NeuroSim's own table, normalised A by label.
  it.each([
    [2.4, 0.4991],
    [4.88, 0.2003],
    [1, 1.2515],
    [9, 0.0228],
  ])("%d is A = %d", (label, a) => {
    expect(aOfLabel(label)).toBeCloseTo(a, 4);
    expect(aOfLabel(-label)).toBeCloseTo(-a, 4);
  });

  it.prop([fc.double({ min: -9, max: 9, noNaN: true })])("comes back from its A", (label) => {
    expect(labelOfA(aOfLabel(label))).toBeCloseTo(label, Math.abs(label) < 0.01 ? 4 : 7);
  });

  it("of a straight line is 0", () => {
    expect(aOfLabel(0)).toBe(Number.POSITIVE_INFINITY);
    expect(labelOfA(Number.POSITIVE_INFINITY)).toBe(0);
  });
});

describe("a pulse without noise", () => {
  const { cases } = readReference<Curves>("device-curves.json");
  it.each(cases.flatMap((curve) => directions.map((name) => ({ ...curve, name }))))(
    "moves along the reference curve: A = $a, $pulsesToFullScale pulses, $name",
    ({ name, a, pulsesToFullScale, ...curve }) => {
      const states = { set: pulsesToFullScale, reset: pulsesToFullScale };
      const step = stepOf(deviceOf({ model: { states, a: { set: a, reset: a } } }), name);
      curve[name].forEach((expected, pulses) => {
        expect(Math.abs(meanAfter(step, name === "set" ? 0 : 1, pulses) - expected)).toBeLessThan(1e-9);
      });
    },
  );

  it.prop([curvesArbitrary, direction, part, part])(
    "takes its states from one end to the other, and moves less where the curve is flatter",
    (model, name, g, other) => {
      const device = deviceOf({ model });
      const response = device[name];
      if (response.kind === "table") throw new Error("no table");
      const step = stepOf(device, name);
      const [start, end] = name === "set" ? [0, 1] : [1, 0];
      expect(meanAfter(step, start, response.pulses)).toBeCloseTo(end, 6);
      // From start: a steep start (A > 0) makes later steps smaller.
      const [near, far] = [g, other].sort((a, b) => (name === "set" ? a - b : b - a));
      const shrink = Math.abs(step.mean(near)) - Math.abs(step.mean(far));
      if (near !== far && Number.isFinite(response.a)) expect(shrink * Math.sign(response.a)).toBeGreaterThanOrEqual(0);
    },
  );

  it.prop([fc.double({ min: -6, max: 9, noNaN: true }), fc.integer({ min: 2, max: 300 }), part, fc.nat({ max: 40 })])(
    "of a reset is the mirror image of a set's",
    (label, states, g, pulses) => {
      const device = curves(states, label);
      const up = meanAfter(stepOf(device, "set"), g, pulses);
      expect(meanAfter(stepOf(device, "reset"), 1 - g, pulses)).toBeCloseTo(1 - up, 8);
    },
  );

  it("begins steeply with a label above 0, flat with one below, and goes straight with 0", () => {
    const half = (label: number) => meanAfter(stepOf(curves(100, label), "set"), 0, 50);
    expect(half(2.4)).toBeGreaterThan(0.7);
    expect(half(-2.4)).toBeLessThan(0.3);
    expect(half(0)).toBeCloseTo(0.5, 12);
    expect(half(2.4) + half(-2.4)).toBeCloseTo(1, 9);
  });

  it("of a table goes by straight lines between its rows, and level beyond them", () => {
    const rows = [
      { g: 0.2, mean: 0.1, deviation: 0.01 },
      { g: 0.6, mean: 0.3, deviation: 0.05 },
    ];
    const step = stepOf(
      deviceOf({ model: { states: { set: 9, reset: 9 }, table: { set: rows, reset: rows } } }),
      "set",
    );
    [0, 0.2, 0.3, 0.6, 1].forEach((g, n) => {
      expect(step.mean(g)).toBeCloseTo([0.1, 0.1, 0.15, 0.3, 0.3][n], 12);
      expect(step.deviation(g)).toBeCloseTo([0.01, 0.01, 0.02, 0.05, 0.05][n], 12);
    });
  });
});

describe("a pulse's noise", () => {
  const draws = 20_000;
  /** Mean and deviation of g after so many pulses. */
  function statistics(name: string, g: number, pulses: number, cycleToCycle?: number) {
    const step = stepOf(deviceOf({ preset: name, cycleToCycle }), "set");
    const random = new Random(11);
    const values = Array.from({ length: draws }, () => pulseCell(step, g, pulses, random));
    const mean = values.reduce((sum, v) => sum + v, 0) / draws;
    return { mean, deviation: Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / draws) };
  }

  it.each([1, 4, 25])("adds up with the root of %d pulses on a straight line", (pulses) => {
    const { mean, deviation } = statistics("ideal-1000", 0.5, pulses, 0.01);
    expect(mean).toBeCloseTo(0.5 + pulses / 1000, 3);
    expect(deviation / (0.01 * Math.sqrt(pulses))).toBeCloseTo(1, 1);
  });

  it("is partly taken back where the curve flattens out", () => {
    // A straight line of the place, of slope r = exp(−1/(nA)): Σ r^(2p) of the pulses' variances is left.
    const r = Math.exp(-1 / (97 * aOfLabel(2.4)));
    const left = Math.sqrt((1 - r ** 40) / (1 - r ** 2));
    const { deviation } = statistics("ag-a-si", 0.2, 20, 0.01);
    expect(deviation / (0.01 * left)).toBeCloseTo(1, 1);
    expect(left).toBeLessThan(0.9 * Math.sqrt(20));
  });

  it.prop([fc.constantFrom(...deviceNames), direction, part, fc.integer({ min: 1, max: 50 }), fc.nat()])(
    "never leads out of the range",
    (preset, name, g, pulses, seed) => {
      const after = pulseCell(stepOf(deviceOf({ preset }), name), g, pulses, new Random(seed));
      expect(after >= 0 && after <= 1).toBe(true);
    },
  );

  it.prop([fc.constantFrom("ag-a-si", "hzo-fefet", "gst-pcm"), direction, part, fc.nat({ max: 50 }), fc.nat()])(
    "is none where there is no deviation",
    (preset, name, g, pulses, seed) => {
      const step = stepOf(deviceOf({ preset, cycleToCycle: 0 }), name);
      expect(pulseCell(step, g, pulses, new Random(seed))).toBe(meanAfter(step, g, pulses));
    },
  );
});
