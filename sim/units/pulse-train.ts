/** `pulse_train_unit` with `threshold_unit` and `line_driver`: one outer product after the other by trains of pulses on
 *  rows and columns, which meet in the cells. */

import { bitLength } from "../../generator/base/fixed.ts";
import { mix, xorshift32 } from "../../generator/base/mix.ts";
import {
  DITHER_BITS,
  LINES_PER_LFSR,
  THRESHOLD_BITS,
  THRESHOLD_SHIFT_MAX,
  TRAIN_MANTISSA_BITS,
} from "../../generator/ir/coincidence.ts";
import type { CoincidenceIr, EdgesIr, Ir, LayerIr } from "../../generator/ir/ir.ts";
import { columnLines, type LineMap, lineOf, rowLines } from "../../generator/ir/lines.ts";
import { type LayerCells, pulse } from "./cell.ts";

/** What the edges of a layer's tiles hold. */
export interface EdgesState {
  /** LFSRs of the lines, tile by tile. */
  readonly rows: Uint32Array;
  readonly columns: Uint32Array;
  /** LFSRs that round the thresholds of inputs and of outputs. */
  readonly dither: Uint32Array;
}

const lfsrsOf = (lines: number): number => Math.ceil(lines / LINES_PER_LFSR);

export function createEdges(ir: Ir, { rowSeeds, columnSeeds, inputSeed, outputSeed }: EdgesIr): EdgesState {
  const lfsrs = (seeds: readonly number[], lines: number) =>
    Uint32Array.from(seeds.flatMap((seed) => Array.from({ length: lfsrsOf(lines) }, (_, n) => mix(seed, n))));
  return {
    rows: lfsrs(rowSeeds, ir.tileRows),
    columns: lfsrs(columnSeeds, ir.tileCols),
    dither: Uint32Array.of(inputSeed, outputSeed),
  };
}

/** One outer product: pulses of a cell = rate · |x| · |d| · 2^−places, against the product's sign. */
export interface OuterProduct {
  readonly x: Int16Array;
  readonly d: Int16Array;
  readonly rate: number;
  readonly places: number;
  /** Whether its strength is below zero. */
  readonly negative: boolean;
}

/** A whole number as mantissa · 2^(length − TRAIN_MANTISSA_BITS), cut off below the mantissa (`normaliser`). */
export function normalise(value: number): { mantissa: number; length: number } {
  const length = bitLength(value);
  return { mantissa: Math.floor(value * 2 ** (TRAIN_MANTISSA_BITS - length)), length };
}

const UNIT = 2 ** TRAIN_MANTISSA_BITS;

const quotient = (numerator: number, denominator: number): number => Math.floor((numerator * UNIT) / denominator);

export interface TrainHeight {
  /** L */
  readonly slots: number;
  /** Largest probability of both sides: root · 2^(height − TRAIN_MANTISSA_BITS). */
  readonly root: number;
  readonly height: number;
}

/** Length and height of the train of an outer product that is not zero: L = ⌈pulses of the strongest cell⌉ within its
 *  bounds, and the root of what is then left for a slot. */
export function trainHeight(
  { slots: fewest, mostSlots, slotBits }: CoincidenceIr,
  { rate, places }: Pick<OuterProduct, "rate" | "places">,
  largestX: number,
  largestD: number,
): TrainHeight {
  const peak = normalise(largestX * largestD);
  const factor = normalise(rate);
  const exponent = peak.length + factor.length - places;
  const pulses = peak.mantissa * factor.mantissa;
  const needed =
    exponent > slotBits + 1 ? mostSlots : Math.ceil(pulses * 2 ** (Math.max(0, exponent) - 2 * TRAIN_MANTISSA_BITS));
  const slots = Math.min(mostSlots, Math.max(fewest, needed));
  const high = pulses >= 2 ** (2 * TRAIN_MANTISSA_BITS - 1);
  const divisor = normalise(slots);
  const ratio = quotient(Math.floor(pulses / (high ? UNIT : UNIT / 2)), divisor.mantissa);
  const ratioExponent = exponent - (high ? 0 : 1) - divisor.length;
  const odd = Math.abs(ratioExponent) % 2 === 1;
  const halved = !odd && ratio >= UNIT;
  const radicand = odd ? ratio : halved ? Math.floor(ratio / 2) : ratio * 2;
  return {
    slots,
    root: Math.floor(Math.sqrt(radicand * (UNIT / 2))),
    height: Math.floor((ratioExponent + (odd ? 1 : 0)) / 2) + (halved ? 1 : 0),
  };
}

/** Thresholds of one side's lines; a word of lanes is rounded by one random number.
 *  @param thresholds out
 *  @returns how many lines were clipped */
export function lineThresholds(
  codes: Int16Array,
  lanes: number,
  largest: number,
  { root, height }: TrainHeight,
  lfsr: Uint32Array,
  which: number,
  thresholds: Uint16Array,
): number {
  const most = 2 ** THRESHOLD_BITS;
  const divisor = normalise(largest);
  const coefficient = quotient(root, divisor.mantissa);
  const shift = Math.min(THRESHOLD_SHIFT_MAX, divisor.length - height);
  const scale = 2 ** (DITHER_BITS - shift);
  let clipped = 0;
  for (let first = 0; first < codes.length; first += lanes) {
    const random = lfsr[which] >>> (32 - DITHER_BITS);
    const end = Math.min(codes.length, first + lanes);
    for (let n = first; n < end; n++) {
      const code = Math.abs(codes[n]);
      const scaled = Math.floor(code * coefficient * scale);
      const threshold = Math.floor((scaled + random) / 2 ** DITHER_BITS);
      if (shift < 0 ? code !== 0 : threshold > most) clipped++;
      thresholds[n] = shift < 0 && code !== 0 ? most - 1 : Math.min(most - 1, threshold);
    }
    lfsr[which] = xorshift32(lfsr[which]);
  }
  return clipped;
}

/** What one outer product's train did. */
export interface Train {
  /** Slots of all its phases; 0 where the outer product is zero. */
  readonly total: number;
  /** For the tracer, where the outer product is not zero. */
  readonly trace: TrainTrace | null;
}

export interface TrainTrace {
  /** Slots of one phase. */
  readonly slots: number;
  /** What the lines' latches hold: a threshold, and its line's sign above it. */
  readonly xLatches: Uint32Array;
  readonly dLatches: Uint32Array;
  readonly firings: readonly Firing[];
}

/** One slot. */
interface Firing {
  readonly phase: number;
  readonly up: boolean;
  /** Neurons whose rows and columns fire. */
  readonly rows: Uint16Array;
  readonly columns: Uint16Array;
}

/** Which rows and columns fire in a phase: those of negative codes, or the others. */
export const PHASES = [
  { negativeRows: false, negativeColumns: false },
  { negativeRows: true, negativeColumns: true },
  { negativeRows: true, negativeColumns: false },
  { negativeRows: false, negativeColumns: true },
] as const;

function largestOf(codes: Int16Array): number {
  let largest = 0;
  for (let n = 0; n < codes.length; n++) {
    const code = codes[n] < 0 ? -codes[n] : codes[n];
    if (code > largest) largest = code;
  }
  return largest;
}

/** LFSR of each neuron's line, times LINES_PER_LFSR, and its half. */
function linesOf(count: number, map: LineMap, lines: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, n) => {
    const { tile, line } = lineOf(map, n);
    return tile * lfsrsOf(lines) * LINES_PER_LFSR + line;
  });
}

/** Neurons of one side that may fire in a phase. */
class Line {
  readonly #places: Uint32Array;
  /** Neurons with a threshold, by sign. */
  readonly #candidates: readonly [Uint16Array, Uint16Array];
  readonly #counts: [number, number] = [0, 0];
  readonly fired: Uint16Array;
  readonly thresholds: Uint16Array;

  constructor(places: Uint32Array) {
    this.#places = places;
    this.#candidates = [new Uint16Array(places.length), new Uint16Array(places.length)];
    this.fired = new Uint16Array(places.length);
    this.thresholds = new Uint16Array(places.length);
  }

  /** Sorts the lines by sign, after their thresholds are known. */
  load(codes: Int16Array): void {
    this.#counts.fill(0);
    for (let n = 0; n < codes.length; n++) {
      if (codes[n] === 0) continue;
      const sign = codes[n] < 0 ? 1 : 0;
      this.#candidates[sign][this.#counts[sign]++] = n;
    }
  }

  /** Whether a line of that sign can fire. */
  has(negative: boolean): boolean {
    return this.#counts[negative ? 1 : 0] > 0;
  }

  /** Lines that fire in a slot, into `fired`; @returns how many */
  fire(negative: boolean, lfsrs: Uint32Array): number {
    const candidates = this.#candidates[negative ? 1 : 0];
    const count = this.#counts[negative ? 1 : 0];
    let fired = 0;
    for (let k = 0; k < count; k++) {
      const n = candidates[k];
      const place = this.#places[n];
      const state = lfsrs[place >>> 1];
      const random = place % LINES_PER_LFSR === 0 ? state >>> 16 : state & 0xffff;
      if (random < this.thresholds[n]) this.fired[fired++] = n;
    }
    return fired;
  }
}

function advance(lfsrs: Uint32Array): void {
  for (let n = 0; n < lfsrs.length; n++) lfsrs[n] = xorshift32(lfsrs[n]);
}

const latches = (codes: Int16Array, thresholds: Uint16Array): Uint32Array =>
  Uint32Array.from(thresholds, (threshold, n) => threshold + (codes[n] < 0 ? 2 ** THRESHOLD_BITS : 0));

/** Programs one layer. */
export class PulseTrainUnit {
  readonly #ir: Ir;
  readonly #layer: LayerIr;
  readonly #unit: CoincidenceIr;
  readonly #state: LayerCells;
  readonly #edges: EdgesState;
  readonly #rows: Line;
  readonly #columns: Line;

  constructor(ir: Ir, layer: LayerIr, unit: CoincidenceIr, state: LayerCells, edges: EdgesState) {
    this.#ir = ir;
    this.#layer = layer;
    this.#unit = unit;
    this.#state = state;
    this.#edges = edges;
    this.#rows = new Line(linesOf(layer.inputs, rowLines(layer), ir.tileRows));
    this.#columns = new Line(linesOf(layer.outputs, columnLines(layer), ir.tileCols));
  }

  /** @param traced whether the latches and every slot are kept
   *  @returns what was done, the pulses given, and the thresholds clipped */
  program(product: OuterProduct, traced: boolean): { train: Train; pulses: number; clipped: number } {
    const { x, d, rate, negative } = product;
    const rows = this.#rows;
    const columns = this.#columns;
    const [largestX, largestD] = [largestOf(x), largestOf(d)];
    if (largestX === 0 || largestD === 0 || rate === 0)
      return { train: { total: 0, trace: null }, pulses: 0, clipped: 0 };
    const height = trainHeight(this.#unit, product, largestX, largestD);
    const { dither } = this.#edges;
    const { vectors } = this.#ir;
    const l = this.#layer.index;
    const clipped =
      lineThresholds(x, vectors[l].lanes, largestX, height, dither, 0, rows.thresholds) +
      lineThresholds(d, vectors[l + 1].lanes, largestD, height, dither, 1, columns.thresholds);
    rows.load(x);
    columns.load(d);
    const firings: Firing[] = [];
    let pulses = 0;
    let total = 0;
    PHASES.forEach(({ negativeRows, negativeColumns }, phase) => {
      if (!rows.has(negativeRows) || !columns.has(negativeColumns)) return;
      const up = (negativeRows !== negativeColumns) !== negative;
      total += height.slots;
      for (let slot = 0; slot < height.slots; slot++) {
        const firedRows = rows.fire(negativeRows, this.#edges.rows);
        const firedColumns = columns.fire(negativeColumns, this.#edges.columns);
        this.#pulse(firedRows, firedColumns, up);
        pulses += firedRows * firedColumns;
        if (traced)
          firings.push({
            phase,
            up,
            rows: rows.fired.slice(0, firedRows),
            columns: columns.fired.slice(0, firedColumns),
          });
        advance(this.#edges.rows);
        advance(this.#edges.columns);
      }
    });
    const trace = traced
      ? {
          slots: height.slots,
          xLatches: latches(x, rows.thresholds),
          dLatches: latches(d, columns.thresholds),
          firings,
        }
      : null;
    return { train: { total, trace }, pulses, clipped };
  }

  /** One pulse in every cell whose row and column fire. */
  #pulse(firedRows: number, firedColumns: number, up: boolean): void {
    const ir = this.#ir;
    const layer = this.#layer;
    const state = this.#state;
    const rows = this.#rows.fired;
    const columns = this.#columns.fired;
    for (let r = 0; r < firedRows; r++)
      for (let c = 0; c < firedColumns; c++) pulse(ir, layer, state, rows[r], columns[c], up);
  }
}
