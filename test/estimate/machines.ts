/** Machines for tests of the estimate: small designs, with a synthesis and an activity that were not measured. */
import type { Activity } from "../../estimate/activity.ts";
import { type Constants, loadConstants } from "../../estimate/constants.ts";
import { type Estimate, figuresFrom, libraryOf } from "../../estimate/estimate-design.ts";
import type { Synthesis } from "../../estimate/synthesis/synthesise.ts";
import { loadDesign } from "../../generator/design/load.ts";
import { type PreparedMachine, prepareMachine } from "../../prepare/machine.ts";

export const machine = (sets: readonly string[] = [], preset = "tiny"): PreparedMachine =>
  prepareMachine(loadDesign(preset, sets).design, {});

/** A top with layers, each with one unit, and one unit of its own. */
export function synthesisOf(layers: number, gates: number): Synthesis {
  const unit = (name: string, area: number, children: [string, number][] = []) => ({
    name,
    logic: { cells: 2 * area, area },
    registers: { cells: 4, area: 4 * (17 / 3) },
    trees: { cells: 0, area: 0 },
    children,
    slowest: null,
  });
  const names = Array.from({ length: layers }, (_, l): [string, number] => [`layer_${l}`, 1]);
  return {
    tool: "made up",
    modules: [
      unit("update_unit", gates),
      unit("layer", gates / 2, [["update_unit", 0]]),
      unit("sequencer", gates / 3),
      unit("rankloom", 0, [...names, ["sequencer", 2]]),
    ],
    slowest: { time: 500, from: "a", to: "b", module: "update_unit" },
    cones: 3,
    distinctCones: 2,
  };
}

/** As if each sample drove and pulsed so much. */
export function activityOfAll({ ir }: PreparedMachine, scale = 1): Activity {
  const read = { drivenLines: 10 * scale, cells: 80 * scale, conductance: 40 * scale };
  const pulse = { pulses: 5 * scale, conductance: 2 * scale };
  const cycles = ir.phases.reduce((sum, phase) => sum + phase.cycles, 0);
  return {
    samples: ir.batch,
    batches: 1,
    epochSamples: 10 * ir.batch,
    data: "made up",
    cycles: cycles * ir.batch,
    byPhase: { gradient: 7 * ir.batch, update: 100, range: 1 },
    layers: ir.layers.map(() => ({ forward: read, backward: read, set: pulse, reset: pulse, mostWorn: 3 * scale })),
  };
}

interface Choice {
  readonly constants?: Constants;
  readonly nodeNm?: number;
  readonly clockMhz?: number;
  readonly gates?: number;
  readonly scale?: number;
}

export function estimateOf(prepared: PreparedMachine, choice: Choice = {}): Estimate {
  const { constants = loadConstants(), nodeNm = 45, clockMhz = null, gates = 300, scale = 1 } = choice;
  return figuresFrom({
    prepared,
    synthesis: synthesisOf(prepared.ir.layers.length, gates),
    activity: activityOfAll(prepared, scale),
    constants,
    library: libraryOf(undefined),
    nodeNm,
    clockMhz,
  });
}
