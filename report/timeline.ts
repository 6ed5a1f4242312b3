/** The schedule as spans of time by unit: one batch in the steady state, without host stalls and pulses. */
import type { Length } from "../generator/base/formula.ts";
import {
  gradientPhase,
  HAND_OVER,
  handOverWait,
  programCycles,
  SAMPLE_PHASES,
  sampleCycles,
} from "../generator/ir/hand-over.ts";
import type { Ir } from "../generator/ir/ir.ts";
import { schedule } from "../generator/ir/schedule.ts";

export interface Span {
  readonly unit: string;
  /** Phase of the schedule; `program` where low-rank units work beside it. */
  readonly phase: string;
  /** Sample of the batch, from 0. */
  readonly sample: number;
  /** Cycles since the batch began; `to` is the first cycle after. */
  readonly from: number;
  readonly to: number;
}

const UNITS: Readonly<Record<string, string>> = {
  load: "sample input",
  forward: "forward read",
  error: "error unit",
  backward: "backward read",
  range: "range registers",
};

/** The batch after the first: nothing in it is done only once. */
export function batchSpans(ir: Ir): Span[] {
  const others = sampleCycles(ir.phases);
  const { gradient, update } = schedule(ir);
  const spans: Span[] = [];
  let now = 0;
  const add = (unit: string, phase: string, sample: number, from: number, cycles: number) => {
    if (cycles > 0) spans.push({ unit, phase, sample, from, to: from + cycles });
  };
  const layerUnit = (unit: string, layer: number | null) => (layer === null ? unit : `${unit}, layer ${layer}`);
  const inStep = (unit: string, phase: string, sample: number, layers: readonly Length[], { cycles }: Length) => {
    layers.forEach((layer, l) => {
      add(layerUnit(unit, l), phase, sample, now, layer.cycles);
    });
    now += cycles;
  };
  const updateLayers = update.layers.map(({ length }) => length);
  const addUpdate = (sample: number) =>
    inStep(ir.coincidence ? "pulse trains" : "update", "update", sample, updateLayers, update.length);
  for (let sample = 0; sample < ir.batch; sample++) {
    for (const { phase, layer, cycles } of ir.phases) {
      if (!SAMPLE_PHASES.includes(phase)) continue;
      add(layerUnit(UNITS[phase], phase === "error" ? null : layer), phase, sample, now, cycles);
      now += cycles;
    }
    if (gradient) inStep("gradient", "gradient", sample, gradient.layers, gradient.length);
    if (ir.lowRank) {
      const number = ir.batch + sample;
      const handOver = now + handOverWait(ir, number, others) + HAND_OVER.cycles;
      add("low-rank units", "program", sample, handOver, programCycles(ir, number));
      now += gradientPhase(ir, number, others);
    }
    if (ir.keeps === "nothing") addUpdate(sample);
  }
  if (ir.keeps !== "nothing") addUpdate(ir.batch - 1);
  const range = ir.phases.find(({ phase }) => phase === "range");
  add(UNITS.range, "range", ir.batch - 1, now, range?.cycles ?? 0);
  return spans;
}

/** The spans of one sample, in cycles since it was first loaded: the batch's second one where there is one, with what
 *  still runs of the sample before. */
export function sampleSpans(ir: Ir): Span[] {
  const all = batchSpans(ir);
  const sample = Math.min(1, ir.batch - 1);
  const start = (n: number) => all.find((span) => span.sample === n && span.phase === "load")?.from;
  const from = start(sample) ?? 0;
  // A batch of one sample ends with its update.
  const to = start(sample + 1) ?? Math.max(...all.map((span) => span.to));
  return all
    .filter((span) => span.to > from && span.from < to)
    .map((span) => ({ ...span, from: Math.max(span.from, from) - from, to: Math.min(span.to, to) - from }));
}
