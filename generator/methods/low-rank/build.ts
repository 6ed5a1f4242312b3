/** The low-rank units of a design: their columns and programs. */
import type { LowRankIr } from "../../ir/ir.ts";
import { Assembler } from "./assembler.ts";
import { toScalar } from "./format.ts";
import { lrtSample } from "./lrt.ts";
import { factorise, handOver, type NmfState, nmfInitial, nmfState, type Source } from "./nmf.ts";
import type { Program, Side, Timing, Value } from "./program.ts";
import { sbpcaBatch, sbpcaSample } from "./sbpca.ts";

/** What holds a batch's gradient while it comes in. */
export interface Stream {
  readonly method: "sbpca" | "lrt";
  readonly rank: number;
  readonly unbiased: number;
}

export interface LowRankSettings {
  /** By itself, or in front of nmf; null: nmf streams by sub-batches. */
  readonly stream: Stream | null;
  readonly nmf: { readonly rank: number; readonly iterations: number; readonly subBatch: number } | null;
  readonly factorBits: number;
  readonly batch: number;
}

/** The longest of all layers' sides. */
export interface LongestSides {
  readonly words: Readonly<Record<Side, number>>;
  readonly elements: Readonly<Record<Side, number>>;
  /** Bits of a vector's codes, without their sign. */
  readonly codeBits: Readonly<Record<Side, number>>;
}

/** Columns of a unit: those that are turned, or the stream's copy of the factors; then nmf's own. */
type UnitColumns = Pick<
  LowRankIr,
  "rank" | "columns" | "first" | "outer" | "slots" | "rowColumns" | "startsEmpty" | "coefficients"
>;

interface LowRankPrograms {
  readonly initial: Program | null;
  readonly sample: Program;
  readonly flush: Program | null;
  readonly batch: Program;
  readonly constants: readonly number[];
  readonly words: number;
}

/** From a dot product's issue to the issue of what reads it, beyond one cycle a word; the same for a row's products. */
export const DOT_PIPELINE = 3;
/** From a column's last product to the visibility of its write. */
export const COMBINE_LATENCY = 4;
/** From a combination's issue to the issue of what reads the new factors, beyond its loads and products. */
export const COMBINE_PIPELINE = 4;
/** From a store's issue, or a copied or kept word's read, to the visibility of its write. */
export const WRITE_LATENCY = 3;
/** From the issue of a copy or of keeping to the issue of what reads it, beyond one cycle a word. */
export const COPY_PIPELINE = 4;
/** Cycles between a row's word and its products with the columns. */
export const ROW_PAUSE = 2;

function unitColumns({ stream, nmf }: LowRankSettings): UnitColumns {
  const rank = stream?.rank ?? 0;
  const outer = nmf ? 2 * nmf.rank : rank;
  const slots = nmf && !stream ? nmf.subBatch : 0;
  const first = stream ? (nmf ? rank : 0) : outer;
  const rowColumns = nmf ? (stream ? rank : outer) : 0;
  return {
    rank,
    columns: first + outer,
    first,
    outer,
    slots,
    rowColumns,
    startsEmpty: stream?.method === "lrt",
    coefficients: Math.max(rank * (rank + 1), rowColumns + slots),
  };
}

/** Cycles of the vector units' work (docs/low-rank.md). */
function timing({ rank, outer, rowColumns, slots }: UnitColumns, { words }: LongestSides): Timing {
  const longest = Math.max(words.x, words.d);
  const combine = (n: number) => rank + 1 + n * rank * (rank + 1) + COMBINE_PIPELINE;
  const row = (n: number) => n * (rowColumns + slots + ROW_PAUSE + outer) + DOT_PIPELINE;
  return {
    vectorDot: longest + DOT_PIPELINE,
    columnDot: 2 * longest + DOT_PIPELINE,
    combine: { x: combine(words.x), d: combine(words.d) },
    row: { x: row(words.x), d: row(words.d) },
    copy: outer * longest + COPY_PIPELINE,
    keep: longest + COPY_PIPELINE,
  };
}

/** @param sequential whether the update programs one outer product after the other
 *  @param seeds of the layers' LFSRs */
export function lowRankIr(
  method: LowRankIr["method"],
  settings: LowRankSettings,
  sequential: boolean,
  sides: LongestSides,
  seeds: readonly number[],
): LowRankIr {
  const columns = unitColumns(settings);
  const { constants, words, ...programs } = lowRankPrograms(settings, sides);
  return {
    method,
    ...columns,
    factorBits: settings.factorBits,
    passes: sequential ? columns.outer : 1,
    terms: sequential ? 1 : columns.outer,
    ...programs,
    constants: constants.map(toScalar),
    memoryWords: words,
    seeds,
  };
}

function lowRankPrograms(settings: LowRankSettings, sides: LongestSides): LowRankPrograms {
  const columns = unitColumns(settings);
  const a = new Assembler({ rank: columns.rank, count: columns.columns }, timing(columns, sides));
  const { nmf, stream } = settings;
  const programs = stream
    ? nmf
      ? behindFrontEnd(a, settings, stream, columns, sides)
      : alone(a, settings, stream)
    : streamed(a, settings, columns, sides);
  return { ...programs, constants: a.constants, words: a.words };
}

type Programs = Omit<LowRankPrograms, "constants" | "words">;

function sampleProgram(a: Assembler, { factorBits }: LowRankSettings, { method, rank, unbiased }: Stream): Program {
  return method === "sbpca" ? sbpcaSample(a, rank, factorBits) : lrtSample(a, rank, factorBits, unbiased);
}

/** What a stream does at a batch's end before its strengths are read. */
function settle(a: Assembler, { factorBits }: LowRankSettings, { method, rank }: Stream): void {
  if (method === "sbpca") sbpcaBatch(a, rank, factorBits);
}

function alone(a: Assembler, settings: LowRankSettings, stream: Stream): Programs {
  const sample = sampleProgram(a, settings, stream);
  const batch = a.program(() => {
    settle(a, settings, stream);
    for (let r = 0; r < stream.rank; r++) a.sigma(r, a.strength(r));
  });
  return { initial: null, sample, flush: null, batch };
}

function nmfUnit({ nmf, factorBits }: LowRankSettings, { first }: UnitColumns, { elements }: LongestSides) {
  if (!nmf) throw new Error("the unit has no components");
  return { rank: nmf.rank, iterations: nmf.iterations, factorBits, first, elements };
}

/** The net gradient is what the front end gathered. */
function behindFrontEnd(
  a: Assembler,
  settings: LowRankSettings,
  stream: Stream,
  columns: UnitColumns,
  sides: LongestSides,
): Programs {
  const unit = nmfUnit(settings, columns, sides);
  const state = nmfState(a, unit);
  const sample = sampleProgram(a, settings, stream);
  const initial = nmfInitial(a, unit, state, []);
  // sbpca's strengths are of the mean gradient, lrt's of the sum.
  const part = a.constant(stream.method === "sbpca" ? 1 : 1 / settings.batch);
  const batch = a.program(() => {
    settle(a, settings, stream);
    const sources = Array.from(
      { length: stream.rank },
      (_, column): Source => ({
        column,
        weight: a.multiply(part, a.strength(column)),
      }),
    );
    factorise(a, unit, state, sources);
    handOver(a, unit, state);
  });
  return { initial, sample, flush: null, batch };
}

/** The net gradient of the batch so far is what the factors stood for and the sub-batch's samples:
 *      N = w (W⁺H⁺ − W⁻H⁻) + (1/n) Σ δ xᵀ,   w = (n − s) / n */
function streamed(a: Assembler, settings: LowRankSettings, columns: UnitColumns, sides: LongestSides): Programs {
  const unit = nmfUnit(settings, columns, sides);
  const state = nmfState(a, unit);
  const units = a.variables(columns.slots);
  const behind = a.variable();
  const sample = a.program(() => {
    a.keep(units);
  });
  const initial = nmfInitial(a, unit, state, [behind, ...units]);
  const flush = a.program(() => {
    const total = a.count();
    const part = a.reciprocal(total);
    const weight = a.multiply(behind, part);
    a.copy();
    const sources = [...before(a, unit.rank, state, weight), ...samples(a, columns, units, part, sides)];
    a.assign(behind, total);
    for (const u of units) a.assign(u, a.zero);
    factorise(a, unit, state, sources);
  });
  const batch = a.program(() => {
    a.assign(behind, a.zero);
    handOver(a, unit, state);
  });
  return { initial, sample, flush, batch };
}

/** The copied factors with their strengths. */
function before(a: Assembler, rank: number, { strengths }: NmfState, weight: Value): Source[] {
  const negative = a.negative(weight);
  return strengths.map((s, column) => ({ column, weight: a.multiply(column < rank ? weight : negative, s) }));
}

function samples(
  a: Assembler,
  { columns }: UnitColumns,
  units: readonly Value[],
  part: Value,
  { codeBits }: LongestSides,
): Source[] {
  return units.map((unit, n) => ({ column: columns + n, weight: a.multiply(part, unit), codeBits }));
}
