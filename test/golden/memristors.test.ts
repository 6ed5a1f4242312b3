import { fc, it } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { loadDataset } from "../../data/dataset.ts";
import { Random } from "../../data/random.ts";
import type { DesignInput } from "../../generator/design/schema.ts";
import { labelOfA } from "../../generator/device/nonlinearity.ts";
import { drifted, type Memristors, newMemristors, placed, pulsed } from "../../golden/device/memristors.ts";
import { newReadNoise } from "../../golden/device/read-noise.ts";
import { meanAfter } from "../../golden/device/step.ts";
import { applyPulses } from "../../golden/device.ts";
import type { Network } from "../../golden/network.ts";
import { newTrainer } from "../../golden/trainer.ts";
import { designOf } from "./networks.ts";
import { deviceOf } from "./presets.ts";

const part = fc.double({ min: 0, max: 1, noNaN: true });
const share = fc.integer({ min: 0, max: 50 }).map((n) => n / 100);

const cellsOf = (device: DesignInput["device"], count: number, seed = 1): Memristors =>
  newMemristors(deviceOf(device), count, new Random(seed, 1), new Random(seed, 2));

const cells = (count: number) => Array.from({ length: count }, (_, n) => n);

function statistics(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return { mean, deviation: Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length) };
}

describe("stuck cells", () => {
  it.prop([share, share, part, fc.integer({ min: -40, max: 40 }), part])(
    "stand at an end, as many as the design says, and never move",
    (stuckOn, stuckOff, g, pulses, drift) => {
      const count = 4000;
      const memristors = cellsOf({ preset: "ag-a-si", stuckOn, stuckOff, drift: 0.003 * drift }, count);
      const stuck = cells(count).filter((n) => memristors.stuck[n] !== 0);
      for (const [kind, wished, place] of [
        [1, stuckOn, 1],
        [-1, stuckOff, 0],
      ]) {
        const here = stuck.filter((n) => memristors.stuck[n] === kind);
        // Five deviations of a binomial number.
        expect(Math.abs(here.length - wished * count)).toBeLessThanOrEqual(
          5 * Math.sqrt(wished * (1 - wished) * count),
        );
        for (const n of here) expect(placed(memristors, n, g)).toBe(place);
      }
      for (const n of stuck) {
        const place = placed(memristors, n, g);
        expect(pulsed(memristors, n, place, pulses)).toBe(place);
        expect(drifted(memristors, n, place)).toBe(place);
      }
    },
  );
});

describe("drift", () => {
  it.prop([part, part, fc.double({ min: 1e-5, max: 0.003, noNaN: true })])(
    "has its target as fixed point, and leads there by the same part in each batch",
    (g, driftTarget, drift) => {
      const memristors = cellsOf({ preset: "ideal-100", drift, driftTarget }, 1);
      expect(drifted(memristors, 0, driftTarget)).toBe(driftTarget);
      const after = drifted(memristors, 0, g);
      expect(after - driftTarget).toBeCloseTo((1 - drift) * (g - driftTarget), 12);
    },
  );
});

describe("devices that differ", () => {
  const differing = (deviceToDevice: number, seed?: number) =>
    cellsOf({ preset: "ag-a-si", deviceToDevice, cycleToCycle: 0 }, 4000, seed);

  /** The label of a cell's curve, from its change at both ends: (first − last) / first = exp(−1/(nA)) of one pulse. */
  function labelOf(memristors: Memristors, n: number, direction: "set" | "reset"): number {
    const step = memristors.step(n, direction);
    const [start, end] = direction === "set" ? [0, 1] : [1, 0];
    const part = (step.mean(start) - step.mean(end)) * (direction === "set" ? 1 : -1);
    const { device } = memristors;
    const pulses = device[direction].kind === "exponential" ? device[direction].pulses : 0;
    return part === 0 ? 0 : labelOfA(-1 / (pulses * Math.log1p(-part)));
  }

  it.each(["set", "reset"] as const)("have labels about the device's own, with its deviation (%s)", (direction) => {
    const memristors = differing(0.5);
    const { mean, deviation } = statistics(cells(4000).map((n) => labelOf(memristors, n, direction)));
    expect(mean).toBeCloseTo(direction === "set" ? 2.4 : 4.88, 1);
    expect(deviation).toBeCloseTo(0.5, 1);
  });

  it("keep their curve for life: the same cell moves the same way each time, another one another way", () => {
    const memristors = differing(0.5);
    const after = (n: number) => pulsed(memristors, n, 0.3, 20);
    const first = cells(50).map(after);
    expect(cells(50).map(after)).toEqual(first);
    expect(new Set(first).size).toBeGreaterThan(40);
    expect(cells(50).map((n) => pulsed(differing(0.5, 2), n, 0.3, 20))).not.toEqual(first);
  });

  it("have a draw for each direction of its own", () => {
    const memristors = differing(0.5);
    const [set, reset] = (["set", "reset"] as const).map((direction) => {
      const labels = cells(4000).map((n) => labelOf(memristors, n, direction));
      const { mean, deviation } = statistics(labels);
      return labels.map((label) => (label - mean) / deviation);
    });
    const correlation = set.reduce((sum, z, n) => sum + z * reset[n], 0) / set.length;
    expect(Math.abs(correlation)).toBeLessThan(5 / Math.sqrt(set.length));
  });

  it("never have a label beyond the largest", () => {
    const memristors = cellsOf({ preset: "pcmo", deviceToDevice: 4, cycleToCycle: 0 }, 4000);
    const labels = cells(4000).map((n) => labelOf(memristors, n, "reset"));
    expect(Math.max(...labels)).toBeCloseTo(9, 6);
    expect(Math.min(...labels)).toBeLessThan(-2);
  });

  it("are all the same without a deviation", () => {
    const memristors = differing(0);
    expect(new Set(cells(100).map((n) => meanAfter(memristors.step(n, "set"), 0.3, 20))).size).toBe(1);
  });
});

describe("the noise of reads", () => {
  it.prop([fc.array(fc.constantFrom(0, 1, -1, 0.5), { minLength: 1, maxLength: 40 }), fc.nat()])(
    "has the deviation of the driven cells' noises together, and is another for each sum",
    (x, seed) => {
      const sums = new Float64Array(8000);
      newReadNoise(0.02, false, new Random(seed))(Float64Array.from(x), sums);
      const { mean, deviation } = statistics([...sums]);
      const wished = 2 * 0.02 * Math.sqrt(x.reduce<number>((sum, xi) => sum + xi * xi, 0));
      expect(Math.abs(mean)).toBeLessThanOrEqual((5 * wished) / Math.sqrt(sums.length));
      expect(Math.abs(deviation - wished)).toBeLessThanOrEqual(0.06 * wished);
    },
  );
});

describe("training with memristors", () => {
  const network: Network = { layers: [16, 12, 4], activation: "relu", loss: "softmax-cross-entropy" };
  const { train } = loadDataset({ inputs: 16, outputs: 4 });
  const initial = network.layers.slice(1).map((outputs, l) => {
    const random = new Random(5, l);
    return Float64Array.from({ length: network.layers[l] * outputs }, () => random.uniform() - 0.5);
  });
  const batch = Uint32Array.of(0, 1, 2, 3);
  const trained = (device: DesignInput["device"], seed = 1, learningRate = 0.2) => {
    const trainer = newTrainer(designOf(network, { device, training: { batch: 4, learningRate } }), initial, seed);
    const start = trainer.weights.map((w) => w.slice());
    for (let n = 0; n < 5; n++) trainer.train(train, batch);
    return { ...trainer, start };
  };

  it("moves weights by the devices' own steps, and is the same again for the same seed", () => {
    const { weights, pulses } = trained({ preset: "ag-a-si" });
    const again = trained({ preset: "ag-a-si" });
    expect(again.weights).toEqual(weights);
    expect(trained({ preset: "ag-a-si" }, 2).weights).not.toEqual(weights);
    expect(pulses.some((layer) => layer.some((count) => count > 0))).toBe(true);
    weights.forEach((layer, l) => {
      layer.forEach((w, n) => {
        if (pulses[l][n] === 0) expect(w).toBeCloseTo(initial[l][n], 12);
      });
    });
  });

  it("with straight lines and nothing else is ideal-N, from the same states", () => {
    const states = initial.map((w) => w.map((value) => Math.round(value * 50) / 50));
    const of = (device: DesignInput["device"]) => {
      const design = designOf(network, { device, training: { batch: 4, learningRate: 0.2 } });
      const trainer = newTrainer(design, states, 1);
      for (let n = 0; n < 5; n++) trainer.train(train, batch);
      return trainer.weights;
    };
    // A part of 10⁻⁹ of stuck cells, of which there is none here, makes them memristors.
    of({ preset: "ideal-100", stuckOn: 1e-9 }).forEach((layer, l) => {
      const ideal = of({ preset: "ideal-100" })[l];
      layer.forEach((w, n) => {
        expect(w).toBeCloseTo(ideal[n], 9);
      });
    });
  });

  it.prop([part, fc.integer({ min: -12, max: 12 }), fc.integer({ min: 0, max: 16 }), fc.nat()])(
    "reads a cell back as often as it may, and gives it a pulse each time that it is more than half a step off",
    (g, count, verify, seed) => {
      const levels = 60;
      const device = { preset: "hzo-fefet", states: { set: levels, reset: levels } };
      const cells = {
        weights: Float64Array.of(2 * g - 1),
        pulses: new Uint32Array(1),
        memristors: cellsOf(device, 1, seed),
      };
      const goal = Math.min(1, Math.max(-1, 2 * g - 1 + (2 * count) / levels));
      const settings = { levels, rounding: "nearest", maxPulses: 31, verify } as const;
      applyPulses(cells, Float64Array.of((-2 * count) / levels), 1, settings, new Random(1));
      const more = cells.pulses[0] - Math.abs(count);
      expect(more >= 0 && more <= verify).toBe(true);
      if (more < verify && count !== 0)
        expect(Math.abs(cells.weights[0] - goal)).toBeLessThanOrEqual(1 / levels + 1e-12);
      if (count === 0) expect(more).toBe(0);
    },
  );

  it("lets conductances drift once a batch", () => {
    const { weights, start } = trained({ preset: "ideal-100", drift: 0.002, driftTarget: 1 }, 1, 1e-9);
    weights.forEach((layer, l) => {
      layer.forEach((w, n) => {
        expect(1 - w).toBeCloseTo(0.998 ** 5 * (1 - start[l][n]), 9);
      });
    });
  });

  it("hears the reads' noise in its loss", () => {
    const lossOf = (readNoise: number) => {
      const design = designOf(network, { device: { preset: "ideal-100", readNoise } });
      const trainer = newTrainer(design, initial, 1);
      return [trainer.train(train, batch), trainer.noise !== undefined] as const;
    };
    const [quiet, noisy] = [lossOf(0), lossOf(0.1)];
    expect(noisy[0]).not.toBe(quiet[0]);
    expect([quiet[1], noisy[1]]).toEqual([false, true]);
  });
});
