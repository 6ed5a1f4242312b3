/** The learning rate of each layer. */
import type { Design } from "./schema.ts";

/** A larger one is taken for a mistake. */
export const LARGEST_RATE = 1024;

export const layerRate = ({ learningRate, layerRates }: Design["training"], layer: number): number =>
  learningRate * (layerRates?.[layer] ?? 1);
