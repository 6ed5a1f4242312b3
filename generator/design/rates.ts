/** The learning rate of each layer. */

/** A larger one is taken for a mistake. */
export const LARGEST_RATE = 1024;

interface Rates {
  readonly learningRate: number;
  /** Factors on it, one for each layer. */
  readonly layerRates?: readonly number[] | undefined;
}

export const layerRate = ({ learningRate, layerRates }: Rates, layer: number): number =>
  learningRate * (layerRates?.[layer] ?? 1);
