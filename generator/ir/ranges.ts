/** What a few batches of real data say about the ranges of a design: calibration finds it, elaboration reads it. */
import type { CalibrationIr } from "./ir.ts";

export interface LayerRanges {
  readonly maxPreactivation: number;
  readonly maxActivation: number;
  /** Largest |δ| at the layer's output. */
  readonly maxError: number;
}

export interface Calibration {
  readonly layers: readonly (LayerRanges & { readonly maxForwardSum: number; readonly maxBackwardSum: number })[];
  readonly record: CalibrationIr;
}
