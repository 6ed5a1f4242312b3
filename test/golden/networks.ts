/** Arbitrary small networks, weights and samples for the golden model's tests. */
import { fc } from "@fast-check/vitest";
import type { Samples } from "../../data/samples.ts";
import { type DesignInput, designSchema } from "../../generator/design/schema.ts";
import type { Network } from "../../golden/network.ts";
import type { GoldenDesign } from "../../golden/trainer.ts";

export const activations = ["relu", "sigmoid", "tanh"] as const;
export const losses = ["softmax-cross-entropy", "squared-error"] as const;

export const layersArbitrary = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 2, maxLength: 4 });

export interface Case {
  readonly layers: number[];
  readonly weights: Float64Array[];
  readonly samples: Samples;
}

const unit = fc.integer({ min: -1000, max: 1000 }).map((n) => n / 1000);

export const caseArbitrary: fc.Arbitrary<Case> = fc
  .tuple(layersArbitrary, fc.integer({ min: 1, max: 4 }))
  .chain(([layers, count]) =>
    fc.record({
      layers: fc.constant(layers),
      weights: fc.tuple(
        ...layers.slice(1).map((outputs, l) => arrayOf(unit, layers[l] * outputs).map((w) => Float64Array.from(w))),
      ),
      samples: fc.record({
        count: fc.constant(count),
        codes: arrayOf(fc.integer({ min: 0, max: 255 }), count * layers[0]).map((c) => Uint8Array.from(c)),
        labels: arrayOf(fc.nat({ max: layers[layers.length - 1] - 1 }), count).map((c) => Uint16Array.from(c)),
      }),
    }),
  );

export function arrayOf<T>(element: fc.Arbitrary<T>, length: number): fc.Arbitrary<T[]> {
  return fc.array(element, { minLength: length, maxLength: length });
}

/** What the golden model reads of a design; of its device and training, the schema fills what is not given. */
type Changes = Partial<Pick<GoldenDesign, "gradient" | "tile">> & Partial<Pick<DesignInput, "device" | "training">>;

export function designOf(network: Network, changes: Changes = {}): GoldenDesign {
  const { device = { preset: "ideal" }, training = { batch: 4, learningRate: 0.2 }, gradient } = changes;
  const { shape } = designSchema;
  return {
    name: "network",
    network: { ...network, layers: [...network.layers], bias: false },
    tile: changes.tile ?? { encoding: "offset" },
    device: shape.device.parse(device),
    gradient: gradient ?? { method: "mbgd", rounding: "stochastic", maxPulses: 31, programming: "row" },
    training: shape.training.parse(training),
  };
}
