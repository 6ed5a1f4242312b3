/** Timing diagrams of the preset `tiny`, from the events of its simulation. */
import type { TopLevelSpec } from "vega-lite";
import { loadHead } from "../../data/dataset.ts";
import { loadDesign } from "../../generator/design/load.ts";
import type { Ir } from "../../generator/ir/ir.ts";
import { prepareMachine } from "../../prepare/machine.ts";
import { type StrobeEvent, type Timing, timingSpec } from "../../report/timing-picture.ts";
import { svg } from "../../report/vega.ts";
import { Machine } from "../../sim/machine.ts";
import { PlainSamplePath } from "../../sim/sample-path.ts";
import { createState } from "../../sim/state.ts";
import { Tracer } from "../../sim/trace.ts";
import { HostStalls, inputCodes } from "../../sim/units/sample-input.ts";
import { inOrder, phaseSpans, type TracedEvent, type Waveform } from "../../sim/waveform.ts";
import type { Drawing } from "./drawing.ts";

/** Every event of a few samples. */
function trace(samples: number, sets: readonly string[], stalls: number): Waveform {
  const { design } = loadDesign("tiny", sets);
  const { ir, conductances } = prepareMachine(design);
  const { layers } = design.network;
  const head = loadHead({ inputs: layers[0], outputs: layers[layers.length - 1] }, {}, samples).samples;
  const state = createState(ir, conductances);
  const path = new PlainSamplePath(ir, state.layers);
  const machine = new Machine(ir, state, path);
  const events: TracedEvent[] = [];
  const tracer = new Tracer(ir, machine, path, new HostStalls(stalls), (...event) => events.push(event));
  machine.listener = tracer;
  const { size, bits } = ir.vectors[0];
  for (let k = 0; k < samples; k++)
    machine.sample(inputCodes(head.codes.subarray(k * size, (k + 1) * size), bits), head.labels[k], true);
  tracer.finish();
  return { ir, from: 0, cycles: tracer.cycle, events: inOrder(events) };
}

interface TinyTiming extends Omit<Timing, "first" | "width"> {
  /** First phase of the window, and how many of that name come before it. */
  readonly from: string;
  readonly skip?: number;
  /** Phases that the window shows whole. */
  readonly phases: number;
  /** Cycles, where the window ends within a phase. */
  readonly cycles?: number;
}

const TIMING_WIDTH = 640;

const word = ({ first }: StrobeEvent): number => Number(first);
const tile = (layer: number, strobe: string): string => `layer_${layer}.g_row[0].g_col[0].tile.${strobe}`;

/** The picture's window of the trace; its cycles count from its own first. */
function tinyTimingSpec(run: Waveform, timing: TinyTiming): TopLevelSpec {
  const all = phaseSpans(run);
  const begin = all.findIndex((p, k) => {
    if (p.phase !== timing.from) return false;
    return all.slice(0, k).filter((q) => q.phase === timing.from).length === (timing.skip ?? 0);
  });
  const { from } = all[begin];
  const cycles = timing.cycles ?? all[begin + timing.phases - 1].to - from;
  const events = run.events.filter(([, cycle]) => cycle < from + cycles);
  return timingSpec({ ...run, from, cycles, events }, { ...timing, first: 0, width: TIMING_WIDTH });
}

/** Number of the plane that a conversion belongs to: the most significant first, step by step. */
const plane =
  (planes: number) =>
  (_: StrobeEvent, k: number): number =>
    planes - 1 - (k % planes);

const LABELS = "Numbers: the bit-plane of a conversion, the word of a vector.";

const timings: Readonly<Record<string, { trace: () => Waveform; timing: (ir: Ir) => TinyTiming }>> = {
  "timing-sample": {
    trace: () => trace(8, [], 0),
    timing: ({ batch }) => ({
      title: "The last sample of a batch, and the batch's update",
      subtitle: "preset tiny, 16-12-4, mbgd; a bar is where the strobe is 1",
      from: "LOAD",
      skip: batch - 1,
      phases: 8,
      grid: 50,
      rows: [
        { name: "layer_0  x_write", signal: "layer_0.x_write" },
        { name: "layer_0  column_valid", signal: tile(0, "column_valid") },
        { name: "layer_1  x_write", signal: "layer_1.x_write" },
        { name: "layer_1  column_valid", signal: tile(1, "column_valid") },
        { name: "error_unit  exp_write", signal: "error_unit.exp_write" },
        { name: "layer_1  raw_write", signal: "layer_1.raw_write" },
        { name: "layer_1  delta_write", signal: "layer_1.delta_write" },
        { name: "layer_1  row_valid", signal: tile(1, "row_valid") },
        { name: "layer_0  raw_write", signal: "layer_0.raw_write" },
        { name: "layer_0  delta_write", signal: "layer_0.delta_write" },
        { name: "layer_0  gradient_write", signal: "layer_0.gradient_write" },
        { name: "layer_1  gradient_write", signal: "layer_1.gradient_write" },
        { name: "layer_0  count_write", signal: "layer_0.count_write" },
        { name: "layer_0  pulse", signal: "layer_0.pulse" },
        { name: "layer_1  count_write", signal: "layer_1.count_write" },
        { name: "layer_1  pulse", signal: "layer_1.pulse" },
      ],
    }),
  },
  "timing-load": {
    trace: () => trace(2, [], 7),
    timing: ({ layers }) => ({
      title: "LOAD with a host that stalls",
      subtitle: "preset tiny: 4 data beats, then the label; a word is written in the cycle after its beat was taken",
      from: "LOAD",
      skip: 1,
      phases: 2,
      grid: 5,
      rows: [
        { name: "layer_0  x_write", signal: "layer_0.x_write", label: word },
        { name: "layer_0  column_valid", signal: tile(0, "column_valid"), label: plane(layers[0].forward.planes) },
        { name: "layer_1  x_write", signal: "layer_1.x_write", label: word },
      ],
    }),
  },
  "timing-read": {
    trace: () => trace(1, [], 0),
    timing: ({ layers }) => ({
      title: "Two forward reads",
      subtitle: `preset tiny: layer 0 has 2 steps of 8 bit-planes, layer 1 has one. ${LABELS}`,
      from: "FORWARD",
      phases: 2,
      grid: 2,
      rows: [
        { name: "layer_0  column_valid", signal: tile(0, "column_valid"), label: plane(layers[0].forward.planes) },
        { name: "layer_1  x_write", signal: "layer_1.x_write", label: word },
        { name: "layer_1  column_valid", signal: tile(1, "column_valid"), label: plane(layers[1].forward.planes) },
        { name: "error_unit  y_write", signal: "error_unit.y_write", label: word },
      ],
    }),
  },
  "timing-backward": {
    trace: () => trace(1, [], 0),
    timing: ({ layers }) => ({
      title: "A transposed read, the derivative and the error scaler",
      subtitle: `preset tiny: BACKWARD through layer 1. ${LABELS}`,
      from: "BACKWARD",
      phases: 1,
      grid: 1,
      rows: [
        { name: "layer_1  row_valid", signal: tile(1, "row_valid"), label: plane(layers[1].backward?.planes ?? 1) },
        { name: "layer_0  raw_write", signal: "layer_0.raw_write", label: word },
        { name: "layer_0  delta_write", signal: "layer_0.delta_write", label: word },
      ],
    }),
  },
  "timing-error": {
    trace: () => trace(1, ["gradient.lanes=1"], 0),
    timing: () => ({
      title: "Softmax of four outputs, and the error scaler",
      subtitle: "preset tiny with gradient.lanes=1, so that a word is one output. Numbers: the output.",
      from: "ERROR",
      phases: 1,
      grid: 5,
      rows: [
        { name: "error_unit  exp_write", signal: "error_unit.exp_write", label: (_, k) => k },
        { name: "error_unit  prediction_valid", signal: "error_unit.prediction_valid", label: word },
        { name: "layer_1  raw_write", signal: "layer_1.raw_write", label: word },
        { name: "layer_1  delta_write", signal: "layer_1.delta_write", label: word },
      ],
    }),
  },
  "timing-update": {
    trace: () => trace(8, [], 0),
    timing: () => ({
      title: "Rows programmed one after the other",
      subtitle:
        "preset tiny, first rows of UPDATE, both layers. Numbers: row tile at count_write, physical row at pulse.",
      from: "UPDATE",
      phases: 1,
      cycles: 60,
      grid: 5,
      rows: [
        { name: "layer_0  count_write", signal: "layer_0.count_write", label: word },
        { name: "layer_0  pulse", signal: "layer_0.pulse", label: word },
        { name: "layer_1  count_write", signal: "layer_1.count_write", label: word },
        { name: "layer_1  pulse", signal: "layer_1.pulse", label: word },
      ],
    }),
  },
  "timing-low-rank": {
    trace: () => trace(6, ["gradient.method=sbpca", "gradient.rank=2", "gradient.update=rank-sum"], 0),
    timing: () => ({
      title: "A sample's program of sbpca, beside the passes of the next sample",
      subtitle: "preset tiny, two ranks: coefficients and factors of the fourth sample, while the fifth is read",
      from: "LOAD",
      skip: 4,
      phases: 7,
      grid: 50,
      rows: [
        { name: "layer_0  x_write", signal: "layer_0.x_write" },
        { name: "layer_1  delta_write", signal: "layer_1.delta_write" },
        { name: "layer_0  delta_write", signal: "layer_0.delta_write" },
        ...["x", "d"].map((side) => ({
          name: `layer_0  ${side}_coefficient_write`,
          signal: `layer_0.low_rank_unit.scalar_unit.${side}_coefficient_write`,
        })),
        { name: "layer_0  x_factor_write", signal: "layer_0.x_factor_write" },
        { name: "layer_0  d_factor_write", signal: "layer_0.d_factor_write" },
      ],
    }),
  },
  "timing-coincidence": {
    trace: () =>
      trace(
        8,
        [
          "gradient.method=sbpca",
          "gradient.rank=2",
          "gradient.update=rank-seq",
          "gradient.programming=coincidence",
          "gradient.pulseTrain=8",
        ],
        0,
      ),
    timing: () => ({
      title: "Two outer products programmed by coincidence",
      subtitle: "preset tiny, trains of 8 slots in four phases. Numbers: the word of a side's thresholds.",
      from: "UPDATE",
      phases: 1,
      grid: 25,
      rows: [
        { name: "layer_0  x_threshold_write", signal: "layer_0.x_threshold_write", label: word },
        { name: "layer_0  d_threshold_write", signal: "layer_0.d_threshold_write", label: word },
        { name: "layer_0  pulse", signal: "layer_0.pulse" },
        { name: "layer_0  tile  pulse", signal: tile(0, "pulse") },
        { name: "layer_1  x_threshold_write", signal: "layer_1.x_threshold_write", label: word },
        { name: "layer_1  d_threshold_write", signal: "layer_1.d_threshold_write", label: word },
        { name: "layer_1  pulse", signal: "layer_1.pulse" },
      ],
    }),
  },
};

/** By the name of its picture. */
export const timing: Readonly<Record<string, Drawing>> = Object.fromEntries(
  Object.entries(timings).map(([name, { trace: run, timing: window }]) => [
    name,
    async () => {
      const traced = run();
      const described = window(traced.ir);
      return { [`${name}.svg`]: await svg(tinyTimingSpec(traced, described), described.title) };
    },
  ]),
);
