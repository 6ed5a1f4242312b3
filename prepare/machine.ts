/** Design → everything a run starts from: the IR, calibrated on the head of its data, and the initial conductances. */
import { loadHead } from "../data/dataset.ts";
import { shapeOf } from "../data/samples.ts";
import type { Design } from "../generator/design/schema.ts";
import { elaborate } from "../generator/ir/elaborate.ts";
import { geometry } from "../generator/ir/geometry.ts";
import { initialWeights, toConductance, toWeights } from "../generator/ir/initial.ts";
import type { Ir } from "../generator/ir/ir.ts";
import { calibration, calibrationSamples } from "./calibration.ts";

export interface PreparedMachine {
  readonly ir: Ir;
  /** By layer, [inputs][outputs], in conductance units; with pairs, those that add and then those that subtract. */
  readonly conductances: Uint16Array[];
  /** The weights these stand for, by layer, [inputs][outputs]. */
  readonly weights: Float64Array[];
}

/** @param options.data a data set's path; the design's own if absent */
export function prepareMachine(design: Design, options: { data?: string } = {}): PreparedMachine {
  const geo = geometry(design);
  const initial = initialWeights(design);
  const head = loadHead(shapeOf(design.network), { path: options.data }, calibrationSamples(design));
  const ir = elaborate(design, calibration(design, geo, initial, head));
  const conductances = initial.map((weights) => toConductance(weights, ir.cell));
  return {
    ir,
    conductances,
    weights: conductances.map((g) => toWeights(g, ir.cell)),
  };
}
