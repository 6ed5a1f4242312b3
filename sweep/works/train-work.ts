/** Work `train`: trains the design on the cycle-accurate simulator, on one thread. */
import { z } from "zod";
import { EPOCHS } from "../../generator/base/asked.ts";
import type { Work } from "../work.ts";

const settings = z.strictObject({
  kind: z.literal("train"),
  epochs: z
    .int()
    .min(EPOCHS.least)
    .max(EPOCHS.most)
    .default(EPOCHS.otherwise)
    .describe("Passes over the training data."),
  samples: z.int().min(1).optional().describe("The first so many training samples only."),
  testSamples: z.int().min(1).optional().describe("The first so many test samples only."),
});

export const train: Work<z.infer<typeof settings>> = {
  settings,
  does: "trains on the simulator",
  module: import.meta.url,
  figures: {
    accuracy: { type: "DOUBLE", better: "more", meaning: "part of the test samples classified rightly, at the end" },
    accuracyPerEpoch: { type: "DOUBLE[]", meaning: "the same, after each epoch" },
    epochs: { type: "BIGINT", meaning: "passes over the training data" },
    samples: { type: "BIGINT", meaning: "samples trained on, over all epochs" },
    cyclesPerSample: { type: "DOUBLE", better: "less", meaning: "clock cycles of the training, by sample" },
    cyclesPerUpdate: { type: "DOUBLE", better: "less", meaning: "clock cycles of one update" },
    memory: { type: "BIGINT", better: "less", meaning: "bits of all memories of the machine" },
    gradientBits: { type: "BIGINT", better: "less", meaning: "bits of those that only hold the gradient" },
    pulsesPerCell: { type: "DOUBLE", better: "less", meaning: "programming pulses, mean of all cells" },
    mostPulsesInACell: { type: "BIGINT", better: "less", meaning: "programming pulses of the cell that had most" },
    saturations: { type: "BIGINT", better: "less", meaning: "values that were clipped, of all causes" },
    stateHash: { type: "VARCHAR", meaning: "SHA-256 over all conductances at the end" },
  },

  async prepare() {
    const { kernelModule } = await import("../../sim/kernels/load.ts");
    kernelModule();
  },

  async run({ design, settings: { epochs, samples, testSamples }, data, dataset }) {
    const { train: run } = await import("../../sim/train.ts");
    const { trainFigures } = await import("../../sim/figures.ts");
    const result = await run({ design, data, dataset: dataset(), epochs, samples, testSamples, threads: 1 });
    return {
      ...trainFigures(design, result),
      accuracyPerEpoch: result.accuracy.perEpoch,
      epochs: result.epochs,
      samples: result.samples,
      memory: result.memory.total,
      stateHash: result.stateHash,
    };
  },

  amount({ epochs, samples = Number.POSITIVE_INFINITY }, { training: { batch, epochSamples } }, { train: { count } }) {
    // A design that draws its epochs draws as many from fewer samples.
    if (epochSamples !== undefined) return { epochs, samples: epochSamples, least: epochSamples };
    return { epochs, samples: Math.min(samples, count), least: batch };
  },
  of: (whole, { epochs, samples }, { training: { epochSamples } }) =>
    epochSamples === undefined ? { ...whole, epochs, samples } : { ...whole, epochs },
};
