/** The clock from the slowest path, and the time of a sample, phase by phase, in ps. */
import { SAMPLE_PHASES } from "../generator/ir/hand-over.ts";
import type { Ir } from "../generator/ir/ir.ts";
import type { Activity } from "./activity.ts";
import type { Constants } from "./constants.ts";
import { type Leaf, placeOf } from "./leaves.ts";
import type { Synthesis } from "./synthesis/synthesise.ts";
import { type Figure, figure, input } from "./tree.ts";

/** Times of the generic library that make an FO4: an inverter with four like it. */
const TAU_PER_FO4 = 5;

export interface Clock {
  /** The shortest period that the netlist allows, in ps. */
  readonly shortest: Figure;
  /** MHz. */
  readonly highest: Figure;
  /** The period of the design, in ps. */
  readonly period: Figure;
}

/** @param timeUnitPs of the user's library; null: the generic one, in τ
 *  @param mhz the clock asked for; null: the highest */
export function clockOf(
  { slowest, tool }: Synthesis,
  constants: Constants,
  nodeNm: number,
  timeUnitPs: number | null,
  mhz: number | null,
): Clock {
  const margin = constants.use("digital.clockMargin");
  const path = `${tool}: in ${slowest.module}, from ${slowest.from} to ${slowest.to}`;
  const title = "shortest clock period that the slowest path between registers allows";
  const fo4 = timeUnitPs === null ? constants.use("digital.fo4PerNode", { nodeNm }) : null;
  const ps = fo4 ? (slowest.time / TAU_PER_FO4) * fo4.value * nodeNm : slowest.time * (timeUnitPs ?? 1);
  const shortest = figure("clock.shortestPeriod", {
    title,
    unit: "ps",
    value: Math.max(1, Math.ceil(ps * margin.value)),
    formula: fo4 ? `path / ${TAU_PER_FO4} · FO4 a nm · node · margin` : "path · margin",
    inputs: fo4
      ? [input("path", slowest.time, "τ", path), input("node", nodeNm, "nm", "--node")]
      : [input("path", ps, "ps", path)],
    constants: fo4 ? [fo4, margin] : [margin],
  });
  const highest = figure("clock.highest", {
    title: "highest clock",
    unit: "MHz",
    value: 1e6 / shortest.value,
    formula: "1 / shortest period",
    parts: [shortest],
  });
  if (mhz !== null && mhz > highest.value)
    constants.warn(`--clock ${mhz}: above the ${highest.value.toFixed(1)} MHz that the slowest path allows`);
  const period =
    mhz === null
      ? figure("clock.period", {
          title: "clock period of the design",
          unit: "ps",
          value: shortest.value,
          formula: "the shortest; --clock sets another",
          parts: [shortest],
        })
      : figure("clock.period", {
          title: "clock period of the design",
          unit: "ps",
          value: Math.round(1e6 / mhz),
          formula: "1 / clock",
          inputs: [input("clock", mhz, "MHz", "--clock")],
        });
  return { shortest, highest, period };
}

/** Phases of one sample, those that depend on data as the simulator had them; what happens once a batch is shared. */
export function timeLeaves(ir: Ir, activity: Activity, period: Figure): Leaf[] {
  const leaf = (layer: number | null, phase: string, cycles: number, from: string): Leaf => ({
    layer,
    unit: phase,
    kind: "digital",
    figure: figure(`time.sample.${placeOf(layer)}.${phase}`, {
      title: phase,
      unit: "ps",
      value: Math.round(cycles * period.value),
      formula: "cycles · period",
      inputs: [input("cycles", cycles, "a sample", from)],
      parts: [period],
    }),
  });
  const fixed = ir.phases.filter(({ phase }) => SAMPLE_PHASES.includes(phase));
  const measured = ["gradient", "update", "range"].filter((phase) => activity.byPhase[phase] > 0);
  return [
    ...fixed.map(({ phase, layer, cycles, formula }) => leaf(layer, phase, cycles, formula)),
    ...measured.map((phase) =>
      leaf(null, phase, activity.byPhase[phase] / activity.samples, "simulator, without host stalls"),
    ),
  ];
}
