/** Design → architecture IR: computes every number of the machine once. Validation of the file is in `schema.ts`,
 *  the ranges of real data come from `calibrate.ts`; what the numbers mean is in docs/machine.md. */
import type { Calibration } from "../../prepare/calibration.ts";
import { Refusal } from "../base/errors.ts";
import { bitLength, scale, signedBits } from "../base/fixed.ts";
import { mix } from "../base/mix.ts";
import { layerRate } from "../design/rates.ts";
import { sampleBits, sampleFraction } from "../design/sample-format.ts";
import type { Design } from "../design/schema.ts";
import { hasNonidealities, resolveDevice } from "../device/resolve.ts";
import { deviceIr, largestNoise, rangeUnits, tileKey } from "../device/response.ts";
import { filled, hardwareMethod, isLowRank, type LowRankMethod } from "../methods/fields.ts";
import { type LowRankSettings, lowRankIr } from "../methods/low-rank/build.ts";
import { COEFFICIENT_BITS } from "../methods/low-rank/format.ts";
import { channels } from "./channels.ts";
import { coincidenceUnits, edges } from "./coincidence.ts";
import type { CellIr, ErrorUnitIr, Ir, LayerIr, LowRankIr, ReadIr, VectorIr } from "./ir.ts";
import { memories } from "./memories.ts";
import { registerMap } from "./registers.ts";
import { phases } from "./schedule.ts";

const PROBABILITY_FRACTION = 15;
const EXPONENTIAL_BITS = 16;
const LOG2E_FRACTION = 14;
const Z_BITS = 16;
const RELU_RANGE_STEPS = 8;
const RANDOM_BITS = 16;
/** Stream of `mix` that the devices' seed comes from. */
const DEVICE_STREAM = 0x7ffffff0;
/** No value of any unit needs more bits, so a double holds each exactly. */
const WIDEST = 53;
/** Part of the range above which a pair's conductances leave too little room for the pulses until its next turn. */
const REFRESH_ABOVE = 7 / 8;
/** Saturations that a range tolerates: one in this many codes. */
const SATURATION_TOLERANCE = 4096;
const ACTIVATION_TOLERANCE = 1024;

/** Numbers of the macros that calibration needs before there is an IR. */
export interface Geometry {
  readonly cell: CellIr;
  readonly grids: readonly {
    inputs: number;
    outputs: number;
    rowTiles: number;
    colTiles: number;
    rowAdcs: number;
    colAdcs: number;
  }[];
}

export function geometry(design: Design): Geometry {
  const { tile, network } = design;
  hardwareMethod(design);
  const device = resolveDevice(design);
  const { levels } = device;
  const pairs = tile.encoding === "differential";
  const exact = !hasNonidealities(device);
  const full = exact ? exactUnits(levels, pairs) : rangeUnits(device, pairs);
  const lines = Math.max(tile.rows, tile.cols);
  const seed = mix(design.training.seed, DEVICE_STREAM);
  const rowAdcs = tile.rows / tile.columnsPerAdc;
  const colAdcs = tile.cols / tile.columnsPerAdc;
  return {
    cell: {
      levels,
      unitsPerPulse: Math.round(full / levels),
      full,
      reference: pairs ? 0 : full / 2,
      bits: bitLength(full),
      weightOne: pairs ? full : full / 2,
      pulsesPerWeight: pairs ? levels : levels / 2,
      ...(pairs ? { pairs: { limit: Math.floor(full * REFRESH_ABOVE), most: Math.ceil(levels) } } : {}),
      ...(exact ? {} : { device: deviceIr(device, full, lines, pairs ? 2 : 1, seed) }),
    },
    grids: network.layers.slice(1).map((outputs, l) => ({
      inputs: network.layers[l],
      outputs,
      rowTiles: Math.ceil(network.layers[l] / tile.rows),
      colTiles: Math.ceil(outputs / tile.cols),
      rowAdcs,
      colAdcs,
    })),
  };
}

/** Units of the whole range of a device of exact steps: a pulse makes one, or two where half the range would not be whole. */
const exactUnits = (levels: number, pairs: boolean): number => levels * (pairs || levels % 2 === 0 ? 1 : 2);

/** Largest magnitude of a sum over so many driven lines, its noise included. */
function largestSum({ weightOne, device }: CellIr, lines: number): number {
  return lines * weightOne + (device ? largestNoise(device, lines) : 0);
}

/** Keys of layer l's tiles, which are numbered through the machine. */
function tileKeys(seed: number, grids: Geometry["grids"], l: number): number[] {
  const first = grids.slice(0, l).reduce((sum, { rowTiles, colTiles }) => sum + rowTiles * colTiles, 0);
  return Array.from({ length: grids[l].rowTiles * grids[l].colTiles }, (_, t) => tileKey(seed, first + t));
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

function largestDivisor(n: number, limit: number): number {
  for (let d = Math.min(n, limit); d > 1; d--) if (n % d === 0) return d;
  return 1;
}

/** Code format and derivative of an activation's output. */
function vectorFormat(design: Design, hidden: boolean, maxActivation: number, zFraction: number) {
  if (!hidden) {
    const bits = sampleBits(design);
    return { bits, signed: false, fraction: sampleFraction(bits), derivativeBits: 0, derivativeFraction: 0 };
  }
  const n = design.tile.inputBits;
  switch (design.network.activation) {
    case "relu":
      return {
        bits: n,
        signed: false,
        fraction: Math.min(zFraction, n - Math.ceil(Math.log2(Math.max(maxActivation, 2 ** -8)))),
        derivativeBits: 1,
        derivativeFraction: 0,
      };
    case "sigmoid":
      return { bits: n, signed: false, fraction: n, derivativeBits: Math.max(1, 2 * n - 1), derivativeFraction: 2 * n };
    case "tanh":
      return { bits: n, signed: true, fraction: n - 1, derivativeBits: 2 * n - 1, derivativeFraction: 2 * (n - 1) };
  }
}

function activationTable(design: Design): { table: number[]; fraction: number } {
  const n = design.tile.inputBits;
  const build = (fraction: number, scaleTo: number, min: number, max: number, f: (z: number) => number) => ({
    fraction,
    table: Array.from({ length: 1024 }, (_, i) =>
      Math.min(max, Math.max(min, Math.round(scaleTo * f((i - 511.5) / 2 ** fraction)))),
    ),
  });
  switch (design.network.activation) {
    case "relu":
      return { table: [], fraction: 0 };
    case "sigmoid":
      return build(6, 2 ** n, 0, 2 ** n - 1, (z) => 1 / (1 + Math.exp(-z)));
    case "tanh":
      return build(7, 2 ** (n - 1), -(2 ** (n - 1) - 1), 2 ** (n - 1) - 1, Math.tanh);
  }
}

/** Elaborates a validated design.
 *  @throws Refusal where a combination of legal fields makes a number too wide or too small for the machine */
export function elaborate(design: Design, calibration: Calibration): Ir {
  const { tile, network, gradient, training } = design;
  const { cell, grids } = geometry(design);
  const layerCount = grids.length;
  const sizes = network.layers;
  const method = hardwareMethod(design);
  const follows = tile.adcRange === "follow" && tile.adcBits !== "lossless";
  const softmax = network.loss === "softmax-cross-entropy";
  // Ranges that start at their finest clip at first, so that the hardware has something to widen.
  const finest = tile.rangeStart === "finest";
  const activationHeadroom = finest ? 0.25 : 1;
  const errorHeadroom = finest ? 1 : 8;
  const refuse = (path: string, why: string): never => {
    throw new Refusal(`${design.name}: ${path}: ${why}`);
  };

  // z: four times the calibrated range fits; fine enough for the activation tables.
  const zFractions = calibration.layers.map((c) =>
    Math.min(10, Math.max(7, Z_BITS - 1 - Math.ceil(Math.log2(4 * Math.max(c.maxPreactivation, 2 ** -8))))),
  );
  const vectors: VectorIr[] = sizes.map((size, v) => {
    const rowGroup = v < layerCount ? grids[v].rowAdcs * grids[v].rowTiles : 0;
    const colGroup = v > 0 ? grids[v - 1].colAdcs * grids[v - 1].colTiles : 0;
    const lanes = largestDivisor(gcd(rowGroup, colGroup), gradient.lanes);
    const format = vectorFormat(
      design,
      v > 0,
      v > 0 ? activationHeadroom * calibration.layers[v - 1].maxActivation : 1,
      v > 0 ? zFractions[v - 1] : 0,
    );
    // A target of one must have a code.
    const fraction =
      v === layerCount && network.activation === "relu"
        ? Math.max(0, Math.min(format.fraction, tile.inputBits - 1))
        : format.fraction;
    return { size, lanes, words: Math.ceil(size / lanes), ...format, fraction };
  });

  const read = (
    driven: number,
    sampled: number,
    opts: {
      planes: number;
      signed: boolean;
      adcs: number;
      sampledTiles: number;
      summedTiles: number;
      lanes: number;
      maxSum: number;
      drivenLines: number;
    },
  ): ReadIr => {
    const group = opts.adcs * opts.sampledTiles;
    const steps = Math.ceil(sampled / group);
    const words = Math.ceil(sampled / opts.lanes);
    const wordsPerStep = group / opts.lanes;
    const sumBits = signedBits(largestSum(cell, Math.min(driven, opts.drivenLines)));
    const codeBits = tile.adcBits === "lossless" ? sumBits : Math.min(tile.adcBits, sumBits);
    const codeMax = 2 ** (codeBits - 1) - 1;
    const mergedBits = signedBits(codeMax * opts.summedTiles);
    const rangeMax = codeBits === sumBits ? 0 : sumBits - codeBits + 1;
    return {
      planes: opts.planes,
      signedDrive: opts.signed,
      linesPerAdc: tile.columnsPerAdc,
      adcsPerTile: opts.adcs,
      sampledTiles: opts.sampledTiles,
      summedTiles: opts.summedTiles,
      group,
      steps,
      stepCycles: Math.max(opts.planes * tile.readCycles, wordsPerStep),
      wordsPerStep,
      lastStepWords: words - (steps - 1) * wordsPerStep,
      sumBits,
      codeBits,
      codeMax,
      mergedBits,
      accumulatorBits: mergedBits + opts.planes,
      rangeInitial: finest
        ? 0
        : Math.min(rangeMax, Math.max(0, Math.ceil(Math.log2(Math.max(1, opts.maxSum) / codeMax)))),
      rangeMax,
      rangeLimit: Math.floor((training.batch * opts.planes * sampled * opts.summedTiles) / SATURATION_TOLERANCE),
      rangeFollows: follows && rangeMax > 0,
    };
  };

  const one = network.loss === "squared-error" ? vectors[layerCount].fraction : 0;
  const errorScales = new Array<number>(layerCount);
  errorScales[layerCount - 1] = softmax
    ? 2 ** -PROBABILITY_FRACTION
    : 2 ** -(one + vectors[layerCount].derivativeFraction);
  for (let l = layerCount - 2; l >= 0; l--)
    errorScales[l] = (errorScales[l + 1] / cell.weightOne) * 2 ** -vectors[l + 1].derivativeFraction;
  const outputRawBits = softmax
    ? PROBABILITY_FRACTION + 2
    : tile.inputBits + 2 + Math.max(0, one - tile.inputBits) + vectors[layerCount].derivativeBits;

  const lowRank = isLowRank(method) ? lowRankUnits(design, method, vectors) : null;
  const coincidence = gradient.programming === "coincidence" ? coincidenceUnits(design, lowRank) : null;
  const layers: LayerIr[] = [];
  for (let l = 0; l < layerCount; l++) {
    const grid = grids[l];
    const input = vectors[l];
    const output = vectors[l + 1];
    const forward = read(grid.inputs, grid.outputs, {
      planes: input.signed ? input.bits - 1 : input.bits,
      signed: input.signed,
      adcs: grid.colAdcs,
      sampledTiles: grid.colTiles,
      summedTiles: grid.rowTiles,
      lanes: output.lanes,
      maxSum: calibration.layers[l].maxForwardSum,
      drivenLines: tile.rows,
    });
    const backward =
      l === 0
        ? null
        : read(grid.outputs, grid.inputs, {
            planes: tile.errorBits - 1,
            signed: true,
            adcs: grid.rowAdcs,
            sampledTiles: grid.rowTiles,
            summedTiles: grid.colTiles,
            lanes: input.lanes,
            maxSum: calibration.layers[l].maxBackwardSum,
            drivenLines: tile.cols,
          });
    const isRelu = network.activation === "relu";
    const rangeOf = (v: number) => (isRelu && v > 0 && v < layerCount ? RELU_RANGE_STEPS : 0);
    const zFraction = zFractions[l];
    const requant = scale(2 ** (zFraction - input.fraction) / cell.weightOne, forward.rangeMax + rangeOf(l), WIDEST);
    if (forward.accumulatorBits + bitLength(requant.multiplier) + 1 > WIDEST)
      refuse(
        "network.layers",
        `layer ${l}'s sums need more than ${WIDEST} bits; use fewer inputs or a device of fewer levels`,
      );

    const alignedBits =
      method !== "mbgd"
        ? 16
        : Math.min(16, (gradient.accumulatorBits ?? 32) - input.bits - Math.ceil(Math.log2(training.batch)));
    const bound =
      l === layerCount - 1 && softmax ? 1 : errorHeadroom * Math.max(calibration.layers[l].maxError, 2 ** -40);
    const exponentZero = Math.ceil(Math.log2(bound / (errorScales[l] * (2 ** (alignedBits - 1) - 1))));
    const accumulatorBits = lowRank
      ? STRENGTH_BITS + lowRank.factorBits + bitLength(lowRank.terms)
      : method === "sgd"
        ? input.bits + alignedBits
        : input.bits + alignedBits + Math.ceil(Math.log2(training.batch));
    // The mean is in the strengths of sbpca and nmf; the others sum the batch.
    const samples = method === "sbpca" || method === "nmf" ? 1 : training.batch;
    const unit = lowRank ? 2 ** (1 - lowRank.factorBits) : 1;
    const pulsesPerUnit =
      ((layerRate(training, l) * cell.pulsesPerWeight) / samples) *
      unit *
      2 ** (exponentZero - input.fraction) *
      errorScales[l];
    const update = scale(pulsesPerUnit, lowRank ? 0 : rangeOf(l), lowRank ? 255 : 48);
    if (update.multiplier === 0)
      refuse(
        "training.learningRate",
        `${layerRate(training, l)} is too small for any pulse in layer ${l}; use a larger one`,
      );
    if (accumulatorBits + bitLength(update.multiplier) + 1 > WIDEST)
      refuse(
        "training.learningRate",
        `${layerRate(training, l)} is too large for layer ${l}'s update unit; use a smaller one`,
      );
    const rowGroup = grid.rowAdcs * grid.rowTiles;
    const rowSteps = Math.ceil(grid.inputs / rowGroup);
    layers.push({
      index: l,
      inputs: grid.inputs,
      outputs: grid.outputs,
      rowTiles: grid.rowTiles,
      colTiles: grid.colTiles,
      rowGroup,
      rowAdcs: grid.rowAdcs,
      linesPerAdc: tile.columnsPerAdc,
      forward,
      backward,
      requantMultiplier: requant.multiplier,
      requantShift: requant.shift,
      zBits: Z_BITS,
      zFraction,
      activationRangeMax: rangeOf(l + 1),
      activationRangeLimit: Math.floor((training.batch * grid.outputs) / ACTIVATION_TOLERANCE),
      activationRangeFollows: rangeOf(l + 1) > 0,
      rawBits: 0,
      exponentBits: 10,
      errorScale: errorScales[l],
      gradient: {
        alignedBits,
        exponentZero,
        accumulatorBits,
        bufferWords: method === "mbgd" ? grid.inputs * output.words : 0,
      },
      update: {
        multiplier: update.multiplier,
        multiplierBits: bitLength(update.multiplier),
        shift: update.shift,
        randomBits: RANDOM_BITS,
        pulseMax: gradient.maxPulses,
        pulseBits: signedBits(gradient.maxPulses),
        rows: rowSteps * grid.rowAdcs,
        rowSteps,
        lfsrSeeds: Array.from({ length: coincidence ? 0 : output.lanes }, (_, k) =>
          mix(training.seed, 2000 + 4096 * l + k),
        ),
      },
      ...(coincidence ? { edges: edges(training.seed, l, grid, input, output) } : {}),
      ...(cell.device ? { tileKeys: tileKeys(cell.device.seed, grids, l) } : {}),
    });
  }
  // Raw errors of a layer: the transposed sums of the next one, times the derivative.
  const withRaw = layers.map((layer, l) => {
    const next = layers[l + 1];
    const rawBits = next?.backward ? next.backward.accumulatorBits + vectors[l + 1].derivativeBits : outputRawBits;
    if (rawBits > WIDEST - 1)
      refuse("network.layers", `layer ${l}'s errors need ${rawBits} bits; use fewer outputs in layer ${l + 1}`);
    return { ...layer, rawBits };
  });

  const outputVector = vectors[layerCount];
  const { table, fraction } = activationTable(design);
  const errorUnit: ErrorUnitIr = {
    loss: network.loss,
    outputs: outputVector.size,
    lanes: outputVector.lanes,
    words: outputVector.words,
    valueBits: softmax ? Z_BITS : outputVector.bits,
    zFraction: layers[layerCount - 1].zFraction,
    log2e: Math.round(Math.LOG2E * 2 ** LOG2E_FRACTION),
    log2eFraction: LOG2E_FRACTION,
    exponentialTable: Array.from({ length: 256 }, (_, i) =>
      Math.round(2 ** EXPONENTIAL_BITS * 2 ** (-(i + 0.5) / 256)),
    ),
    exponentialBits: EXPONENTIAL_BITS,
    sumBits: EXPONENTIAL_BITS + bitLength(outputVector.size),
    probabilityFraction: PROBABILITY_FRACTION,
    targetOne: 2 ** one,
    rawBits: outputRawBits,
    labelBits: Math.max(1, bitLength(outputVector.size - 1)),
  };
  const streamBits = 8 * Math.max(vectors[0].lanes, Math.ceil(errorUnit.labelBits / 8));
  const base = {
    format: 1 as const,
    name: design.name,
    design,
    tileRows: tile.rows,
    tileCols: tile.cols,
    readCycles: tile.readCycles,
    pulseCycles: design.device.pulseCycles,
    verify: design.device.verify,
    batch: training.batch,
    activation: network.activation,
    method,
    rounding: gradient.rounding,
    errorBits: tile.errorBits,
    streamBits,
    sampleBeats: vectors[0].words,
    cell,
    ...(lowRank ? { lowRank } : {}),
    ...(coincidence ? { coincidence } : {}),
    vectors,
    layers: withRaw,
    errorUnit,
    activationTable: table,
    activationTableFraction: fraction,
    registers: registerMap(layerCount, training.batch, coincidence !== null),
    calibration: calibration.record,
  };
  return deepFreeze({ ...base, phases: phases(base), memories: memories(base), channels: channels(base) });
}

/** Bits of a strength · input factor, which the update multiplies with the output's factor. */
export const STRENGTH_BITS = COEFFICIENT_BITS;

/** The settings of a design's low-rank units. */
function lowRankSettings({ gradient, training }: Design, method: LowRankMethod): LowRankSettings {
  const rank = filled(gradient.rank, "rank");
  const unbiased = gradient.unbiased ?? 0;
  const common = { factorBits: filled(gradient.factorBits, "factorBits"), batch: training.batch };
  if (method !== "nmf") return { ...common, stream: { method, rank, unbiased }, nmf: null };
  const nmf = { rank, iterations: filled(gradient.iterations, "iterations"), subBatch: gradient.subBatch ?? 0 };
  const { frontEnd } = gradient;
  if (frontEnd !== "sbpca" && frontEnd !== "lrt") return { ...common, stream: null, nmf };
  return {
    ...common,
    stream: { method: frontEnd, rank: filled(gradient.frontEndRank, "frontEndRank"), unbiased },
    nmf,
  };
}

function lowRankUnits(design: Design, method: LowRankMethod, vectors: readonly VectorIr[]): LowRankIr {
  const { gradient, training, network, tile } = design;
  const settings = lowRankSettings(design, method);
  const [inputs, outputs] = [vectors.slice(0, -1), vectors.slice(1)];
  const longest = (of: (v: VectorIr) => number) => ({
    x: Math.max(...inputs.map(of)),
    d: Math.max(...outputs.map(of)),
  });
  return lowRankIr(
    method,
    settings,
    gradient.update === "rank-seq",
    {
      words: longest((v) => v.words),
      elements: longest((v) => v.size),
      codeBits: { x: Math.max(...inputs.map(magnitudeBits)), d: tile.errorBits - 1 },
    },
    network.layers.slice(1).map((_, l) => mix(training.seed, 900 + l)),
  );
}

const magnitudeBits = ({ bits, signed }: VectorIr): number => (signed ? bits - 1 : bits);

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}
