/** The golden device beside the integers that the crossbar macro and the simulator have of it. */
import { fc, it } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { Random } from "../../data/random.ts";
import { drawHash } from "../../generator/base/mix.ts";
import type { Device } from "../../generator/device/resolve.ts";
import { type DeviceIr, deviceIr, rangeUnits } from "../../generator/device/response.ts";
import { type Direction, pulseCell, type Step, stepOf } from "../../golden/device/step.ts";
import { bytesSum, pulsed } from "../../sim/units/cell.ts";
import { curvesArbitrary, deviceNames, deviceOf } from "./presets.ts";

/** Σ of four uniform bytes: 4 (256² − 1) / 12 is its variance. */
const BYTES_DEVIATION = Math.sqrt((4 * (256 ** 2 - 1)) / 12);

interface Pair {
  readonly device: Device;
  readonly direction: Direction;
  readonly step: Step;
  readonly integers: DeviceIr;
  readonly full: number;
}

function pairOf(device: Device, direction: Direction): Pair {
  const full = rangeUnits(device, false);
  return { device, direction, step: stepOf(device, direction), integers: deviceIr(device, full, 128, 1, 1), full };
}

/** Conductance units after so many pulses of cell `cell`. */
function integerPulses({ integers, full, direction }: Pair, units: number, pulses: number, cell: number): number {
  let now = units;
  for (let p = 0; p < pulses; p++)
    now = pulsed(integers, full, now, 0, direction === "set", drawHash(0x1234567, cell, p));
  return now;
}

/** The normal numbers that the integers draw for this cell, one after the other: along the pulse's direction. */
function sameNormals({ direction }: Pair, cell: number): Pick<Random, "normal"> {
  const sign = direction === "set" ? 1 : -1;
  let p = 0;
  return { normal: () => (sign * bytesSum(drawHash(0x1234567, cell, p++))) / BYTES_DEVIATION };
}

function deviationOf(draws: number, draw: (n: number) => number): number {
  let [sum, squares] = [0, 0];
  for (let n = 0; n < draws; n++) {
    const g = draw(n);
    sum += g;
    squares += g * g;
  }
  return Math.sqrt(Math.max(0, squares / draws - (sum / draws) ** 2));
}

const place = fc.double({ min: 0, max: 1, noNaN: true });
const direction = fc.constantFrom("set", "reset" as const);
const pulsesArbitrary = fc.integer({ min: 1, max: 50 });

/** Mean distance of integers and golden model over many cells, both with the same noise, in steps of the states: what is
 *  left is the integers' rounding.
 *  @returns it, and its standard error */
function distance(pair: Pair, g: number, pulses: number, cells: number): { mean: number; error: number } {
  const units = Math.round(g * pair.full);
  const of = (cell: number) => {
    const golden = pulseCell(pair.step, units / pair.full, pulses, sameNormals(pair, cell));
    return (integerPulses(pair, units, pulses, cell) / pair.full - golden) * pair.device.levels;
  };
  const distances = Array.from({ length: cells }, (_, cell) => of(cell));
  const mean = distances.reduce((sum, d) => sum + d, 0) / cells;
  return { mean, error: deviationOf(cells, (cell) => distances[cell]) / Math.sqrt(cells) };
}

/** Most pulses, up to 50, whose noise stays inside the range from its middle. */
function mostPulses(preset: string): number {
  const { cycleToCycle } = deviceOf({ preset });
  return Math.min(50, Math.max(1, Math.floor((0.09 / cycleToCycle) ** 2)));
}

describe("the device in integers", () => {
  describe.each(deviceNames)("%s", (preset) => {
    it.prop([direction, place, pulsesArbitrary], { numRuns: 40 })(
      "goes with the golden device, on average within half a state",
      (name, g, pulses) => {
        const { mean, error } = distance(pairOf(deviceOf({ preset }), name), g, pulses, 500);
        expect(error).toBeLessThan(0.1);
        expect(Math.abs(mean)).toBeLessThan(0.5);
      },
    );

    const middle = fc.double({ min: 0.3, max: 0.7, noNaN: true });
    it.prop([direction, middle, fc.integer({ min: 1, max: mostPulses(preset) })], { numRuns: 5 })(
      "has its spread within 3 %, away from the ends of the range",
      (name, g, pulses) => {
        const pair = pairOf(deviceOf({ preset }), name);
        // The deviation of a deviation of so many draws is 0.5 % of it: 3 % is more than four of the difference's.
        const draws = 20_000;
        const random = new Random(7);
        let clipped = false;
        const golden = deviationOf(draws, () => {
          const after = clipped ? 0 : pulseCell(pair.step, g, pulses, random);
          clipped ||= after === 0 || after === 1;
          return after;
        });
        fc.pre(!clipped);
        const units = Math.round(g * pair.full);
        const integers = deviationOf(draws, (cell) => integerPulses(pair, units, pulses, cell) / pair.full);
        expect(Math.abs(integers / golden - 1)).toBeLessThan(0.03);
      },
    );
  });

  it.prop([curvesArbitrary, direction, place, pulsesArbitrary])(
    "follows any curve without noise, within half a state and what chance explains",
    (model, name, g, pulses) => {
      const { mean, error } = distance(pairOf(deviceOf({ model }), name), g, pulses, 200);
      expect(Math.abs(mean)).toBeLessThan(0.5 + 5 * error);
    },
  );

  it("goes to the end by a last pulse that is many times longer than the range", () => {
    const model = { states: { set: 2, reset: 2 }, nonlinearity: { set: -9, reset: 9 } };
    for (const name of ["set", "reset"] as const) {
      const pair = pairOf(deviceOf({ model }), name);
      const units = Math.round((name === "set" ? 0.9 : 0.1) * pair.full);
      expect(integerPulses(pair, units, 1, 1)).toBe(name === "set" ? pair.full : 0);
    }
  });
});
