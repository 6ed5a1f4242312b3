/** Curves of known devices come back as these devices. */
import { fc, it } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { deviceModelSchema } from "../../generator/device/model.ts";
import { readCurves } from "../../golden/fit/curves.ts";
import { type Fit, fitDevice, modelOf } from "../../golden/fit/fit.ts";
import { lnNormalIntegral } from "../../golden/fit/likelihood.ts";
import { lowest } from "../../golden/fit/search.ts";
import { withFiles } from "../data/folders.ts";
import { type Known, rowsOf, tableOf } from "./measured.ts";

const fitOf = (rows: readonly string[]): Fit =>
  withFiles({ "curves.csv": tableOf(rows) }, (folder) => fitDevice(readCurves(`${folder}/curves.csv`)));

const states = fc.integer({ min: 30, max: 500 });
const label = fc.integer({ min: -600, max: 600 }).map((hundredths) => hundredths / 100);
const both = <T>(of: fc.Arbitrary<T>) => fc.record({ set: of, reset: of });

const known = (noise: (states: number) => number): fc.Arbitrary<Known> =>
  fc
    .record({
      states: both(states),
      labels: both(label),
      part: fc.integer({ min: 0, max: 100 }),
      lowest: fc.double({ min: 1e-9, max: 1e-4, noNaN: true }),
      onOff: fc.double({ min: 1.5, max: 100, noNaN: true }),
    })
    .map(({ part, onOff, ...rest }) => ({
      ...rest,
      highest: rest.lowest * onOff,
      cycleToCycle: (part / 100) * noise(Math.max(rest.states.set, rest.states.reset)),
    }));

/** What 5 % of a label is; near a straight line, a tenth: a distance from it of 1 % of the range. */
const fivePercent = (label: number) => Math.max(0.05 * Math.abs(label), 0.1);

describe("a fit", () => {
  // A pulse's mean change depends on the label by about 0.35 / states, its noise hides that: K sweeps of n pulses give a
  // label to about noise · √(n / (0.12 K)). The noise is such that this is a fifth of the least tolerance.
  const CYCLES = 60;
  const tellingNoise = (n: number) => Math.min(0.05, 0.02 * Math.sqrt((0.12 * CYCLES) / n));

  it.prop([known(tellingNoise), fc.nat()], { numRuns: 12 })(
    "gives range, states, labels and noise of a known device back within 5 %",
    (device, seed) => {
      const fit = fitOf(rowsOf(device, CYCLES, seed));
      expect(fit.states).toEqual(device.states);
      expect(fit.lowest / device.lowest).toBeCloseTo(1, 2);
      expect(fit.highest / device.highest).toBeCloseTo(1, 2);
      for (const name of ["set", "reset"] as const)
        expect(Math.abs(fit[name].label - device.labels[name])).toBeLessThan(fivePercent(device.labels[name]));
      expect(Math.abs(fit.cycleToCycle - device.cycleToCycle)).toBeLessThanOrEqual(0.05 * device.cycleToCycle + 1e-6);
    },
  );

  it.prop([known(() => 0.05), fc.nat()], { numRuns: 12 })(
    "with noise of up to 5 % gives labels back within their standard errors, and the noise within 5 %",
    (device, seed) => {
      // Some 10,000 pulses: the noise's own standard error is below 1 %.
      const cycles = Math.ceil(10_000 / (device.states.set + device.states.reset));
      const fit = fitOf(rowsOf(device, cycles, seed));
      for (const name of ["set", "reset"] as const) {
        const distance = Math.abs(fit[name].label - device.labels[name]);
        expect(distance).toBeLessThan(fivePercent(device.labels[name]) + 5 * fit[name].error);
      }
      expect(Math.abs(fit.cycleToCycle - device.cycleToCycle)).toBeLessThanOrEqual(0.05 * device.cycleToCycle + 1e-6);
    },
  );

  it("knows how far its labels may be off", () => {
    const device: Known = {
      states: { set: 60, reset: 90 },
      labels: { set: 2.4, reset: -1.5 },
      cycleToCycle: 0.02,
      lowest: 1e-6,
      highest: 9e-6,
    };
    for (const name of ["set", "reset"] as const) {
      const scores = Array.from({ length: 25 }, (_, seed) => {
        const { label, error } = fitOf(rowsOf(device, 10, seed))[name];
        return (label - device.labels[name]) / error;
      });
      const square = scores.reduce((sum, z) => sum + z * z, 0) / scores.length;
      // χ² of 25: more than three deviations of its mean, 1 ± √(2/25).
      expect(square).toBeGreaterThan(0.2);
      expect(square).toBeLessThan(2.1);
    }
  });

  it.prop([fc.integer({ min: 20, max: 100 }).map((n) => n / 100), fc.nat()], { numRuns: 2 })(
    "of many devices finds how far they differ",
    (deviceToDevice, seed) => {
      const count = 80;
      // Labels of the deviation asked for, in both directions, in another order in each.
      const spread = (n: number) => Math.sqrt(3) * deviceToDevice * ((2 * (n % count)) / (count - 1) - 1);
      const rows = Array.from({ length: count }, (_, n) =>
        rowsOf(
          {
            states: { set: 40, reset: 50 },
            labels: { set: 2 + spread(n), reset: 1 + spread(37 * n) },
            cycleToCycle: 0.01,
            lowest: 1e-6,
            highest: 9e-6,
          },
          3,
          seed + n,
          `d${n}`,
        ),
      ).flat();
      const fit = fitOf(rows);
      expect(fit.devices.length).toBe(count);
      expect(Math.abs(fit.set.label - 2)).toBeLessThan(5 * fit.set.error);
      // Some of it is each label's own error, 0.2 with three cycles, and taken out again.
      expect(Math.abs((fit.deviceToDevice ?? 0) - deviceToDevice)).toBeLessThan(0.05 * deviceToDevice + 0.04);
      expect(Math.abs(fit.cycleToCycle - 0.01)).toBeLessThan(0.0005);
    },
  );

  it("is a device file that says of one device nothing about others", () => {
    const device: Known = {
      states: { set: 40, reset: 31 },
      labels: { set: 3, reset: 2 },
      cycleToCycle: 0,
      lowest: 2e-6,
      highest: 5e-6,
    };
    const model = modelOf(fitOf(rowsOf(device, 2, 1)), "mine", "here");
    expect(model).toEqual({
      name: "mine",
      source: "here",
      states: device.states,
      nonlinearity: { set: 3, reset: -2 },
      cycleToCycle: 0,
      conductance: { onOhm: 200_000, onOff: 2.5 },
    });
    expect(deviceModelSchema.parse(model).deviceToDevice).toBe(0);
  });
});

describe("what the fit is made of", () => {
  // Φ from tables; the tails from the asymptotic series.
  it.each([
    [0, Math.log(0.5)],
    [1, Math.log(0.8413447461)],
    [-1, Math.log(0.1586552539)],
    [-3, Math.log(0.001349898032)],
    [-10, -53.23128515],
    [5, -2.866516129e-7],
  ])("the logarithm of the normal integral at %d is %d", (z, expected) => {
    expect(Math.abs(lnNormalIntegral(z) - expected)).toBeLessThan(2e-7 * Math.max(1, Math.abs(expected)));
  });

  it.prop([fc.double({ min: -9, max: 9, noNaN: true })])("the search finds a lowest place between others", (place) => {
    const of = (x: number) => Math.abs(x - place) + 0.3 * Math.sin(x - place) ** 2;
    expect(lowest(of, -9, 9, 61, 1e-6)).toBeCloseTo(place, 4);
  });
});
