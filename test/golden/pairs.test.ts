/** Differential pairs of the golden model. */
import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import { Random } from "../../data/random.ts";
import type { Cells } from "../../golden/device/cells.ts";
import { applyPulses, type Device, endBatch, newCells } from "../../golden/device.ts";
import { deviceOf } from "./presets.ts";

const settings = (levels: number) => ({ levels, rounding: "stochastic" as const, maxPulses: 31 });

/** Batches of gradients for so many weights, none of which needs more than a sixteenth of the range in pulses. */
const batches = fc.array(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 5, maxLength: 5 }), {
  minLength: 1,
  maxLength: 60,
});

/** In steps, so that both encodings hold them exactly. */
const weights = fc.array(fc.integer({ min: -16, max: 16 }), { minLength: 5, maxLength: 5 });

test.prop([batches, weights, fc.integer({ min: 16, max: 200 }), fc.nat(1000)])(
  "ideal pairs of N states make the weights of one ideal cell of 2 N, refreshes and all",
  (gradients, initial, states, seed) => {
    const one: Device = { levels: 2 * states };
    const pairs: Device = { levels: 2 * states, pairs: true };
    const made = [one, pairs].map((device) => {
      const cells = newCells(
        device,
        Float64Array.from(initial, (steps) => steps / states),
        seed,
        0,
      );
      const random = new Random(seed);
      for (const gradient of gradients) {
        applyPulses(cells, Float64Array.from(gradient), 1 / 16, settings(2 * states), random);
        endBatch(cells, device);
      }
      return cells;
    });
    for (let n = 0; n < initial.length; n++) expect(made[1].weights[n]).toBeCloseTo(made[0].weights[n], 9);
  },
);

const full = (cells: Cells): number => (cells.pairs ?? new Float64Array()).reduce((most, g) => Math.max(most, g), 0);

test("no cell of a pair stays full beside another that is not empty", () => {
  const device: Device = { levels: 80, pairs: true };
  const cells = newCells(device, Float64Array.of(0.1), 1, 0);
  const random = new Random(1);
  let least = Number.POSITIVE_INFINITY;
  for (let batch = 0; batch < 400; batch++) {
    applyPulses(cells, Float64Array.of(batch % 2 === 0 ? 1 : -1), 2 / 40, settings(80), random);
    endBatch(cells, device);
    least = Math.min(least, 1 - full(cells));
  }
  expect(least).toBeGreaterThanOrEqual(1 / 8);
  expect(Math.abs(cells.weights[0] - 0.1)).toBeLessThan(0.3);
  expect(cells.pulses[0] + cells.pulses[1]).toBeGreaterThan(400);
});

test("a stuck cell of a pair stands where it is, through pulses and refreshes", () => {
  const memristor = deviceOf({ preset: "ag-a-si", stuckOn: 1 });
  const device: Device = { levels: 2 * memristor.levels, pairs: true, memristor };
  const cells = newCells(device, Float64Array.of(0.5, -0.5), 1, 0);
  applyPulses(cells, Float64Array.of(1, -1), 0.1, settings(device.levels ?? 0), new Random(1));
  endBatch(cells, device);
  expect([...(cells.pairs ?? [])]).toEqual([1, 1, 1, 1]);
  expect([...cells.weights]).toEqual([0, 0]);
});
