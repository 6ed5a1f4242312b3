/** What the templates know of a machine, by name. */
import { bitLength, indexBits } from "../base/fixed.ts";
import { sum } from "../base/formula.ts";
import { version } from "../base/version.ts";
import {
  DITHER_BITS,
  LATCH_BITS,
  setupTiming,
  THRESHOLD_SHIFT_MAX,
  TRAIN_EXPONENT_BITS,
  TRAIN_MANTISSA_BITS,
} from "../ir/coincidence.ts";
import type { CoincidenceIr, Ir } from "../ir/ir.ts";
import { cellContext } from "./cells.ts";
import { flag, layerParameters, makesRows } from "./layer-parameters.ts";
import { functionContext, scalarContext } from "./low-rank.ts";
import { registerContext, shownByLayer } from "./registers.ts";
import { type Parameter, tableLines, type Value } from "./values.ts";

/** Formats and timing of the pulse trains. */
function trainContext(ir: Ir, unit: CoincidenceIr) {
  const x = ir.vectors[0];
  return {
    X_CODE_BITS: ir.lowRank?.factorBits ?? x.bits,
    X_CODE_SIGNED: flag(ir.lowRank !== undefined || x.signed),
    D_CODE_BITS: ir.lowRank?.factorBits ?? ir.errorBits,
    PRODUCTS: unit.products,
    SLOTS: unit.slots,
    MOST_SLOTS: unit.mostSlots,
    SLOT_BITS: unit.slotBits,
    MANTISSA_BITS: TRAIN_MANTISSA_BITS,
    EXPONENT_BITS: TRAIN_EXPONENT_BITS,
    LATCH_BITS,
    DITHER_BITS,
    SHIFT_MAX: THRESHOLD_SHIFT_MAX,
    // Beside the words of one scan, and for the first slot of two.
    ...Object.fromEntries(Object.entries(setupTiming(sum(0))).map(([place, { cycles }]) => [place, cycles])),
  };
}

const byName = (parameters: readonly Parameter[]): Record<string, Value> =>
  Object.fromEntries(parameters.map(({ name, value }) => [name, value]));

/** A parameter list with its names in one column. */
function aligned(parameters: readonly Parameter[]) {
  const width = Math.max(...parameters.map(({ name }) => name.length));
  return parameters.map((p, k) => ({
    name: p.name.padEnd(width),
    value: p.value,
    comment: p.comment ?? "",
    last: k === parameters.length - 1,
  }));
}

function errorParameters(ir: Ir): Record<string, Value> {
  const e = ir.errorUnit;
  const output = ir.vectors[ir.vectors.length - 1];
  return {
    OUTPUTS: e.outputs,
    LANES: e.lanes,
    WORDS: e.words,
    WORD_BITS: indexBits(e.words),
    VALUE_BITS: e.valueBits,
    LABEL_BITS: e.labelBits,
    Z_FRACTION: e.zFraction,
    LOG2E: e.log2e,
    LOG2E_BITS: bitLength(e.log2e),
    LOG2E_FRACTION: e.log2eFraction,
    EXPONENTIAL_BITS: e.exponentialBits,
    SUM_BITS: e.sumBits,
    PROBABILITY_FRACTION: e.probabilityFraction,
    TARGET_ONE: e.targetOne,
    DERIVATIVE_BITS: output.derivativeBits,
    RAW_BITS: e.rawBits,
  };
}

/** What saturates in a layer: its counter of a cycle, when it counts, and the flags it counts. */
const saturations = ({ coincidence }: Ir) => [
  { name: "forward_clipped", valid: "(&forward_valid)", bits: "TILES*COLUMN_ADCS", flags: "forward_saturated" },
  { name: "backward_clipped", valid: "(&backward_valid)", bits: "TILES*ROW_ADCS", flags: "backward_saturated" },
  { name: "x_clipped", valid: "y_write", bits: "Y_LANES", flags: "x_saturated" },
  { name: "z_clipped", valid: "y_write", bits: "Y_LANES", flags: "z_saturated" },
  { name: "delta_clipped", valid: "(|aligned_clipped)", bits: "Y_LANES", flags: "aligned_clipped" },
  coincidence
    ? { name: "pulse_clipped", valid: "(|lines_clipped)", bits: "X_LANES+Y_LANES", flags: "lines_clipped" }
    : { name: "pulse_clipped", valid: "count_write", bits: "Y_LANES", flags: "pulses_clipped" },
];

export function context(ir: Ir) {
  const parameters = ir.layers.map((layer) => layerParameters(ir, layer));
  const layers = ir.layers.map((_, l) => ({
    index: l,
    previous: l - 1,
    next: l + 1,
    first: l === 0,
    last: l === ir.layers.length - 1,
    p: byName(parameters[l]),
    parameters: aligned(parameters[l]),
    shown: shownByLayer(ir.registers, l),
  }));
  const first: Record<string, Value> = {
    ...byName(parameters[0]),
    X_WORD_WIDTH: ir.vectors[0].lanes * ir.vectors[0].bits,
    SCALED_BITS: ir.layers[0].gradient.accumulatorBits + ir.layers[0].update.multiplierBits,
  };
  const tableBits = ir.vectors[1].bits;
  return {
    design: ir.name,
    version,
    summary: `${ir.vectors.map((v) => v.size).join("-")} network, ${ir.activation}, ${ir.errorUnit.loss}, ${ir.method}.`,
    relu: ir.activation === "relu",
    tanh: ir.activation === "tanh",
    softmax: ir.errorUnit.loss === "softmax-cross-entropy",
    fullGradient: ir.keeps === "gradient",
    lowRank: ir.lowRank !== undefined,
    scalar: ir.lowRank ? scalarContext(ir, ir.lowRank) : null,
    function: functionContext(),
    turns: (ir.lowRank?.rank ?? 0) > 0,
    rows: makesRows(ir),
    slots: (ir.lowRank?.slots ?? 0) > 0,
    coincidence: ir.coincidence !== undefined,
    ...cellContext(ir),
    train: ir.coincidence ? trainContext(ir, ir.coincidence) : null,
    randomBits: ir.layers[0].update.randomBits,
    bySample: ir.keeps === "nothing",
    sampleByRow: ir.keeps === "nothing" && !ir.coincidence,
    stochastic: ir.rounding === "stochastic",
    deep: ir.layers.length > 1,
    layerCount: ir.layers.length,
    batch: ir.batch,
    batchBits: indexBits(ir.batch),
    streamBits: ir.streamBits,
    sampleBeats: ir.sampleBeats,
    first,
    last: layers[layers.length - 1].p,
    lastLayer: layers[layers.length - 1],
    layers,
    layerParameters: layers[0].parameters,
    error: errorParameters(ir),
    saturations: saturations(ir),
    activationTable: tableLines(ir.activationTable, tableBits),
    tableFraction: ir.activationTableFraction,
    exponentialTable: tableLines(ir.errorUnit.exponentialTable, ir.errorUnit.exponentialBits),
    ...registerContext(ir),
  };
}
