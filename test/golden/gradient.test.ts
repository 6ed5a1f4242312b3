import { fc, it } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { Samples } from "../../data/samples.ts";
import { accuracy, exactGradient, meanOuterProduct } from "../../golden/gradient.ts";
import { forward, loadSample, loss, type Network, newPass } from "../../golden/network.ts";
import { readReference } from "../reference/folder.ts";
import { activations, caseArbitrary, losses } from "./networks.ts";

interface SvdReference {
  cases: { batch: number; inputs: number; outputs: number; x: number[][]; delta: number[][]; gradient: number[][] }[];
}

const all = (samples: Samples) => Uint32Array.from({ length: samples.count }, (_, n) => n);

function meanLoss(network: Network, weights: readonly Float64Array[], samples: Samples): number {
  const pass = newPass(network);
  let total = 0;
  for (let n = 0; n < samples.count; n++) {
    loadSample(pass, samples.codes, n);
    forward(network, weights, pass);
    total += loss(network, pass, samples.labels[n]);
  }
  return total / samples.count;
}

/** Smallest |z| of a hidden or rectified neuron: a finite difference must not step over the rectifier's corner. */
function nearestCorner(network: Network, weights: readonly Float64Array[], samples: Samples): number {
  const pass = newPass(network);
  let nearest = Number.POSITIVE_INFINITY;
  for (let n = 0; n < samples.count; n++) {
    loadSample(pass, samples.codes, n);
    forward(network, weights, pass);
    for (const z of pass.z) for (const value of z) nearest = Math.min(nearest, Math.abs(value));
  }
  return nearest;
}

describe("the exact gradient", () => {
  for (const activation of activations) {
    for (const lossName of losses) {
      it.prop([caseArbitrary, fc.nat(), fc.nat()])(
        `equals the finite difference of the loss (${activation}, ${lossName})`,
        ({ layers, weights, samples }, anyLayer, anyWeight) => {
          const network: Network = { layers, activation, loss: lossName };
          if (activation === "relu") fc.pre(nearestCorner(network, weights, samples) > 2e-3);
          const gradient = exactGradient(network, weights, samples, all(samples));
          const layer = weights[anyLayer % weights.length];
          const n = anyWeight % layer.length;
          const step = 1e-5;
          const held = layer[n];
          layer[n] = held + step;
          const above = meanLoss(network, weights, samples);
          layer[n] = held - step;
          const below = meanLoss(network, weights, samples);
          layer[n] = held;
          expect(gradient.layers[anyLayer % weights.length][n]).toBeCloseTo((above - below) / (2 * step), 7);
          expect(gradient.loss).toBeCloseTo(meanLoss(network, weights, samples), 12);
        },
      );
    }
  }

  it("of given vectors equals the reference's", () => {
    for (const { inputs, outputs, x, delta, gradient } of readReference<SvdReference>("svd.json").cases) {
      const found = meanOuterProduct(Float64Array.from(x.flat()), Float64Array.from(delta.flat()), inputs, outputs);
      for (let i = 0; i < inputs; i++) {
        for (let j = 0; j < outputs; j++) expect(found[i * outputs + j]).toBeCloseTo(gradient[j][i], 11);
      }
    }
  });

  it.prop([caseArbitrary])("of a batch is the mean of its samples' gradients", ({ layers, weights, samples }) => {
    const network: Network = { layers, activation: "tanh", loss: "softmax-cross-entropy" };
    const whole = exactGradient(network, weights, samples, all(samples));
    const single = [...all(samples)].map((n) => exactGradient(network, weights, samples, Uint32Array.of(n)));
    whole.layers.forEach((gradient, l) => {
      gradient.forEach((value, n) => {
        const mean = single.reduce((sum, each) => sum + each.layers[l][n], 0) / samples.count;
        expect(value).toBeCloseTo(mean, 12);
      });
    });
  });
});

describe("softmax", () => {
  it("stays finite for huge pre-activations, and so does the loss", () => {
    const network: Network = { layers: [2, 2], activation: "relu", loss: "softmax-cross-entropy" };
    const samples = { count: 1, codes: Uint8Array.of(255, 0), labels: Uint16Array.of(1) };
    const gradient = exactGradient(network, [Float64Array.of(5000, -5000, 0, 0)], samples, Uint32Array.of(0));
    expect(gradient.loss).toBeCloseTo((10000 * 255) / 256, 6);
    expect([...gradient.layers[0]]).toEqual([255 / 256, -255 / 256, 0, 0]);
  });
});

describe("accuracy", () => {
  it("counts the samples whose largest output is their label's, the first of equals", () => {
    const network: Network = { layers: [1, 3], activation: "relu", loss: "softmax-cross-entropy" };
    const samples = { count: 4, codes: Uint8Array.of(10, 20, 30, 0), labels: Uint16Array.of(1, 1, 2, 0) };
    expect(accuracy(network, [Float64Array.of(0.1, 0.5, 0.5)], samples)).toBe(0.75);
  });

  it("under squared error compares outputs, not pre-activations: of rectified zeros the first wins", () => {
    const network: Network = { layers: [1, 2], activation: "relu", loss: "squared-error" };
    const samples = { count: 1, codes: Uint8Array.of(10), labels: Uint16Array.of(0) };
    expect(accuracy(network, [Float64Array.of(-0.5, -0.1)], samples)).toBe(1);
    expect(accuracy({ ...network, loss: "softmax-cross-entropy" }, [Float64Array.of(-0.5, -0.1)], samples)).toBe(0);
  });
});
