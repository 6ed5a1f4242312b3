/** Draws docs/pictures/ from what the simulator does: `npm run pictures`, or `npm run pictures -- timing-read` for some
 *  of them. Accuracies come from training on MNIST (about two minutes), timing from the events of the preset `tiny`,
 *  which `rankloom verify` holds equal to the RTL's. Vega-Lite to SVG, without a browser. */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { TopLevelSpec } from "vega-lite";
import { BLUE, CONFIG, INK, MONO, ORANGE, PALE, svg } from "../cli/picture.ts";
import { type StrobeEvent, type Timing, timingSpec } from "../cli/timing-picture.ts";
import { diagram, trainedTo } from "../cli/wave.ts";
import { loadHead } from "../data/dataset.ts";
import type { Ir } from "../generator/ir.ts";
import { loadDesign } from "../generator/load.ts";
import { prepareMachine } from "../generator/prepare.ts";
import { writeFileWhole } from "../generator/write.ts";
import { blockDiagram } from "../report/block-diagram.ts";
import { Machine } from "../sim/machine.ts";
import { PlainSamplePath } from "../sim/sample-path.ts";
import { ACTIVATION, BACKWARD, createState, FORWARD } from "../sim/state.ts";
import { Tracer } from "../sim/trace.ts";
import { train } from "../sim/train.ts";
import { HostStalls, inputCodes } from "../sim/units/sample-input.ts";
import { inOrder, phaseSpans, type TracedEvent, type Waveform } from "../sim/waveform.ts";

const FOLDER = "docs/pictures";
// Accuracy

interface AccuracyPoint {
  readonly series: "ranges follow" | "ranges fixed" | "lossless" | "stochastic" | "nearest";
  /** Bits of the ADCs; null: lossless. */
  readonly adcBits: number | null;
  readonly epoch: number;
  /** Per cent of the test images. */
  readonly accuracy: number;
}

const ACCURACY_TITLE = "MNIST on the cycle-accurate simulator";
const ADC_BITS = [4, 5, 6, 7, 8, 9];
const ADC_EPOCHS = 2;
const ROUNDING_EPOCHS = 5;

/** Trains `mnist-mlp` once for each point or curve, on one thread. */
async function measure(): Promise<AccuracyPoint[]> {
  const points: AccuracyPoint[] = [];
  const run = async (series: AccuracyPoint["series"], adcBits: number | null, epochs: number, sets: string[]) => {
    const { design } = loadDesign("mnist-mlp", [`tile.adcBits=${adcBits ?? "lossless"}`, ...sets]);
    const { accuracy, seconds } = await train({ design, epochs, threads: 1 });
    const percents = accuracy.perEpoch.map((part) => Math.round(10000 * part) / 100);
    percents.forEach((percent, k) => {
      points.push({ series, adcBits, epoch: k + 1, accuracy: percent });
    });
    console.log(
      `${series}${adcBits === null ? "" : `, ${adcBits} bits`}: ${percents.join(", ")} % (${seconds.toFixed(0)} s)`,
    );
  };
  for (const bits of ADC_BITS) {
    await run("ranges follow", bits, ADC_EPOCHS, []);
    await run("ranges fixed", bits, ADC_EPOCHS, ["tile.adcRange=fixed"]);
  }
  await run("lossless", null, ADC_EPOCHS, []);
  for (const rounding of ["stochastic", "nearest"] as const)
    await run(rounding, null, ROUNDING_EPOCHS, [`gradient.rounding=${rounding}`, "training.learningRate=0.1"]);
  return points;
}

function accuracyCsv(points: readonly AccuracyPoint[]): string {
  const rows = points.map((p) => [p.series, p.adcBits ?? "lossless", p.epoch, p.accuracy].join(","));
  return `${["series,adc bits,epoch,test accuracy in per cent", ...rows].join("\n")}\n`;
}

interface Curve {
  readonly series: AccuracyPoint["series"];
  readonly color: string;
  /** Text beside the curve, and where it stands. */
  readonly label: string;
  readonly at: number;
  readonly dy: number;
}

/** Halves up, as people round: 16.45 is 16.5. */
const oneDecimal = (value: number): string => (Math.round(10 * value) / 10).toFixed(1);

/** Curves of accuracy over x with their names beside them.
 *  @param valueDy by curve: where each point's value is written */
function curves(
  points: readonly AccuracyPoint[],
  list: readonly (Curve & { readonly valueDy: number })[],
  x: (point: AccuracyPoint) => number,
) {
  return list.flatMap(({ series, color, label, at, dy, valueDy }) => {
    const values = points
      .filter((p) => p.series === series)
      .map((p) => ({ x: x(p), y: p.accuracy, text: oneDecimal(p.accuracy) }));
    const place = values.find((v) => v.x === at);
    const encoding = {
      x: { field: "x", type: "ordinal" as const },
      y: { field: "y", type: "quantitative" as const },
    };
    return [
      {
        data: { values },
        mark: { type: "line" as const, color, strokeWidth: 2.5, point: { color, size: 55, filled: true } },
        encoding,
      },
      {
        data: { values },
        mark: { type: "text" as const, color, dy: valueDy, fontSize: 10 },
        encoding: { ...encoding, text: { field: "text", type: "nominal" as const } },
      },
      {
        data: { values: place ? [{ ...place, label }] : [] },
        mark: { type: "text" as const, color, dy, fontSize: 12, fontWeight: "bold" as const },
        encoding: { ...encoding, text: { field: "label", type: "nominal" as const } },
      },
    ];
  });
}

function accuracySpec(points: readonly AccuracyPoint[]): TopLevelSpec {
  const ofAdc = points.filter((p) => p.adcBits !== null && p.epoch === ADC_EPOCHS);
  const ofRounding = points.filter((p) => p.series === "stochastic" || p.series === "nearest");
  const lossless = points.find((p) => p.series === "lossless" && p.epoch === ADC_EPOCHS)?.accuracy ?? 0;
  const rule = [{ y: lossless, label: `dashed: lossless ADC, ${oneDecimal(lossless)}` }];
  const panel = { width: 330, height: 230 };
  const axes = (xTitle: string, domain: [number, number], values: number[]) => ({
    x: { type: "ordinal" as const, axis: { title: xTitle, labelAngle: 0, grid: false } },
    y: {
      type: "quantitative" as const,
      scale: { domain },
      axis: { title: "test accuracy (% of 10,000 images)", values, domain: false, ticks: false },
    },
  });
  return {
    config: CONFIG,
    padding: 14,
    spacing: 36,
    title: {
      text: ACCURACY_TITLE,
      subtitle: "784-256-128-10, 17 crossbars of 128 × 128 cells with 500 conductance levels, batches of 128",
      fontSize: 16,
      offset: 18,
    },
    hconcat: [
      {
        ...panel,
        title: {
          text: "Five bits of ADC are enough",
          subtitle: `accuracy after ${ADC_EPOCHS} epochs, stochastic rounding, η = 0.2`,
        },
        encoding: axes("ADC resolution (bits)", [93, 98], [93, 94, 95, 96, 97, 98]),
        layer: [
          {
            data: { values: rule },
            mark: { type: "rule", color: PALE, strokeDash: [5, 4] },
            encoding: { x: { value: 0 }, x2: { value: "width" }, y: { field: "y", type: "quantitative" } },
          },
          {
            data: { values: rule },
            mark: { type: "text", color: PALE, align: "right", dy: -66, fontSize: 11 },
            encoding: {
              x: { value: "width" },
              y: { field: "y", type: "quantitative" },
              text: { field: "label", type: "nominal" },
            },
          },
          ...curves(
            ofAdc,
            [
              { series: "ranges follow", color: BLUE, label: "ranges widen in training", at: 6, dy: 46, valueDy: 18 },
              {
                series: "ranges fixed",
                color: ORANGE,
                label: "ranges fixed by calibration",
                at: 6,
                dy: -44,
                valueDy: -16,
              },
            ],
            (p) => p.adcBits ?? 0,
          ),
        ],
      },
      {
        ...panel,
        title: {
          text: "Stochastic rounding keeps small gradients",
          subtitle: "lossless ADC, η = 0.1",
        },
        encoding: axes("epoch (60,000 images each)", [82, 99], [82, 86, 90, 94, 98]),
        layer: curves(
          ofRounding,
          [
            { series: "stochastic", color: BLUE, label: "stochastic rounding", at: 3, dy: 24, valueDy: -14 },
            { series: "nearest", color: ORANGE, label: "nearest rounding", at: 4, dy: 38, valueDy: 16 },
          ],
          (p) => p.epoch,
        ),
      },
    ],
    resolve: { scale: { y: "independent" } },
  } as TopLevelSpec;
}

// Timing

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
          ...["gradient.method=sbpca", "gradient.rank=2", "gradient.update=rank-seq"],
          ...["gradient.programming=coincidence", "gradient.pulseTrain=8"],
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

// Architecture

/** Designs whose blocks are drawn. */
const architectures: Readonly<Record<string, readonly string[]>> = {
  architecture: [],
  "architecture-low-rank": ["gradient.method=lrt", "gradient.rank=3", "gradient.update=rank-sum"],
};

// Ranges

const RANGES_TITLE = "Range registers that start at their finest";
const RANGE_BATCHES = 12;
const RANGE_SETS = ["tile.rangeStart=finest", "tile.adcBits=5"];

/** Range registers after each batch. */
function rangeSteps(): { batch: number; range: number; register: string }[] {
  const { design } = loadDesign("tiny", RANGE_SETS);
  const { ir, conductances } = prepareMachine(design);
  const { layers } = design.network;
  const shape = { inputs: layers[0], outputs: layers[layers.length - 1] };
  const { samples } = loadHead(shape, {}, RANGE_BATCHES * ir.batch);
  const state = createState(ir, conductances);
  const machine = new Machine(ir, state, new PlainSamplePath(ir, state.layers));
  const values: { batch: number; range: number; register: string }[] = [];
  const take = () =>
    state.layers.forEach(({ ranges }, l) => {
      const add = (name: string, range: number) =>
        values.push({ batch: state.batches, range, register: `layer_${l}  ${name}_range` });
      add("forward", ranges[FORWARD]);
      if (ir.layers[l].backward) add("backward", ranges[BACKWARD]);
      if (ir.layers[l].activationRangeFollows) add("activation", ranges[ACTIVATION]);
    });
  take();
  const { size, bits } = ir.vectors[0];
  for (let k = 0; k < samples.count; k++) {
    machine.sample(inputCodes(samples.codes.subarray(k * size, (k + 1) * size), bits), samples.labels[k], true);
    if (state.inBatch === 0) take();
  }
  return values;
}

function rangesSpec(): TopLevelSpec {
  const values = rangeSteps();
  return {
    config: CONFIG,
    padding: 12,
    title: {
      text: RANGES_TITLE,
      subtitle: `preset tiny with ${RANGE_SETS.join(", ")}; batches of 8 samples`,
    },
    data: { values },
    facet: {
      row: {
        field: "register",
        type: "nominal",
        title: null,
        header: { labelAngle: 0, labelAlign: "left", labelFont: MONO, labelFontSize: 11, labelColor: INK },
      },
    },
    spacing: 16,
    spec: {
      width: 480,
      height: 56,
      mark: { type: "line", interpolate: "step-after", strokeWidth: 2.5, color: BLUE },
      encoding: {
        x: {
          field: "batch",
          type: "quantitative",
          scale: { domain: [0, RANGE_BATCHES], nice: false },
          axis: { title: "batches trained", tickMinStep: 1, grid: false, labelFlush: false },
        },
        y: {
          field: "range",
          type: "quantitative",
          scale: { domain: [0, 4] },
          axis: { title: "range (bits)", values: [0, 2, 4], format: "d", domain: false, ticks: false },
        },
      },
    },
  } as TopLevelSpec;
}

/** The window of docs/waveforms.md: one sample of the preset `tiny`, and the LOAD of the next. */
const WAVEFORM = { from: 1055, cycles: 220 };

/** Files of each picture, by name. */
const pictures: Readonly<Record<string, () => Promise<Record<string, string>>>> = {
  ...Object.fromEntries(
    Object.entries(timings).map(([name, { trace: run, timing }]) => [
      name,
      async () => {
        const traced = run();
        const described = timing(traced.ir);
        return { [`${name}.svg`]: await svg(tinyTimingSpec(traced, described), described.title) };
      },
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(architectures).map(([name, sets]) => [
      name,
      async () => ({ [`${name}.svg`]: blockDiagram(prepareMachine(loadDesign("mnist-mlp", sets).design).ir) }),
    ]),
  ),
  waveform: async () => {
    const { waveform } = await trainedTo(WAVEFORM, loadDesign("tiny", []));
    return { "waveform.svg": await diagram(waveform as Waveform) };
  },
  ranges: async () => ({ "ranges.svg": await svg(rangesSpec(), RANGES_TITLE) }),
  accuracy: async () => {
    const points = await measure();
    return { "accuracy.csv": accuracyCsv(points), "accuracy.svg": await svg(accuracySpec(points), ACCURACY_TITLE) };
  },
};

async function main(wanted: readonly string[]): Promise<void> {
  const unknown = wanted.find((name) => !Object.hasOwn(pictures, name));
  if (unknown !== undefined) {
    console.error(`${unknown}: no such picture; use ${Object.keys(pictures).join(", ")}, or nothing for all`);
    process.exit(2);
  }
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, draw] of Object.entries(pictures)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    for (const [file, text] of Object.entries(await draw())) {
      writeFileWhole(`${FOLDER}/${file}`, text);
      console.log(`${FOLDER}/${file}`);
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
