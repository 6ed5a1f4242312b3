/** Architecture IR → text of the generated files: fills `rtl-templates/`. Looks values up and counts the bits of
 *  indices; every other number comes from the IR. */
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
import type { CoincidenceIr, EdgesIr, Ir, LayerIr, ReadIr } from "../ir/ir.ts";
import { cellsPerTile } from "../ir/lines.ts";
import { cellContext, deviceParameters } from "./cells.ts";
import { functionContext, lowRankParameters, scalarContext } from "./low-rank.ts";
import { registerExports } from "./register-exports.ts";
import { registerContext, shownByLayer } from "./registers.ts";
import { fillTemplate } from "./template.ts";
import { hex, type Parameter, seedList, tableLines, type Value } from "./values.ts";

/** Behavioural models of the macros, with what they are made of. */
const macros: readonly string[] = ["column_adc", "crossbar_macro", "sram_1r1w"];

/** Modules that only a low-rank gradient needs, from the leaves. */
const lowRankModules: readonly string[] = [
  "double_buffer",
  "float_multiplier",
  "float_adder",
  "float_converter",
  "function_unit",
  "scalar_unit",
  "vector_unit",
  "low_rank_unit",
  "low_rank_program",
  "rank_sum_unit",
];

/** Modules of programming by coincidence, and those that only programming by row needs. */
const coincidenceModules: readonly string[] = ["normaliser", "threshold_unit", "line_driver", "pulse_train_unit"];
const rowModules: readonly string[] = ["pulse_programmer", "rank_sum_unit", "stochastic_round", "update_unit"];

/** The other modules, from the leaves to the top. */
const modules: readonly string[] = [
  "pulse_programmer",
  "crossbar_tile",
  "latch_select",
  "read_engine",
  "shift_add",
  "activation_unit",
  "derivative_unit",
  "error_scaler",
  "gradient_unit",
  "lfsr",
  "divider",
  ...lowRankModules,
  "square_root",
  ...coincidenceModules,
  "stochastic_round",
  "update_unit",
  "range_register",
  "layer",
  "exponential",
  "error_unit",
  "sample_input",
  "sequencer",
  "host_registers",
  "rankloom",
];

/** Reads that a first layer does not have: the smallest that its unused parameters allow. */
const noRead: Omit<ReadIr, "linesPerAdc" | "adcsPerTile" | "sampledTiles" | "summedTiles" | "group"> = {
  planes: 1,
  signedDrive: true,
  steps: 1,
  stepCycles: 1,
  wordsPerStep: 1,
  lastStepWords: 1,
  sumBits: 2,
  codeBits: 2,
  codeMax: 1,
  mergedBits: 2,
  accumulatorBits: 3,
  rangeInitial: 0,
  rangeMax: 0,
  rangeLimit: 0,
  rangeFollows: false,
};

const flag = (value: boolean): number => (value ? 1 : 0);

function readParameters(prefix: string, read: typeof noRead): Parameter[] {
  const p = (name: string, value: number): Parameter => ({ name: `${prefix}_${name}`, value });
  return [
    p("PLANES", read.planes),
    p("PLANE_BITS", indexBits(read.planes)),
    p("STEPS", read.steps),
    p("STEP_CYCLES", read.stepCycles),
    p("STEP_WORDS", read.wordsPerStep),
    p("SUM_BITS", read.sumBits),
    p("CODE_BITS", read.codeBits),
    p("CODE_MAX", read.codeMax),
    p("MERGED_BITS", read.mergedBits),
    p("ACCUMULATOR_BITS", read.accumulatorBits),
    p("RANGE_INITIAL", read.rangeInitial),
    p("RANGE_MAX", read.rangeMax),
    p("RANGE_LIMIT", read.rangeLimit),
    p("RANGE_FOLLOWS", flag(read.rangeFollows)),
  ];
}

/** Parameters of one layer, by group. */
function layerParameters(ir: Ir, layer: LayerIr): Parameter[] {
  const x = ir.vectors[layer.index];
  const y = ir.vectors[layer.index + 1];
  const last = layer.index === ir.layers.length - 1;
  const previous = layer.index > 0 ? ir.layers[layer.index - 1].rawBits : noRead.accumulatorBits;
  const group = (comment: string, parameters: Parameter[]): Parameter[] =>
    parameters.map((parameter, k) => (k === 0 ? { ...parameter, comment } : parameter));
  const p = (name: string, value: Value): Parameter => ({ name, value });
  const rowOnly = (name: string, value: Value): Parameter[] => (ir.coincidence ? [] : [p(name, value)]);
  return [
    ...group("Size", [
      ...(ir.coincidence && !makesRows(ir) ? [] : [p("INPUTS", layer.inputs)]),
      p("OUTPUTS", layer.outputs),
      p("ROW_TILES", layer.rowTiles),
      ...rowOnly("ROW_TILE_BITS", indexBits(layer.rowTiles)),
      p("COL_TILES", layer.colTiles),
      p("TILE_ROWS", ir.tileRows),
      ...rowOnly("TILE_ROW_BITS", indexBits(ir.tileRows)),
      p("TILE_COLS", ir.tileCols),
    ]),
    ...group("Cells", [
      p("CELL_BITS", ir.cell.bits),
      p("CELL_ADDRESS_BITS", indexBits(cellsPerTile(ir))),
      ...(ir.cell.pairs ? [] : [p("REFERENCE", ir.cell.reference)]),
      p("FULL", ir.cell.full),
      ...(ir.cell.device ? deviceParameters(ir, layer) : [p("UNITS_PER_PULSE", ir.cell.unitsPerPulse)]),
    ]),
    ...group("Lines that share an ADC", [
      p("LINES_PER_ADC", layer.linesPerAdc),
      p("STEP_BITS", indexBits(layer.linesPerAdc)),
      p("ROW_ADCS", layer.rowAdcs),
      p("ROW_GROUP", layer.rowGroup),
      p("COLUMN_ADCS", layer.forward.adcsPerTile),
    ]),
    ...group("Input vector", [
      p("X_LANES", x.lanes),
      ...(ir.keeps === "gradient" || ir.coincidence ? [] : [p("X_LANE_BITS", indexBits(x.lanes))]),
      p("X_WORDS", x.words),
      p("X_WORD_BITS", indexBits(x.words)),
      p("X_BITS", x.bits),
      p("X_SIGNED", flag(x.signed)),
    ]),
    ...group("Output vector", [
      p("Y_LANES", y.lanes),
      p("Y_WORDS", y.words),
      p("Y_WORD_BITS", indexBits(y.words)),
      p("Y_BITS", y.bits),
      ...(ir.activation === "relu" ? [p("Y_FRACTION", y.fraction)] : []),
      p("Y_CODES", flag(!last || ir.errorUnit.loss === "squared-error")),
    ]),
    ...group("Forward read", [p("READ_CYCLES", ir.readCycles), ...readParameters("FORWARD", layer.forward)]),
    ...group("Backward read", [
      p("BACKWARD", flag(layer.backward !== null)),
      ...readParameters("BACKWARD", layer.backward ?? noRead),
    ]),
    ...group("Activation", [
      p("REQUANT_MULTIPLIER", layer.requantMultiplier),
      p("REQUANT_MULTIPLIER_BITS", bitLength(layer.requantMultiplier)),
      p("REQUANT_SHIFT", layer.requantShift),
      p("Z_BITS", layer.zBits),
      p("Z_FRACTION", layer.zFraction),
      p("ACTIVATION_RANGE_MAX", layer.activationRangeMax),
      p("ACTIVATION_RANGE_LIMIT", layer.activationRangeLimit),
      p("ACTIVATION_RANGE_FOLLOWS", flag(layer.activationRangeFollows)),
    ]),
    ...group("Errors", [
      p("DERIVATIVE_BITS", Math.max(1, x.derivativeBits)),
      p("PREVIOUS_RAW_BITS", previous),
      p("RAW_BITS", layer.rawBits),
      p("ERROR_BITS", ir.errorBits),
      p("EXPONENT_BITS", layer.exponentBits),
    ]),
    ...group("Gradient", [
      p("EXPONENT_ZERO", layer.gradient.exponentZero),
      ...(ir.lowRank || ir.coincidence ? [] : [p("ALIGNED_BITS", layer.gradient.alignedBits)]),
      ...rowOnly("GRADIENT_BITS", layer.gradient.accumulatorBits),
      ...(ir.keeps === "gradient"
        ? [
            p("GRADIENT_WORDS", layer.gradient.bufferWords),
            p("GRADIENT_WORD_BITS", indexBits(layer.gradient.bufferWords)),
          ]
        : []),
    ]),
    ...(ir.lowRank ? group("Outer products", lowRankParameters(ir, ir.lowRank, layer)) : []),
    ...group("Update", [
      ...rowOnly("ROW_STEPS", layer.update.rowSteps),
      p("UPDATE_MULTIPLIER", layer.update.multiplier),
      p("UPDATE_MULTIPLIER_BITS", layer.update.multiplierBits),
      p("UPDATE_SHIFT", layer.update.shift),
      ...(ir.coincidence && layer.edges ? edgeParameters(ir.coincidence, layer.edges) : rowParameters(ir, layer)),
      p("PULSE_CYCLES", ir.pulseCycles),
    ]),
  ];
}

function rowParameters(ir: Ir, { update }: LayerIr): Parameter[] {
  const p = (name: string, value: Value): Parameter => ({ name, value });
  return [
    ...(ir.rounding === "stochastic"
      ? [p("RANDOM_BITS", update.randomBits), p("SEEDS", seedList(update.lfsrSeeds))]
      : []),
    p("PULSE_MAX", update.pulseMax),
    p("PULSE_BITS", update.pulseBits),
  ];
}

function edgeParameters({ slotBits }: CoincidenceIr, edges: EdgesIr): Parameter[] {
  const p = (name: string, value: Value): Parameter => ({ name, value });
  return [
    p("SLOT_BITS", slotBits),
    p("LATCH_BITS", LATCH_BITS),
    p("ROW_SEEDS", seedList(edges.rowSeeds)),
    p("COLUMN_SEEDS", seedList(edges.columnSeeds)),
    p("INPUT_SEED", `32'h${hex(edges.inputSeed, 8)}`),
    p("OUTPUT_SEED", `32'h${hex(edges.outputSeed, 8)}`),
  ];
}

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

/** Whether the vector units make rows of the net gradient. */
const makesRows = ({ lowRank }: Ir): boolean => (lowRank?.rowColumns ?? 0) > 0;

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

function context(ir: Ir) {
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

/** Generates every file of a design but `design.json`.
 *  @returns text by file name, relative to the design's folder */
export function emitRtl(ir: Ir): Map<string, string> {
  const values = context(ir);
  const { lowRank, coincidence } = values;
  const needed: Record<string, boolean> = {
    ...Object.fromEntries(lowRankModules.map((name) => [name, lowRank])),
    ...Object.fromEntries(coincidenceModules.map((name) => [name, coincidence])),
    ...(coincidence ? Object.fromEntries(rowModules.map((name) => [name, false])) : {}),
    lfsr: values.stochastic || lowRank,
    exponential: values.softmax,
    divider: values.softmax || coincidence,
    square_root: coincidence,
    gradient_unit: !lowRank && !coincidence,
  };
  const used = (name: string) => needed[name] ?? true;
  const logic = modules.filter(used).map((name) => `rtl/${name}.v`);
  const models = macros.map((name) => `rtl/${name}.v`);
  const data = { ...values, logic, models, sources: [...models, ...logic] };
  const files = new Map<string, string>();
  for (const name of [...models, ...logic]) files.set(name, fillTemplate(name.slice("rtl/".length), data));
  for (const name of ["macros_blackbox.v", "rankloom.f", "rankloom.core", "constraints.sdc"])
    files.set(name, fillTemplate(name, data));
  for (const [name, text] of registerExports(ir)) files.set(name, text);
  return files;
}
