import { fc, it } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { Random } from "../../data/random.ts";
import { applyContinuous, applyPulses, deviceOf, program } from "../../golden/device.ts";
import type { Network } from "../../golden/network.ts";
import { designOf } from "./networks.ts";

const network: Network = { layers: [2, 2], activation: "relu", loss: "softmax-cross-entropy" };
const weight = fc.double({ min: -1.5, max: 1.5, noNaN: true });
const levelsArbitrary = fc.integer({ min: 2, max: 1000 });

/** Weights of fewer steps than this from a state are that state. */
const same = 1e-9;

function expectState(levels: number, w: number): void {
  const state = ((w + 1) * levels) / 2;
  expect(Math.abs(state - Math.round(state))).toBeLessThan(same * levels);
  expect(Math.abs(w)).toBeLessThanOrEqual(1);
}

describe("the ideal device", () => {
  it.prop([levelsArbitrary, fc.array(weight, { minLength: 1 })])(
    "of N levels holds the nearest of its N + 1 states",
    (levels, weights) => {
      program({ levels }, Float64Array.from(weights)).forEach((held, n) => {
        expectState(levels, held);
        const wished = Math.min(Math.max(weights[n], -1), 1);
        expect(Math.abs(held - wished)).toBeLessThanOrEqual(1 / levels + same);
      });
    },
  );

  it.prop([levelsArbitrary])("reaches both ends and holds what it is told to hold", (levels) => {
    const states = Float64Array.from({ length: levels + 1 }, (_, state) => (2 * state) / levels - 1);
    expect(program({ levels }, states)).toEqual(states);
    expect([states[0], states[levels]]).toEqual([-1, 1]);
  });

  it.prop([
    levelsArbitrary,
    weight,
    fc.double({ min: -3, max: 3, noNaN: true }),
    fc.integer({ min: 1, max: 40 }),
    fc.nat(),
  ])(
    "stays on its states and inside its range, and gives no cell more than maxPulses",
    (levels, start, gradient, maxPulses, seed) => {
      const weights = program({ levels }, Float64Array.of(start));
      const pulses = new Uint32Array(1);
      const before = weights[0];
      const settings = { levels, rounding: "stochastic", maxPulses } as const;
      applyPulses({ weights, pulses }, Float64Array.of(gradient), 0.5, settings, new Random(seed));
      expectState(levels, weights[0]);
      expect(pulses[0]).toBeLessThanOrEqual(maxPulses);
      const moved = (Math.abs(weights[0] - before) * levels) / 2;
      const wished = (0.5 * Math.abs(gradient) * levels) / 2;
      expect(moved).toBeLessThanOrEqual(Math.min(maxPulses, Math.ceil(wished)) + same * levels);
      if (moved > same * levels) expect(Math.sign(weights[0] - before)).toBe(-Math.sign(gradient));
    },
  );

  it("moves by whole steps of 2 / N, counting every pulse, also those against the end of the range", () => {
    const weights = Float64Array.of(0, 0.5, 0.9, -1);
    const pulses = new Uint32Array(4);
    const settings = { levels: 20, rounding: "nearest", maxPulses: 3 } as const;
    const gradient = Float64Array.of(0.2, -0.3, -1, 0.26);
    applyPulses({ weights, pulses }, gradient, 1, settings, new Random(1));
    applyPulses({ weights, pulses }, Float64Array.of(0.04, 0, 0, 0), 1, settings, new Random(1));
    [-0.2, 0.8, 1, -1].forEach((expected, n) => {
      expect(weights[n]).toBeCloseTo(expected, 12);
    });
    expect([...pulses]).toEqual([2, 3, 3, 3]);
  });

  it("with continuous weights takes the whole step and clips at ±1", () => {
    const weights = Float64Array.of(0.25, 0.9, -0.9);
    applyContinuous(weights, Float64Array.of(0.5, -1, 1), 0.5);
    expect([...weights]).toEqual([0, 1, -1]);
  });

  it("is named ideal or ideal-N", () => {
    const of = (preset: string) => deviceOf(designOf(network, { device: { preset } })).levels;
    expect(of("ideal")).toBe(null);
    expect(of("ideal-500")).toBe(500);
    expect(() => of("ideal-x")).toThrow('device.preset: "ideal-x" is unknown; use ideal, ideal-N, ag-a-si');
  });
});
