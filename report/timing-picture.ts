/** Timing diagrams: the phases of a window of cycles, below them a row for each signal. */
import type { TopLevelSpec } from "vega-lite";
import {
  fieldsOf,
  PHASES,
  pathOf,
  phaseSpans,
  type Signal,
  signalsOf,
  type Waveform,
  type Window,
} from "../sim/waveform.ts";
import { BLUE, CONFIG, GRID, INK, MONO, PALE } from "./vega.ts";

const PHASE_COLORS = ["#FFFFFF", "#DDDDDD", "#BFDDF0", "#F6D2BC", "#CDE8DD", "#EFE3A5", "#E3CBE3", "#CCCCCC"];
const VALUE_COLOR = "#F2F2F2";

/** Pixels of a cycle below which neighbouring events are drawn as one bar. */
const THIN = 6;
/** Pixels of a gap or a value below which it is not seen. */
const UNSEEN = 0.5;
/** Pixels of a character of a label. */
const CHARACTER = 5.5;

/** One cycle in which a strobe is 1. */
export interface StrobeEvent {
  readonly cycle: number;
  /** The channel's first field. */
  readonly first: bigint;
}

interface Row {
  readonly name: string;
  /** Path of the signal below the top. */
  readonly signal: string;
  /** What is written into a strobe's k-th event of the window; nothing if absent. */
  readonly label?: (event: StrobeEvent, k: number) => string | number;
}

export interface Timing {
  readonly title: string;
  readonly subtitle: string;
  /** Number that the axis gives to the window's first cycle. */
  readonly first: number;
  /** Cycles from one number of the axis to the next. */
  readonly grid: number;
  /** Pixels of the window. */
  readonly width: number;
  readonly rows: readonly Row[];
}

/** A stretch of a row; `to` is the cycle after its last. */
interface Bar {
  readonly from: number;
  readonly to: number;
  readonly label: string;
}

/** Cycles of the window in which the strobe is 1. */
function strobeEvents(waveform: Waveform, signal: string): StrobeEvent[] {
  const { ir, from, events } = waveform;
  const channel = ir.channels.findIndex(({ scope, strobe }) => strobe !== null && `${scope}.${strobe}` === signal);
  return events
    .filter((event) => event[0] === channel && event[1] >= from)
    .map(([, cycle, value]) => ({ cycle, first: fieldsOf(ir.channels[channel], value)[0] }));
}

/** Is it the strobe of a channel? */
const isStrobe = ({ ir }: Waveform, signal: string): boolean =>
  ir.channels.some(({ scope, strobe }) => strobe !== null && `${scope}.${strobe}` === signal);

function strobeBars(waveform: Waveform, { signal, label }: Row, perCycle: number): Bar[] {
  const bars: { event: StrobeEvent; from: number; to: number }[] = [];
  for (const event of strobeEvents(waveform, signal)) {
    const last = bars.at(-1);
    if (last && perCycle < THIN && (event.cycle - last.to) * perCycle < UNSEEN) last.to = event.cycle + 1;
    else bars.push({ event, from: event.cycle, to: event.cycle + 1 });
  }
  return bars.map(({ event, from, to }, k) => ({ from, to, label: label ? String(label(event, k)) : "" }));
}

/** Numbers of more bits are written in hexadecimal. */
const DECIMAL_BITS = 8;

/** Values of a field with their cycles, from the first that is known. */
function values({ ir, from, cycles, events }: Waveform, signal: string): (Bar & { readonly bits: number })[] {
  const places = ir.channels.map((c) =>
    signalsOf(c)
      .slice(c.strobe === null ? 0 : 1)
      .findIndex((s) => pathOf(s) === signal),
  );
  const changes: { from: number; value: bigint; bits: number }[] = [];
  for (const [channel, cycle, value] of events) {
    const place = places[channel];
    if (place < 0) continue;
    const change = {
      from: Math.max(from, cycle),
      value: fieldsOf(ir.channels[channel], value)[place],
      bits: ir.channels[channel].fields[place].bits,
    };
    const last = changes.at(-1);
    if (last?.from === change.from) changes.pop();
    if (changes.at(-1)?.value !== change.value) changes.push(change);
  }
  return changes.map(({ from: begin, value, bits }, k) => ({
    from: begin,
    to: changes[k + 1]?.from ?? from + cycles,
    bits,
    label: bits > DECIMAL_BITS ? `0x${value.toString(16).padStart(Math.ceil(bits / 4), "0")}` : String(value),
  }));
}

/** Values that are too short to be seen become one bar without a label; a label that does not fit is left out. */
function valueBars(waveform: Waveform, signal: string, perCycle: number): Bar[] {
  const bars: { from: number; to: number; label: string }[] = [];
  for (const { from, to, label } of values(waveform, signal)) {
    const last = bars.at(-1);
    const unseen = (bar: Bar) => (bar.to - bar.from) * perCycle < UNSEEN;
    if (last && unseen({ from, to, label }) && last.label === "") last.to = to;
    else bars.push({ from, to, label: label.length * CHARACTER < (to - from) * perCycle ? label : "" });
  }
  return bars;
}

/** The first field of a strobe's event, where it fits into its cycle. */
export const firstField =
  ({ cycles }: Window, width: number) =>
  ({ first }: StrobeEvent): string =>
    String(first).length * CHARACTER < width / cycles ? String(first) : "";

/** A step of 1, 2 or 5 times a power of ten that divides so many cycles into no more than so many parts. */
export function gridOf(cycles: number, parts: number): number {
  const power = 10 ** Math.max(0, Math.floor(Math.log10(cycles / parts)));
  return [1, 2, 5, 10].map((n) => n * power).find((step) => cycles / step <= parts) ?? 10 * power;
}

/** Name of a signal in a picture: `layer_0 tile 1,0  column_valid`. */
export const titleOf = ({ scope, name }: Signal): string =>
  `${scope.replace(/\.g_row\[(\d+)\]\.g_col\[(\d+)\]\.tile$/, " tile $1,$2")}  ${name}`;

export function timingSpec(waveform: Waveform, timing: Timing): TopLevelSpec {
  const { from, cycles } = waveform;
  const { first, grid, width } = timing;
  const perCycle = width / cycles;
  const shift = first - from;
  const bands = phaseSpans(waveform).map((p) => {
    const full = p.layer === null ? p.phase : `${p.phase} ${p.layer}`;
    const fits = (text: string) => (p.to - p.from) * perCycle > 7 * text.length;
    const name = fits(full) ? full : fits(p.phase) ? p.phase : "";
    const mid = (p.from + p.to) / 2 + shift;
    return { row: "phase", from: p.from + shift, to: p.to + shift, mid, name, phase: p.phase };
  });
  const marks = (row: Row, bars: readonly Bar[]) =>
    bars.map((bar) => ({ row: row.name, from: bar.from + shift, to: bar.to + shift, label: bar.label }));
  const strobes = timing.rows
    .filter((row) => isStrobe(waveform, row.signal))
    .flatMap((row) => marks(row, strobeBars(waveform, row, perCycle)))
    .map((mark) => ({ ...mark, mid: mark.from + 0.5 }));
  const held = timing.rows
    .filter((row) => !isStrobe(waveform, row.signal))
    .flatMap((row) => marks(row, valueBars(waveform, row.signal, perCycle)))
    .map((mark) => ({ ...mark, mid: (mark.from + mark.to) / 2 }));
  const rows = ["phase", ...timing.rows.map((r) => r.name)];
  const named = [...new Set(bands.map((band) => band.phase))];
  const start = Math.ceil(first / grid) * grid;
  const x = {
    field: "from",
    type: "quantitative" as const,
    scale: { domain: [first, first + cycles], nice: false },
    axis: {
      title: "clock cycle",
      values: Array.from({ length: Math.floor((first + cycles - start) / grid) + 1 }, (_, k) => start + k * grid),
      labelFlush: false,
      domain: false,
      ticks: false,
      gridColor: GRID,
    },
  };
  const y = {
    field: "row",
    type: "ordinal" as const,
    sort: rows,
    scale: { domain: rows, padding: 0.25 },
    axis: {
      title: null,
      labelFont: MONO,
      labelFontSize: 11,
      labelLimit: 320,
      ticks: false,
      domain: false,
      labelPadding: 8,
    },
  };
  const labels = (list: typeof strobes, color: string) => ({
    data: { values: list.filter((s) => s.label !== "") },
    mark: { type: "text" as const, color, fontSize: 9, font: MONO },
    encoding: { x: { field: "mid", type: "quantitative" }, y, text: { field: "label", type: "nominal" } },
  });
  return {
    config: CONFIG,
    padding: 12,
    width,
    height: 24 * rows.length,
    title: { text: timing.title, subtitle: timing.subtitle },
    layer: [
      {
        data: { values: bands },
        mark: { type: "rect", stroke: "white", strokeWidth: 1 },
        encoding: {
          x,
          x2: { field: "to" },
          y,
          color: {
            field: "phase",
            type: "nominal",
            scale: { domain: named, range: named.map((p) => PHASE_COLORS[PHASES.indexOf(p)]) },
            legend: bands.every((band) => band.name !== "")
              ? null
              : { title: null, orient: "bottom", symbolType: "square", columnPadding: 18 },
          },
        },
      },
      {
        data: { values: bands },
        mark: { type: "text", color: INK, fontSize: 10 },
        encoding: { x: { field: "mid", type: "quantitative" }, y, text: { field: "name", type: "nominal" } },
      },
      ...(held.length === 0
        ? []
        : [
            {
              data: { values: held },
              mark: { type: "rect", color: VALUE_COLOR, stroke: PALE, strokeWidth: 0.5 },
              encoding: { x, x2: { field: "to" }, y },
            },
            labels(held, INK),
          ]),
      {
        data: { values: strobes },
        mark: { type: "rect", color: BLUE, stroke: "white", strokeWidth: perCycle < THIN ? 0 : 1 },
        encoding: { x, x2: { field: "to" }, y },
      },
      labels(strobes, "white"),
    ],
  } as TopLevelSpec;
}
