/** The Verilog parameters of each layer, by group. */
import { bitLength, indexBits } from "../base/fixed.ts";
import { LATCH_BITS } from "../ir/coincidence.ts";
import type { CoincidenceIr, EdgesIr, Ir, LayerIr, ReadIr } from "../ir/ir.ts";
import { cellsPerTile } from "../ir/lines.ts";
import { deviceParameters } from "./cells.ts";
import { lowRankParameters } from "./low-rank.ts";
import { hex, type Parameter, seedList, type Value } from "./values.ts";

/** Whether the vector units make rows of the net gradient. */
export const makesRows = ({ lowRank }: Ir): boolean => (lowRank?.rowColumns ?? 0) > 0;

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

export const flag = (value: boolean): number => (value ? 1 : 0);

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
export function layerParameters(ir: Ir, layer: LayerIr): Parameter[] {
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
