/** Pictures of one machine: its memories, and its schedule. */
import type { Ir } from "../generator/ir/ir.ts";
import type { TrainResult } from "../sim/train.ts";
import { COLOURS } from "./marks.ts";
import { type Picture, plot, type Row } from "./picture.ts";
import { batchSpans, type Span, sampleSpans } from "./timeline.ts";

const BITS_PER_KIB = 8192;

const layerName = (layer: number | null): string => (layer === null ? "error unit" : `layer ${layer}`);

export function memoryByBuffer(ir: Ir): Picture {
  const rows = ir.memories.map((m) => ({
    buffer: m.name,
    layer: layerName(m.layer),
    kib: m.bits / BITS_PER_KIB,
    bits: m.bits,
    size: `${m.words} × ${m.wordBits}`,
    purpose: m.purpose,
    for: m.gradient ? "only for the gradient" : "for reading, errors and pulses",
  }));
  const layers = [...new Set(rows.map(({ layer }) => layer))];
  const y = {
    field: "buffer",
    type: "nominal",
    axis: { title: null },
    sort: { field: "kib", op: "sum", order: "descending" },
  };
  const panel = (use: string) => ({
    transform: [{ filter: { field: "for", equal: use } }],
    title: { text: use, fontSize: 12, fontWeight: "normal" },
    width: 420,
    height: { step: 18 },
    layer: [
      {
        mark: { type: "bar", stroke: "#222222", strokeWidth: 0.8 },
        encoding: {
          y,
          x: { field: "kib", type: "quantitative", axis: { title: "memory (KiB)", format: ",.4~r" } },
          color: {
            field: "layer",
            type: "nominal",
            scale: { domain: layers, range: shades(layers.length) },
            legend: { title: "left to right" },
          },
          order: { field: "layer" },
          tooltip: ["buffer", "layer", "size", "bits", "purpose"].map((field) => ({ field, type: "nominal" })),
        },
      },
      {
        mark: { type: "text", align: "left", dx: 4, fontSize: 10 },
        encoding: {
          y,
          x: { field: "kib", type: "quantitative", aggregate: "sum" },
          text: { field: "kib", aggregate: "sum", type: "quantitative", format: ".3~r" },
        },
      },
    ],
  });
  const uses = [...new Set(rows.map((row) => row.for))].toSorted().toReversed();
  return {
    id: "memory-by-buffer",
    title: "Memory by buffer",
    note: "Each panel has a scale of its own. Words × bits and purpose of a buffer: rest on its bar.",
    content: plot({ vconcat: uses.map(panel), spacing: 24 }, rows),
  };
}

/** From dark to pale, so that neighbours differ in grey as well. */
function shades(count: number): string[] {
  const list = [COLOURS[1], COLOURS[6], COLOURS[2], "#F0E442", COLOURS[3], COLOURS[4]];
  return Array.from({ length: count }, (_, n) => list[n % list.length]);
}

const PHASES = ["load", "forward", "error", "backward", "gradient", "program", "update", "range"];
const PHASE_COLOURS = ["#666666", "#0072B2", "#D55E00", "#56B4E9", "#009E73", "#009E73", "#E69F00", "#222222"];

function timeline(id: string, title: string, note: string, spans: readonly Span[], labelled: boolean): Picture {
  const rows: Row[] = spans.map((span) => ({ ...span, cycles: span.to - span.from }));
  const units = [...new Set(spans.map(({ unit }) => unit))];
  const phases = PHASES.filter((phase) => spans.some((span) => span.phase === phase));
  const end = Math.max(...spans.map(({ to }) => to));
  const y = { field: "unit", type: "nominal", sort: units, axis: { title: null, grid: true, tickBand: "extent" } };
  const x = {
    field: "from",
    type: "quantitative",
    scale: { domain: [0, end], nice: false },
    axis: { title: "clock cycles", format: ",d", grid: false, tickCount: 8 },
  };
  return {
    id,
    title,
    note,
    content: plot(
      {
        width: 640,
        height: { step: 22 },
        layer: [
          {
            mark: { type: "bar", height: { band: 0.7 }, ...(labelled ? { stroke: "#222222", strokeWidth: 0.6 } : {}) },
            encoding: {
              y,
              x,
              x2: { field: "to" },
              color: {
                field: "phase",
                type: "nominal",
                scale: { domain: phases, range: phases.map((phase) => PHASE_COLOURS[PHASES.indexOf(phase)]) },
                legend: { title: "phase", offset: 48 },
              },
              tooltip: ["unit", "phase", "sample", "from", "to", "cycles"].map((field) => ({ field, type: "nominal" })),
            },
          },
          ...(labelled
            ? [
                {
                  mark: { type: "text", align: "left", dx: 4, fontSize: 10, clip: false },
                  encoding: {
                    y,
                    x: { ...x, field: "to" },
                    text: { field: "cycles", type: "quantitative", format: "," },
                  },
                },
              ]
            : []),
        ],
      },
      rows,
    ),
  };
}

/** What a training's cycles went into, pulses included. */
export function cyclesByPhase({ cycles, samples }: TrainResult): Picture {
  const rows = Object.entries(cycles.byPhase).map(([phase, count]) => ({ phase, count, perSample: count / samples }));
  const y = { field: "phase", type: "nominal", sort: PHASES, axis: { title: null } };
  const x = {
    field: "perSample",
    type: "quantitative",
    axis: { title: "clock cycles a training sample", format: ",d" },
  };
  return {
    id: "cycles-by-phase",
    title: "Cycles by phase",
    note: "Counted over the whole training, with the pulses' cycles; the host never stalls.",
    content: plot(
      {
        width: 420,
        height: { step: 20 },
        layer: [
          {
            mark: { type: "bar", color: "#56B4E9", stroke: "#222222", strokeWidth: 0.8, height: { band: 0.75 } },
            encoding: { y, x, tooltip: ["phase", "count", "perSample"].map((field) => ({ field, type: "nominal" })) },
          },
          {
            mark: { type: "text", align: "left", dx: 4, fontSize: 10 },
            encoding: { y, x, text: { field: "perSample", type: "quantitative", format: ",.4~r" } },
          },
        ],
      },
      rows,
    ),
  };
}

const WITHOUT = "By the schedule, without stalls of the host and without pulses, which data decide.";

export const sampleTimeline = (ir: Ir): Picture =>
  timeline("schedule-sample", "Schedule of one sample", `${WITHOUT} Beside a bar: its cycles.`, sampleSpans(ir), true);

export const batchTimeline = (ir: Ir): Picture =>
  timeline(
    "schedule-batch",
    `Schedule of one batch, ${ir.batch} sample${ir.batch === 1 ? "" : "s"}`,
    WITHOUT,
    batchSpans(ir),
    false,
  );
