import { describe, expect, it } from "vitest";
import { loadDataset } from "../../data/dataset.ts";
import { epochOrder } from "../../data/order.ts";
import { Random } from "../../data/random.ts";
import { loadDesign } from "../../generator/design/load.ts";
import { calibrate } from "../../golden/calibrate.ts";
import { exactGradient } from "../../golden/gradient.ts";
import { forward, loadSample, type Network, newPass } from "../../golden/network.ts";
import { trainGolden } from "../../golden/train.ts";
import type { GoldenDesign } from "../../golden/trainer.ts";
import { activations, designOf, losses } from "./networks.ts";

delete process.env.RANKLOOM_DATA; // the generated data set is what is wanted
const layers = [16, 12, 4];
const data = loadDataset({ inputs: 16, outputs: 4 });

function initialOf(sizes: readonly number[], seed = 1): Float64Array[] {
  const random = new Random(seed);
  return sizes.slice(1).map((outputs, l) => {
    const limit = Math.sqrt(6 / (sizes[l] + outputs));
    return Float64Array.from({ length: sizes[l] * outputs }, () => limit * (2 * random.uniform() - 1));
  });
}

const relu: Network = { layers, activation: "relu", loss: "softmax-cross-entropy" };
const initial = initialOf(layers);
const run = (design: GoldenDesign, changes: Partial<Parameters<typeof trainGolden>[0]> = {}) =>
  trainGolden({ design, data, initial, epochs: 1, seed: 1, ...changes });

describe("golden training", () => {
  for (const activation of activations) {
    for (const loss of losses) {
      it(`learns separable classes (${activation}, ${loss})`, () => {
        const design = designOf({ layers, activation, loss }, { training: { batch: 8, learningRate: 0.5, seed: 1 } });
        // A rectified output that no sample of its class makes positive would never learn: all start positive.
        const rectified = activation === "relu" && loss === "squared-error";
        const start = initial.map((w, l) => (rectified && l === 1 ? w.map(Math.abs) : w));
        const { epochs } = run(design, { epochs: 3, initial: start });
        expect(epochs[2].accuracy).toBeGreaterThan(0.95);
        expect(epochs[2].loss).toBeLessThan(epochs[0].loss);
      });
    }
  }

  it("takes exactly W − η G at the first batch of continuous mbgd, in the order of the epoch", () => {
    const design = designOf(relu);
    const { weights } = run(design, { samples: 7 }); // one batch of 4; the remainder of 3 is dropped
    const gradient = exactGradient(relu, initial, data.train, epochOrder(7, 1, 0).subarray(0, 4));
    weights.forEach((w, l) => {
      w.forEach((value, n) => {
        expect(value).toBeCloseTo(initial[l][n] - 0.2 * gradient.layers[l][n], 14);
      });
    });
  });

  it("gives each layer its own rate, whatever the method", () => {
    const training = { batch: 4, learningRate: 0.2 };
    for (const sets of [
      ["gradient.method=mbgd"],
      ["gradient.method=sgd"],
      ["gradient.method=lrt", "gradient.rank=12"],
    ]) {
      const { gradient } = loadDesign("tiny", sets).design;
      const moved = (layerRates?: number[]) => {
        const { weights } = run(designOf(relu, { gradient, training: { ...training, batch: 1, layerRates } }), {
          samples: 1,
        });
        return weights.map((w, l) => w.map((value, n) => value - initial[l][n]));
      };
      const [same, half] = [moved(), moved([1, 0.5])];
      expect(half[0]).toEqual(same[0]);
      half[1].forEach((value, n) => {
        expect(value).toBeCloseTo(0.5 * same[1][n], 12);
      });
    }
  });

  it("draws as many samples for an epoch as the design says", () => {
    const design = designOf(relu, { training: { batch: 4, learningRate: 0.2, epochSamples: 9 } });
    const { weights } = run(design, { samples: 7 }); // two batches
    const expected = initial.map((w) => w.slice());
    const order = epochOrder(7, 1, 0, 9);
    for (const first of [0, 4]) {
      const gradient = exactGradient(relu, expected, data.train, order.subarray(first, first + 4));
      expected.forEach((w, l) => {
        gradient.layers[l].forEach((g, n) => {
          w[n] -= 0.2 * g;
        });
      });
    }
    weights.forEach((w, l) => {
      w.forEach((value, n) => {
        expect(value).toBeCloseTo(expected[l][n], 12);
      });
    });
  });

  it("gives each sample of sgd its part of the learning rate, at once", () => {
    const design = designOf(relu, {
      gradient: { method: "sgd", rounding: "stochastic", maxPulses: 31, programming: "row" },
    });
    const { weights } = run(design, { samples: 4 });
    const expected = initial.map((w) => w.slice());
    for (const n of epochOrder(4, 1, 0)) {
      const gradient = exactGradient(relu, expected, data.train, Uint32Array.of(n));
      expected.forEach((w, l) => {
        gradient.layers[l].forEach((g, m) => {
          w[m] -= (0.2 / 4) * g;
        });
      });
    }
    weights.forEach((w, l) => {
      w.forEach((value, n) => {
        expect(value).toBeCloseTo(expected[l][n], 14);
      });
    });
  });

  it("at batch 1 is the same for sgd and mbgd, pulse by pulse", () => {
    const at = (method: "sgd" | "mbgd") =>
      run(
        designOf(relu, {
          device: { preset: "ideal-100" },
          gradient: { method, rounding: "stochastic", maxPulses: 31, programming: "row" },
          training: { batch: 1, learningRate: 0.1, seed: 1 },
        }),
        { samples: 200 },
      );
    expect(at("sgd").pulses).toBeGreaterThan(0);
    const [sgd, mbgd] = [at("sgd"), at("mbgd")];
    expect(sgd.weights).toEqual(mbgd.weights);
    expect(sgd.pulses).toBe(mbgd.pulses);
  });

  it("with N levels keeps every weight on a state and counts pulses", () => {
    const design = designOf(relu, { device: { preset: "ideal-50" } });
    const { weights, pulses, maxPerCell, epochs } = run(design);
    for (const w of weights)
      for (const value of w) expect((value + 1) * 25).toBeCloseTo(Math.round((value + 1) * 25), 9);
    expect(pulses).toBeGreaterThan(maxPerCell);
    expect(maxPerCell).toBeGreaterThan(0);
    expect(epochs[0].accuracy).toBeGreaterThan(0.8);
  });

  it("is stuck under nearest rounding where every step is less than half a pulse", () => {
    const settings = { device: { preset: "ideal-20" }, training: { batch: 4, learningRate: 0.01, seed: 1 } } as const;
    const nearest = run(
      designOf(relu, {
        ...settings,
        gradient: { method: "mbgd", rounding: "nearest", maxPulses: 31, programming: "row" },
      }),
    );
    expect(nearest.pulses).toBe(0);
    expect(run(designOf(relu, settings)).pulses).toBeGreaterThan(0);
  });

  it("is the same for the same seed, different for another, and leaves the initial weights alone", () => {
    const design = designOf(relu, { device: { preset: "ideal-100" } });
    const kept = initial.map((w) => w.slice());
    const first = run(design, { samples: 400 });
    expect(run(design, { samples: 400 }).weights).toEqual(first.weights);
    expect(run(design, { samples: 400, seed: 2 }).weights).not.toEqual(first.weights);
    expect(initial).toEqual(kept);
  });

  it("refuses a batch that the samples do not fill", () => {
    const wrong = () => run(designOf(relu), { samples: 3 });
    expect(wrong).toThrow("training.batch: 4 is more than the 3 training samples; use fewer");
  });

  it("reports each epoch as it ends", () => {
    const seen: number[] = [];
    run(designOf(relu), { epochs: 2, samples: 40, testSamples: 10, onEpoch: ({ epoch }) => seen.push(epoch) });
    expect(seen).toEqual([1, 2]);
  });
});

describe("golden training with a gradient of low rank", () => {
  const tiny = (sets: readonly string[]) => loadDesign("tiny", sets).design;
  const lowRank = (sets: readonly string[], changes: Partial<Parameters<typeof trainGolden>[0]> = {}) => {
    const design = tiny(["training.learningRate=0.4", "gradient.rank=2", ...sets]);
    return trainGolden({ design, data, initial, epochs: 2, seed: 1, ...changes });
  };

  it.each([
    [["gradient.method=sbpca"]],
    [["gradient.method=sbpca", "gradient.subBatch=3", "gradient.update=rank-seq"]],
    [["gradient.method=nmf", "gradient.subBatch=4"]],
    [["gradient.method=nmf", "gradient.frontEnd=sbpca", "gradient.update=rank-seq"]],
    [["gradient.method=nmf", "gradient.frontEnd=lrt"]],
    [["gradient.method=lrt", "gradient.unbiased=0.3"]],
    [["gradient.method=lrt", "gradient.rank=16"]],
    [["gradient.method=lrt", "gradient.update=rank-seq", "gradient.programming=coincidence"]],
    [["gradient.method=nmf", "gradient.update=rank-seq", "gradient.programming=coincidence"]],
  ])("learns separable classes: %j", (sets) => {
    const { epochs, pulses } = lowRank(sets);
    expect(epochs[1].accuracy).toBeGreaterThan(0.95);
    expect(epochs[1].loss).toBeLessThan(epochs[0].loss);
    expect(pulses).toBeGreaterThan(0);
  });

  it("is the full gradient where lrt has as many ranks as the layers have outputs", () => {
    const of = (sets: readonly string[]) =>
      trainGolden({
        design: tiny(["device.preset=ideal", ...sets]),
        data,
        initial,
        epochs: 1,
        seed: 1,
        samples: 80,
      }).weights;
    const exact = of(["gradient.method=mbgd"]);
    for (const update of ["rank-sum", "rank-seq"]) {
      of(["gradient.method=lrt", "gradient.rank=12", `gradient.update=${update}`]).forEach((w, l) => {
        w.forEach((value, n) => {
          expect(value).toBeCloseTo(exact[l][n], 9);
        });
      });
    }
  });

  it("is the same for the same seed, and different for another", () => {
    const sets = ["gradient.method=lrt", "gradient.update=rank-seq", "gradient.programming=coincidence"];
    const of = (seed: number) => lowRank(sets, { samples: 400, seed });
    expect(of(1).weights).toEqual(of(1).weights);
    expect(of(2).weights).not.toEqual(of(1).weights);
  });

  it("counts the slots of pulse trains, and only those", () => {
    const sets = ["gradient.method=nmf", "gradient.rank=1", "gradient.update=rank-seq"];
    expect(lowRank(sets, { samples: 8 }).trains).toBe(null);
    const { trains } = lowRank([...sets, "gradient.programming=coincidence", "gradient.pulseTrain=5"], {
      samples: 8,
      epochs: 1,
    });
    // One batch: two layers, one rank of each sign, one phase a rank, and never a train that is too short.
    expect(trains).toEqual({ slots: 2 * 2 * 5, clipped: 0 });
  });

  it("lets sgd program by coincidence too", () => {
    const sets = ["gradient.method=sgd", "gradient.programming=coincidence", "training.learningRate=0.4"];
    const { epochs, trains } = trainGolden({ design: tiny(sets), data, initial, epochs: 2, seed: 1 });
    expect(epochs[1].accuracy).toBeGreaterThan(0.95);
    expect(trains?.slots).toBeGreaterThan(0);
  });

  it("gives calibration its ranges", () => {
    const design = tiny(["gradient.method=sbpca"]);
    const { layers: ranges } = calibrate({ design, data: data.train, initial, batches: 2 });
    for (const { maxError } of ranges) expect(maxError).toBeGreaterThan(0);
  });
});

describe("calibration", () => {
  it("finds the largest magnitudes of what it sees, and has seen all batches", () => {
    const design = designOf(relu);
    let samples = 0;
    let largest = 0;
    const { layers: ranges, samples: read } = calibrate({
      design,
      data: data.train,
      initial,
      batches: 3,
      visit: (pass) => {
        samples++;
        largest = Math.max(largest, ...pass.delta[0].map(Math.abs));
      },
    });
    expect([samples, read]).toEqual([12, 12]);
    expect(ranges.length).toBe(2);
    expect(ranges[0].maxError).toBe(largest);
    expect(ranges[0].maxActivation).toBeLessThanOrEqual(ranges[0].maxPreactivation);
    expect(ranges[1].maxActivation).toBe(ranges[1].maxPreactivation);
  });

  it("takes one batch of what there is when there are fewer samples than a batch", () => {
    const one = { count: 1, codes: data.train.codes.subarray(0, 16), labels: data.train.labels.subarray(0, 1) };
    const { layers: ranges, samples } = calibrate({ design: designOf(relu), data: one, initial, batches: 4 });
    const pass = newPass(relu);
    loadSample(pass, one.codes, 0);
    forward(relu, initial, pass);
    expect(samples).toBe(1);
    expect(ranges[0].maxPreactivation).toBe(Math.max(...pass.z[0].map(Math.abs)));
  });
});
