/** What holds for every gradient method of the registry, those of later days among them. */
import { describe, expect, it } from "vitest";
import { loadDataset } from "../../data/dataset.ts";
import { shapeOf } from "../../data/samples.ts";
import { validateDesign } from "../../generator/design/schema.ts";
import { variants } from "../../generator/methods/compared.ts";
import { methodNames, methodOf } from "../../generator/methods/registry.ts";
import { trainGolden } from "../../golden/train.ts";
import { prepareMachine } from "../../prepare/machine.ts";
import { methodMarks } from "../../report/marks.ts";
import { train } from "../../sim/train.ts";

const BATCH = 16;
const SAMPLES = 8 * BATCH;

describe("every method", () => {
  // What the hardware takes for a mean where it is a sum, or the other way round, is a factor of the batch: Verilog and
  // simulator agree on it, and accuracy hides it.
  it.each(variants().map(({ name, gradient }) => [name, gradient]))(
    "gives about as many pulses in hardware as in float64: %s",
    async (_, gradient) => {
      const design = validateDesign(
        {
          name: "every-method",
          network: { layers: [24, 12, 4], activation: "relu", loss: "softmax-cross-entropy" },
          tile: { rows: 16, cols: 16, columnsPerAdc: 4, adcBits: "lossless" },
          device: { preset: "ideal-500" },
          gradient,
          training: { batch: BATCH, learningRate: 0.5, seed: 3 },
        },
        "every-method",
      );
      const data = loadDataset(shapeOf(design.network), {});
      const { weights: initial } = prepareMachine(design);
      const golden = trainGolden({ design, data, initial, epochs: 1, samples: SAMPLES, testSamples: 4, seed: 3 });
      const hardware = await train({ design, epochs: 1, samples: SAMPLES, testSamples: 4, threads: 1 });
      expect(golden.pulses).toBeGreaterThan(1000);
      expect(hardware.pulses.total / golden.pulses).toBeGreaterThan(0.6);
      expect(hardware.pulses.total / golden.pulses).toBeLessThan(1.6);
    },
  );

  it("has a place in lists and a look in pictures that no other has", () => {
    const places = methodNames().map((name) => methodOf(name).place);
    expect(new Set(places).size).toBe(places.length);
    const looks = variants().map(({ look }) => look);
    expect(new Set(looks).size).toBe(looks.length);
  });

  it("is told apart in pictures, also beyond the last colour", () => {
    const names = [...variants().map(({ name }) => name), ...Array.from({ length: 9 }, (_, n) => `outside ${n}`)];
    const { color, shape, strokeDash } = methodMarks(names);
    const seen = names.map((_, n) => JSON.stringify([color, shape, strokeDash].map(({ scale }) => scale.range[n])));
    expect(new Set(seen).size).toBe(names.length);
  });
});
