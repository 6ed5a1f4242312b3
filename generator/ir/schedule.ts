/** When everything happens: the length of each phase, and the cycles of its events. A length is counted, drawn and
 *  printed from one object; where an event has its cycle, it is that of the phase's first cycle and so many more.
 *  docs/machine.md has the hardware behind the constants, and the table of what is here. */
import {
  difference,
  type Length,
  largest,
  named,
  pipeline,
  positive,
  product,
  type Sum,
  sum,
  symbol,
} from "../base/formula.ts";
import { setupTiming } from "./coincidence.ts";
import { HAND_OVER, sampleCycles } from "./hand-over.ts";
import type { Ir, LayerIr, PhaseIr, ReadIr, VectorIr } from "./ir.ts";

type Machine = Omit<Ir, "phases" | "memories" | "channels">;

/** What data or the host decide, by its name in a formula; without it a length is that of the fewest cycles. */
export const SYMBOLS = {
  "host stalls": "cycles of LOAD in which no beat is offered",
  "pulse slots":
    "by row: Σ over rows of the largest pulse count, and of the times that they are read back where it is not 0; by coincidence: Σ over outer products of slots · phases",
  trains: "outer products that are not zero",
  "programs before": "cycles of the programs of the sample before; 0 on a batch's first sample",
  "programs at the end": "cycles of the programs of a batch's last sample; 0 on others",
  load: "cycles of LOAD since the hand-over before",
  forward: "cycles of FORWARD since then, over all layers",
  error: "cycles of ERROR since then",
  backward: "cycles of BACKWARD since then, over all layers",
} as const;

const ofData = (name: keyof typeof SYMBOLS, cycles = 0): Sum => symbol(name, cycles);

const BEAT = pipeline("accepted beat to its x_write", 1);
const LABEL = pipeline("the label's beat", 1);
const CONVERT = pipeline("entry to the first conversion", 1);
const HOLD = pipeline("last plane's codes to the held group", 1);
const ACTIVATION = pipeline("held word to x_write or y_write", 3);
const DERIVATIVE = pipeline("held word to raw_write", 2);
const SCALER = pipeline("between the last raw_write and the first delta_write", 3);
const EXPONENTIAL = pipeline("entry, read, difference, product, exponential", 5);
/** Beside the probability's bits below its binary point. */
const QUOTIENT = pipeline("a quotient's start, its highest bit and its raw error", 4);
const DIFFERENCE = pipeline("entry, read, difference, product", 4);
const LAST_RAW = pipeline("the last raw_write", 1);
const ACCUMULATE = pipeline("entry, read, operands, product, sum", 5);
const UPDATE_BEGIN = pipeline("entry to the first row or outer product", 1);
const UPDATE_END = pipeline("the cycle in which another row or outer product would begin", 1);
const COUNT = pipeline("data, operands, gradient, scaled", 4);
const RANK_COUNT = pipeline("data, products, sum of terms, scaled", 6);
const DECIDE = pipeline("the last count_write, and the decision whether there are pulses", 2);
const RANGE = pipeline("the range registers' cycle", 1);

/** One direction of reading a layer. */
export interface ReadSchedule {
  /** The first plane's codes of the first step; those of a plane and of a step follow `readCycles` and `stepCycles` later. */
  readonly codes: Length;
  /** The first word of the result; a step's words follow one a cycle. */
  readonly word: Length;
  /** All cycles, to the last word's. */
  readonly all: Sum;
}

interface ScalerSchedule {
  /** From the cycle after the last raw word: the first scaled word, and all cycles. */
  readonly delta: Length;
  readonly length: Sum;
}

interface ErrorSchedule {
  readonly exponential: Length | null;
  readonly prediction: Length;
  /** The raw word that ends with the nth output: `start` and n times `period`. */
  readonly start: Length;
  readonly period: Length;
  /** All cycles, to the last raw word's. */
  readonly all: Sum;
}

/** A row that is programmed, from its first cycle. */
export interface RowSchedule {
  readonly issues: Length;
  /** A word's counts: after its issues, so many later. */
  readonly count: Length;
  /** The first pulse's slot; the next row, where there is no pulse. */
  readonly pulses: Length;
}

/** An outer product's train, from its first cycle. */
export interface TrainSchedule {
  /** The first words' thresholds are in the latches' input. */
  readonly thresholds: Length;
  readonly pulses: Length;
  /** All cycles of an outer product of zeros. */
  readonly idle: Length;
  /** What another one takes more, beside its slots. */
  readonly more: Length;
}

export interface LayerUpdateSchedule {
  /** Cycles without a pulse. */
  readonly length: Sum;
  readonly rows: RowSchedule | null;
  readonly trains: TrainSchedule | null;
}

/** Every length; by layer where it is a list. */
export interface Schedule {
  readonly load: { readonly write: Length; readonly length: Length };
  readonly forward: readonly ReadSchedule[];
  readonly backward: readonly (ReadSchedule | null)[];
  readonly scalers: readonly ScalerSchedule[];
  readonly error: ErrorSchedule;
  readonly errorLength: Length;
  readonly backwardLength: readonly (Length | null)[];
  /** Where a batch's gradient is kept as it is. */
  readonly gradient: {
    readonly write: Length;
    readonly layers: readonly Length[];
    readonly length: Length;
  } | null;
  readonly update: {
    readonly begin: Length;
    readonly layers: readonly LayerUpdateSchedule[];
    readonly end: Length;
    readonly length: Length;
  };
  readonly range: { readonly change: Length; readonly refresh: Length; readonly length: Length };
}

function readSchedule(ir: Machine, read: ReadIr, place: string, result: Sum): ReadSchedule {
  const of = named(read, place);
  const readCycles = named(ir)("readCycles");
  const held = sum(CONVERT, product(of("planes"), readCycles), HOLD);
  const stepsBefore = product(difference(of("steps"), 1), of("stepCycles"));
  return {
    codes: sum(CONVERT, readCycles),
    word: sum(held, result),
    all: sum(stepsBefore, held, of("lastStepWords"), result),
  };
}

/** @param place of the layer's output vector, from where its errors come */
function scalerSchedule(vector: VectorIr, place: string): ScalerSchedule {
  return { delta: SCALER, length: sum(named(vector, place)("words"), SCALER) };
}

function errorSchedule({ errorUnit }: Machine): ErrorSchedule {
  const of = named(errorUnit, "errorUnit");
  const outputs = of("outputs");
  if (errorUnit.loss === "squared-error") {
    const all = sum(outputs, DIFFERENCE, LAST_RAW);
    return { exponential: null, prediction: sum(outputs, DIFFERENCE), start: DIFFERENCE, period: sum(1), all };
  }
  const exponentials = sum(outputs, EXPONENTIAL);
  const period = sum(of("probabilityFraction"), QUOTIENT);
  return {
    exponential: EXPONENTIAL,
    prediction: exponentials,
    start: exponentials,
    period,
    all: sum(exponentials, product(outputs, period), LAST_RAW),
  };
}

function gradientSchedule({ layers }: Machine): Schedule["gradient"] {
  const lengths = layers.map(({ gradient }) => sum(named(gradient, "layers[l].gradient")("bufferWords"), ACCUMULATE));
  return { write: ACCUMULATE, layers: lengths, length: largest("layers", lengths) };
}

/** Σ over rows or outer products. */
const pulses = (ir: Machine): Sum => product(ofData("pulse slots"), named(ir)("pulseCycles"));

function rowUpdate(ir: Machine, layer: LayerIr): LayerUpdateSchedule {
  const { lowRank } = ir;
  const words = named(ir.vectors[layer.index + 1], "vectors[l + 1]")("words");
  const issues = product(
    named(layer, "layers[l]")("rowTiles"),
    words,
    ...(lowRank ? [named(lowRank, "lowRank")("terms")] : []),
  );
  const count = lowRank ? RANK_COUNT : COUNT;
  const row = sum(issues, count, DECIDE);
  const rows = product(
    ...(lowRank ? [named(lowRank, "lowRank")("passes")] : []),
    named(layer.update, "layers[l].update")("rows"),
    row,
  );
  return {
    rows: { issues, count, pulses: row },
    trains: null,
    length: sum(UPDATE_BEGIN, rows, UPDATE_END, pulses(ir)),
  };
}

function trainUpdate(ir: Machine, layer: LayerIr): LayerUpdateSchedule | null {
  if (!ir.coincidence || !layer.edges) return null;
  const { idle, thresholds, train } = setupTiming(named(layer.edges, "layers[l].edges")("words"));
  const more = difference(train, idle);
  const products = product(named(ir.coincidence, "coincidence")("products"), idle);
  return {
    rows: null,
    trains: { thresholds, pulses: train, idle, more },
    length: sum(UPDATE_BEGIN, products, UPDATE_END, product(ofData("trains"), more), pulses(ir)),
  };
}

function updateSchedule(ir: Machine): Schedule["update"] {
  const layers = ir.layers.map((layer) => trainUpdate(ir, layer) ?? rowUpdate(ir, layer));
  const length = largest(
    "layers",
    layers.map((layer) => layer.length),
  );
  return { begin: UPDATE_BEGIN, layers, end: UPDATE_END, length };
}

/** Cycles in which a batch's row of pairs is refreshed: one erasing pulse, and as many to set as a pair may take. */
export function refresh({ cell, ...ir }: Pick<Ir, "cell" | "pulseCycles">): Sum {
  return cell.pairs ? product(sum(named(cell.pairs, "cell.pairs")("most"), 1), named(ir)("pulseCycles")) : sum();
}

export function schedule(ir: Machine): Schedule {
  const last = ir.layers.length - 1;
  // The output's words are those of the error unit; the others' are of the vector before the layer that is read backward.
  const scalers = ir.layers.map((_, l) => scalerSchedule(ir.vectors[l + 1], l === last ? "errorUnit" : "vectors[l]"));
  const error = errorSchedule(ir);
  const backward = ir.layers.map(
    (layer) => layer.backward && readSchedule(ir, layer.backward, "layers[l].backward", DERIVATIVE),
  );
  return {
    load: { write: BEAT, length: sum(named(ir)("sampleBeats"), LABEL, ofData("host stalls")) },
    forward: ir.layers.map((layer) => readSchedule(ir, layer.forward, "layers[l].forward", ACTIVATION)),
    backward,
    scalers,
    error,
    errorLength: sum(error.all, scalers[last].length),
    backwardLength: backward.map((read, l) => read && sum(read.all, scalers[l - 1].length)),
    gradient: ir.keeps === "gradient" ? gradientSchedule(ir) : null,
    update: updateSchedule(ir),
    range: { change: RANGE, refresh: refresh(ir), length: sum(RANGE, refresh(ir)) },
  };
}

/** A low-rank machine's gradient in the steady state: the hand-over, and what is waited for before it. */
function handOverLength(lowRank: NonNullable<Ir["lowRank"]>, list: readonly PhaseIr[]): Length {
  const others = (["load", "forward", "error", "backward"] as const).map((phase) =>
    ofData(phase, sampleCycles(list.filter((p) => p.phase === phase))),
  );
  const wait = positive(difference(ofData("programs before", lowRank.sample.cycles), ...others));
  return sum(HAND_OVER, wait, ofData("programs at the end"));
}

export function phases(ir: Machine): PhaseIr[] {
  const { load, forward, errorLength, backwardLength, gradient, update, range } = schedule(ir);
  const list: PhaseIr[] = [];
  const add = (phase: PhaseIr["phase"], layer: number | null, { cycles, formula }: Length, dataDependent = false) =>
    list.push({ phase, layer, cycles, formula, dataDependent });
  add("load", null, load.length, true);
  forward.forEach(({ all }, l) => {
    add("forward", l, all);
  });
  add("error", ir.layers.length - 1, errorLength);
  for (let l = ir.layers.length - 1; l > 0; l--) add("backward", l, backwardLength[l] as Length);
  if (gradient) add("gradient", null, gradient.length);
  if (ir.lowRank) add("gradient", null, handOverLength(ir.lowRank, list));
  add("update", null, update.length, true);
  add("range", null, range.length);
  return list;
}
