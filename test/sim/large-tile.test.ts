/** The largest tile of the schema: 1024 rows of 1024 columns, whose sums are beyond 16 bits. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { beyondKernels } from "../../sim/kernels/limits.ts";
import type { Machine } from "../../sim/machine.ts";
import { CAUSES } from "../../sim/state.ts";
import { inputCodes } from "../../sim/units/sample-input.ts";
import { prepared, randomSamples } from "./designs.ts";
import { kernelMachine, plainMachine } from "./machines.ts";

const SAMPLES = 4;

/** Millions of numbers by their checksum, the few others as they are. */
function digest({ state, cycles, path: { scratch } }: Machine): unknown {
  const sum = (...arrays: NodeJS.TypedArray[]): string => {
    const hash = createHash("sha256");
    for (const { buffer, byteOffset, byteLength } of arrays) hash.update(Buffer.from(buffer, byteOffset, byteLength));
    return hash.digest("hex");
  };
  const { samples, correct, batches, inBatch, pulses } = state;
  return {
    ...{ samples, correct, batches, inBatch, pulses, cycles: { ...cycles } },
    vectors: [scratch.x, scratch.z, scratch.raw, scratch.delta, scratch.aligned].map((arrays) => sum(...arrays)),
    layers: state.layers.map((layer) => ({
      cells: sum(layer.cells),
      weights: sum(layer.weights, layer.transposed),
      gradient: sum(layer.gradient),
      wear: sum(layer.wear),
      lfsr: sum(layer.lfsr),
      ranges: [...layer.ranges],
      exponent: layer.exponent,
      saturation: CAUSES.map((cause, c) => [cause, layer.saturation[c]]),
    })),
  };
}

for (const method of ["sgd", "mbgd"] as const)
  for (const layers of [
    [1000, 10],
    [12, 1024, 1024, 4],
  ])
    test(`kernels leave the bits of the plain units in tiles of 1024 × 1024 (${method}, ${layers.join("-")})`, () => {
      const machine = prepared({
        name: "large",
        network: { layers, activation: "relu", loss: "softmax-cross-entropy" },
        tile: { rows: 1024, cols: 1024, columnsPerAdc: 8, adcBits: 10 },
        device: { preset: "ideal-500" },
        gradient: { method, rounding: "stochastic", lanes: 64 },
        training: { batch: 2, learningRate: 0.5 },
      });
      if (!machine) throw new Error("the design is refused");
      const { ir } = machine;
      expect(beyondKernels(ir)).toBeNull();
      expect(Math.max(...ir.layers.map((l) => l.forward.sumBits))).toBeGreaterThan(16);
      expect(ir.layers.map((l) => [l.rowTiles, l.colTiles])).toEqual(ir.layers.map(() => [1, 1]));
      const [plain, kernels] = [plainMachine(machine), kernelMachine(machine)];
      const { codes, labels } = randomSamples(layers[0], ir.errorUnit.outputs, SAMPLES, 7);
      const initial = plain.state.layers.map((l) => l.cells.slice());
      for (let n = 0; n < SAMPLES; n++) {
        const sample = inputCodes(codes.subarray(n * layers[0], (n + 1) * layers[0]), ir.vectors[0].bits);
        for (const m of [plain, kernels]) m.sample(sample, labels[n], true);
        expect(digest(kernels)).toEqual(digest(plain));
      }
      plain.state.layers.forEach((layer, l) => {
        expect(layer.cells).not.toEqual(initial[l]);
      });
      expect(plain.state.batches).toBe(2);
    });
