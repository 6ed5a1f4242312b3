/** Designs by name. Data only: every bound and default lives in the schema. */
import type { DesignInput } from "./schema.ts";

const gradient = { method: "mbgd", rounding: "stochastic", lanes: 32 } as const;

export const presets: Readonly<Record<string, DesignInput>> = {
  "mnist-mlp": {
    name: "mnist-mlp",
    network: { layers: [784, 256, 128, 10], activation: "relu", loss: "softmax-cross-entropy" },
    tile: { rows: 128, cols: 128 },
    device: { preset: "ideal-500" },
    gradient,
    training: { batch: 128, learningRate: 0.2 },
  },
  "mnist-small": {
    name: "mnist-small",
    network: { layers: [784, 64, 10], activation: "relu", loss: "softmax-cross-entropy" },
    tile: { rows: 64, cols: 64 },
    device: { preset: "ideal-500" },
    gradient,
    training: { batch: 32, learningRate: 0.2 },
  },
  "sensor-mlp": {
    name: "sensor-mlp",
    network: { layers: [95, 48, 6], activation: "tanh", loss: "softmax-cross-entropy" },
    tile: { rows: 32, cols: 32, columnsPerAdc: 4 },
    device: { preset: "ideal-256" },
    gradient: { ...gradient, lanes: 16 },
    training: { batch: 16, learningRate: 0.2 },
  },
  /** MLP+NeuroSim V3.0's network, data and training with its Ag:a-Si device. */
  "neurosim-mlp": {
    name: "neurosim-mlp",
    network: { layers: [400, 100, 10], activation: "sigmoid", loss: "squared-error", crop: 20, sampleBits: 1 },
    tile: { rows: 128, cols: 128 },
    device: { preset: "ag-a-si" },
    gradient: { method: "sgd", rounding: "nearest", lanes: 32 },
    training: { batch: 1, learningRate: 0.4, layerRates: [1, 0.5], epochSamples: 8000 },
  },
  tiny: {
    name: "tiny",
    network: { layers: [16, 12, 4], activation: "relu", loss: "softmax-cross-entropy" },
    tile: { rows: 8, cols: 8, columnsPerAdc: 2 },
    device: { preset: "ideal-100" },
    gradient: { ...gradient, lanes: 4 },
    training: { batch: 8, learningRate: 0.2 },
  },
};
