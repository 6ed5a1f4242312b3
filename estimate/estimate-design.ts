/** Area, clock, time, energy and endurance of a design, and what it saves against the full gradient and against sample by
 *  sample. Every figure is a node of one tree (`tree.ts`). */

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename } from "node:path";
import { gunzipSync } from "node:zlib";
import { NODE_NM } from "../generator/base/asked.ts";
import { EXIT, Refusal } from "../generator/base/errors.ts";
import type { Design } from "../generator/design/schema.ts";
import { resolveDevice } from "../generator/device/resolve.ts";
import { emitRtl } from "../generator/rtl/emit.ts";
import { type PreparedMachine, prepareMachine } from "../prepare/machine.ts";
import { type Activity, activityOf } from "./activity.ts";
import { fitAdc, surveyPoints } from "./adc.ts";
import { type AdcChoice, type AreaInputs, areaLeaves } from "./area.ts";
import { type Constants, loadConstants } from "./constants.ts";
import { type EnergyInputs, electrical, energyLeaves } from "./energy.ts";
import { type Breakdown, breakdown, placeOf, scaled } from "./leaves.ts";
import { genericLiberty } from "./synthesis/generic-liberty.ts";
import { type Liberty, parseLiberty } from "./synthesis/liberty.ts";
import { type Synthesis, synthesise } from "./synthesis/synthesise.ts";
import { type Clock, clockOf, timeLeaves } from "./time.ts";
import { allFigures, type Figure, figure, input, sum } from "./tree.ts";

export interface EstimateOptions {
  /** A data set's path; the design's own if absent. */
  readonly data?: string;
  /** Files of one Liberty library; the generic one if absent. */
  readonly liberty?: readonly string[];
  /** Feature size in nm. */
  readonly nodeNm?: number;
  /** The highest that the slowest path allows, if absent. */
  readonly clockMhz?: number;
  /** A file of constants, merged over the project's. */
  readonly constants?: string;
  readonly threads?: number;
  readonly onProgress?: (step: string, done: number, of: number) => void;
}

export interface Estimate {
  readonly design: Design;
  readonly nodeNm: number;
  readonly liberty: string;
  readonly tool: string;
  readonly adc: AdcChoice["kind"];
  readonly area: Breakdown;
  /** Of one sample and of one epoch, in fJ. */
  readonly energy: { readonly sample: Breakdown; readonly epoch: Breakdown };
  /** In ps. */
  readonly time: { readonly sample: Breakdown; readonly batch: Figure; readonly epoch: Breakdown };
  readonly clock: Clock;
  readonly memory: { readonly gradientBits: Figure; readonly gradientArea: Figure; readonly gradientShare: Figure };
  readonly endurance: { readonly writes: Figure; readonly years: Figure };
  readonly gates: Figure;
  readonly slowest: Synthesis["slowest"];
  readonly synthesis: { readonly cones: number; readonly distinctCones: number };
  readonly activity: Activity;
  /** Where constants and fits were used outside their ranges. */
  readonly warnings: readonly string[];
}

export interface Library {
  /** null: the generic one. */
  readonly name: string | null;
  readonly liberty: Liberty;
}

/** @param paths of Liberty files, plain or compressed (.gz); none: the generic library */
export function libraryOf(paths: readonly string[] = []): Library {
  if (paths.length === 0)
    return { name: null, liberty: parseLiberty([{ name: "the generic library", text: genericLiberty() }]) };
  const files = paths.map((path) => {
    try {
      const bytes = readFileSync(path);
      return { name: path, text: (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8") };
    } catch {
      throw new Refusal(`--liberty ${path}: cannot be read; give a Liberty file (.lib)`, EXIT.environment);
    }
  });
  return { name: paths.map((path) => basename(path)).join(", "), liberty: parseLiberty(files) };
}

/** @throws Refusal where a file is malformed, or the design is none */
export async function estimate(design: Design, options: EstimateOptions = {}): Promise<Estimate> {
  const { data, nodeNm = NODE_NM.otherwise, clockMhz = null, onProgress } = options;
  const constants = loadConstants(options.constants);
  const library = libraryOf(options.liberty);
  if (library.name !== null && options.nodeNm === undefined)
    constants.warn(
      `--node is not given: memories, cells and converters are those of ${NODE_NM.otherwise} nm, whatever the library's node`,
    );
  resolveDevice(design);
  const prepared = prepareMachine(design, { data });
  const synthesis = await synthesise(emitRtl(prepared.ir), library.liberty, {
    threads: options.threads ?? Math.min(4, availableParallelism()),
    onProgress: (done, of) => onProgress?.("synthesis", done, of),
  });
  onProgress?.("simulation", 0, 1);
  const activity = await activityOf(prepared, data);
  return figuresFrom({ prepared, synthesis, activity, constants, library, nodeNm, clockMhz });
}

export interface Measured {
  readonly prepared: PreparedMachine;
  readonly synthesis: Synthesis;
  readonly activity: Activity;
  readonly constants: Constants;
  readonly library: Library;
  readonly nodeNm: number;
  /** null: the highest. */
  readonly clockMhz: number | null;
}

/** The figures, from what synthesis and simulator found. */
export function figuresFrom(measured: Measured): Estimate {
  const { prepared, synthesis, activity, constants, library, nodeNm, clockMhz } = measured;
  const { name, liberty } = library;
  const { ir } = prepared;
  const device = resolveDevice(ir.design);
  const clock = clockOf(synthesis, constants, nodeNm, name === null ? null : liberty.timeUnitPs, clockMhz);
  const adc = chooseAdc(prepared, constants, clock);
  const common: AreaInputs = { ir, synthesis, constants, nodeNm, liberty: name, adc };
  const sampleCycles = activity.cycles / activity.samples;
  const gateArea = liberty.nand.area;
  const energyInputs: EnergyInputs = {
    ...common,
    activity,
    device,
    period: clock.period,
    sampleCycles,
    gateArea,
  };
  const area = breakdown("area", "area", "nm2", areaLeaves(common));
  const energy = breakdown("energy.sample", "energy of one sample", "fJ", energyLeaves(energyInputs));
  const time = breakdown("time.sample", "time of one sample", "ps", timeLeaves(ir, activity, clock.period));
  const epochSamples = figure("training.epochSamples", {
    title: "samples of an epoch",
    unit: "",
    value: activity.epochSamples,
    formula: "whole batches of the training data",
    inputs: [input("samples", activity.epochSamples, "", `data set ${activity.data}`)],
  });
  const batchSamples = figure("training.batch", {
    title: "samples of a batch",
    unit: "",
    value: ir.batch,
    formula: "training.batch",
    inputs: [input("batch", ir.batch, "", "design")],
  });
  checkTimes(prepared, energyInputs, clock);
  return {
    design: ir.design,
    nodeNm,
    liberty: name ?? "generic",
    tool: synthesis.tool,
    adc: adc.kind,
    area,
    energy: { sample: energy, epoch: scaled(energy, "energy.epoch", "energy of one epoch", epochSamples) },
    time: {
      sample: time,
      batch: figure("time.batch", {
        title: "time of one batch",
        unit: "ps",
        value: time.total.value * ir.batch,
        formula: "time.sample · training.batch",
        parts: [time.total, batchSamples],
      }),
      epoch: scaled(time, "time.epoch", "time of one epoch", epochSamples),
    },
    clock,
    memory: memoryFigures(prepared, area),
    endurance: enduranceFigures(activity, constants),
    gates: gatesFigure(synthesis, gateArea),
    slowest: synthesis.slowest,
    synthesis: { cones: synthesis.cones, distinctCones: synthesis.distinctCones },
    activity,
    warnings: constants.warnings,
  };
}

/** SAR converters, or flash where no SAR is fast enough. */
function chooseAdc({ ir }: PreparedMachine, constants: Constants, { period }: Clock): AdcChoice {
  const points = surveyPoints();
  const rateHz = 1e12 / (period.value * ir.readCycles);
  const kinds = (["SAR", "Flash"] as const).map((kind) => ({
    kind,
    area: fitAdc(points, kind, "area"),
    energy: fitAdc(points, kind, "energy"),
  }));
  const [sar, flash] = kinds;
  const chosen = rateHz > sar.area.range.rateHz[1] ? flash : sar;
  return { ...chosen, rateHz, quantile: constants.use("adc.quantile") };
}

/** Says where the clock leaves the analog parts less time than their data say. */
function checkTimes({ ir }: PreparedMachine, { constants, device }: EnergyInputs, { period }: Clock): void {
  const ns = (cycles: number) => (cycles * period.value) / 1000;
  const { set, reset } = electrical(device, constants);
  const seconds = Math.max(set.seconds.value, reset.seconds.value);
  if (ns(ir.pulseCycles) < seconds * 1e9)
    constants.warn(
      `device.pulseCycles: ${ir.pulseCycles} cycles are ${ns(ir.pulseCycles).toPrecision(3)} ns, the device's pulse takes ${(seconds * 1e9).toPrecision(3)} ns; use at least ${Math.ceil((seconds * 1e12) / period.value)}, or a slower clock`,
    );
  const read = constants.use("cell.readSeconds").value;
  if (ns(ir.readCycles) < read * 1e9)
    constants.warn(
      `tile.readCycles: ${ir.readCycles} cycles are ${ns(ir.readCycles).toPrecision(3)} ns, a read takes ${(read * 1e9).toPrecision(3)} ns; use at least ${Math.ceil((read * 1e12) / period.value)}, or a slower clock`,
    );
}

function gatesFigure({ modules, tool }: Synthesis, gateArea: number): Figure {
  const counts = new Array<number>(modules.length).fill(0);
  counts[modules.length - 1] = 1;
  let gates = 0;
  for (let n = modules.length - 1; n >= 0; n--) {
    const { logic, registers, trees, children } = modules[n];
    gates += (counts[n] * (logic.area + registers.area + trees.area)) / gateArea;
    for (const [, child] of children) counts[child] += counts[n];
  }
  return figure("gates", {
    title: "gate equivalents of the digital part",
    unit: "gates",
    value: gates,
    formula: "Σ over modules of instances · cell area / area of a NAND2",
    inputs: [input("gates", gates, "", tool)],
  });
}

function memoryFigures({ ir }: PreparedMachine, area: Breakdown): Estimate["memory"] {
  const own = ir.memories.filter(({ gradient }) => gradient);
  const bits = own.map((m) =>
    figure(`memory.gradient.${placeOf(m.layer)}.${m.name}`, {
      title: `${m.name}: ${m.purpose}`,
      unit: "bit",
      value: m.bits,
      formula: "words · bits of a word",
      inputs: [input("words", m.words, "", "design"), input("bits of a word", m.wordBits, "", "design")],
    }),
  );
  const areas = [...allFigures([area.total]).values()].filter(({ id }) =>
    own.some(({ kind, layer, name }) => kind === "sram" && id === `area.${placeOf(layer)}.sram.${name}`),
  );
  const gradientArea = sum(
    "area.gradientMemory",
    "memories that only the gradient needs; those of registers are in the logic",
    "nm2",
    areas,
  );
  const digital = sum("area.digitalPart", "logic and memories", "nm2", [
    ...(["digital", "memory"] as const).flatMap((kind) => (area.byKind[kind] ? [area.byKind[kind]] : [])),
  ]);
  return {
    gradientBits: sum("memory.gradient", "memory that only the gradient needs", "bit", bits),
    gradientArea,
    gradientShare: figure("share.gradientMemory", {
      title: "gradient memory as a part of logic and memories",
      unit: "",
      value: gradientArea.value / digital.value,
      formula: "area.gradientMemory / area.digitalPart",
      parts: [gradientArea, digital],
    }),
  };
}

const DAYS_OF_A_YEAR = 365.25;

function enduranceFigures(activity: Activity, constants: Constants): Estimate["endurance"] {
  const most = activity.layers.reduce((found, { mostWorn }) => Math.max(found, mostWorn), 0);
  const writes = figure("endurance.writes", {
    title: "pulses of the most-written cell, a sample",
    unit: "pulses",
    value: most / activity.samples,
    formula: "pulses of the most-written cell / samples",
    inputs: [
      input("pulses of the most-written cell", most, "", "simulator"),
      input("samples", activity.samples, "", "simulator"),
    ],
  });
  const endurance = constants.use("cell.endurance");
  const rate = constants.use("training.rate");
  const hours = constants.use("training.hoursPerDay");
  const perYear = writes.value * rate.value * hours.value * 3600 * DAYS_OF_A_YEAR;
  return {
    writes,
    years: figure("endurance.years", {
      title: "years until the most-written cell has had its pulses",
      unit: "years",
      // A cell that is never written lasts for ever; JSON has no infinity.
      value: perYear === 0 ? Number.MAX_VALUE : endurance.value / perYear,
      formula: "endurance / (pulses a sample · samples a second · 3600 · hours a day · 365.25)",
      parts: [writes],
      constants: [endurance, rate, hours],
    }),
  };
}

/** All breakdowns by name. */
export const breakdownsOf = ({ area, energy, time }: Estimate): Record<string, Breakdown> => ({
  area,
  "energy.sample": energy.sample,
  "energy.epoch": energy.epoch,
  "time.sample": time.sample,
  "time.epoch": time.epoch,
});

/** Every figure by name. */
export function figuresOf(result: Estimate): Map<string, Figure> {
  const { clock, memory, endurance, gates, time } = result;
  return allFigures([
    ...Object.values(breakdownsOf(result)).flatMap(({ total, byLayer, byUnit, byKind }) => [
      total,
      ...[byLayer, byUnit, byKind].flatMap((groups) => Object.values(groups)),
    ]),
    time.batch,
    ...Object.values(clock),
    ...Object.values(memory),
    ...Object.values(endurance),
    gates,
  ]);
}
