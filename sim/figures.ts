/** What tables say of one training: its result, in figures that compare across networks and methods. */
import type { Design } from "../generator/design/schema.ts";
import { methodOf } from "../generator/methods/registry.ts";
import type { TrainResult } from "./train.ts";

export interface TrainFigures {
  /** Part of the test samples classified rightly, at the end. */
  readonly accuracy: number;
  readonly cyclesPerSample: number;
  readonly cyclesPerUpdate: number;
  /** Bits of the memories that only hold the gradient. */
  readonly gradientBits: number;
  readonly pulsesPerCell: number;
  readonly mostPulsesInACell: number;
  /** Of all causes. */
  readonly saturations: number;
}

export function trainFigures(design: Design, result: TrainResult): TrainFigures {
  const { layers } = design.network;
  const cells = layers.slice(1).reduce((sum, size, l) => sum + size * layers[l], 0);
  return {
    accuracy: result.accuracy.test,
    cyclesPerSample: result.cycles.perSample,
    cyclesPerUpdate: result.cycles.byPhase.update / Math.max(1, updates(design, result.samples)),
    gradientBits: result.memory.gradient,
    pulsesPerCell: result.pulses.total / cells,
    mostPulsesInACell: result.pulses.maxPerCell,
    saturations: Object.values(result.saturation.total).reduce((sum, n) => sum + n, 0),
  };
}

/** Updates of so many samples. */
const updates = ({ gradient, training }: Design, samples: number): number =>
  methodOf(gradient.method).keeps === "nothing" ? samples : samples / training.batch;
