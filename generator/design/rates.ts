/** The learning rate of each layer. */
import type { Design } from "./schema.ts";

export const layerRate = ({ learningRate, layerRates }: Design["training"], layer: number): number =>
  learningRate * (layerRates?.[layer] ?? 1);
