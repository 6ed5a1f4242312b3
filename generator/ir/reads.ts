/** How a layer's crossbars are read, forward and transposed: conversions, and the widths of their sums. */
import { signedBits } from "../base/fixed.ts";
import type { Design } from "../design/schema.ts";
import { largestNoise } from "../device/response.ts";
import type { Grid } from "./geometry.ts";
import type { CellIr, ReadIr, VectorIr } from "./ir.ts";
import type { Calibration } from "./ranges.ts";
import { magnitudeBits } from "./vectors.ts";

/** Saturations that a range tolerates: one in this many codes. */
const SATURATION_TOLERANCE = 4096;

/** Largest magnitude of a sum over so many driven lines, its noise included. */
function largestSum({ weightOne, device }: CellIr, lines: number): number {
  return lines * weightOne + (device ? largestNoise(device, lines) : 0);
}

/** One direction of a layer's tiles. */
interface Direction {
  /** Lines that are driven and sampled, in all; and those driven in one tile. */
  readonly driven: number;
  readonly sampled: number;
  readonly drivenLines: number;
  readonly planes: number;
  readonly signed: boolean;
  readonly adcs: number;
  readonly sampledTiles: number;
  readonly summedTiles: number;
  /** Of the vector that the read makes. */
  readonly lanes: number;
  /** Largest column sum that calibration saw. */
  readonly maxSum: number;
}

/** The forward read of layer l, and the transposed one: null for layer 0, before which nothing lies. */
export function reads(
  design: Design,
  cell: CellIr,
  grid: Grid,
  input: VectorIr,
  output: VectorIr,
  seen: Calibration["layers"][number],
  first: boolean,
): { forward: ReadIr; backward: ReadIr | null } {
  const { tile } = design;
  const forward = readOf(design, cell, {
    driven: grid.inputs,
    sampled: grid.outputs,
    drivenLines: tile.rows,
    planes: magnitudeBits(input),
    signed: input.signed,
    adcs: grid.colAdcs,
    sampledTiles: grid.colTiles,
    summedTiles: grid.rowTiles,
    lanes: output.lanes,
    maxSum: seen.maxForwardSum,
  });
  if (first) return { forward, backward: null };
  const backward = readOf(design, cell, {
    driven: grid.outputs,
    sampled: grid.inputs,
    drivenLines: tile.cols,
    planes: tile.errorBits - 1,
    signed: true,
    adcs: grid.rowAdcs,
    sampledTiles: grid.rowTiles,
    summedTiles: grid.colTiles,
    lanes: input.lanes,
    maxSum: seen.maxBackwardSum,
  });
  return { forward, backward };
}

function readOf({ tile, training }: Design, cell: CellIr, to: Direction): ReadIr {
  const { planes, sampled, sampledTiles, summedTiles } = to;
  const group = to.adcs * sampledTiles;
  const steps = Math.ceil(sampled / group);
  const words = Math.ceil(sampled / to.lanes);
  const wordsPerStep = group / to.lanes;
  const sumBits = signedBits(largestSum(cell, Math.min(to.driven, to.drivenLines)));
  const codeBits = tile.adcBits === "lossless" ? sumBits : Math.min(tile.adcBits, sumBits);
  const codeMax = 2 ** (codeBits - 1) - 1;
  const mergedBits = signedBits(codeMax * summedTiles);
  const rangeMax = codeBits === sumBits ? 0 : sumBits - codeBits + 1;
  const calibrated = Math.max(0, Math.ceil(Math.log2(Math.max(1, to.maxSum) / codeMax)));
  return {
    planes,
    signedDrive: to.signed,
    linesPerAdc: tile.columnsPerAdc,
    adcsPerTile: to.adcs,
    sampledTiles,
    summedTiles,
    group,
    steps,
    stepCycles: Math.max(planes * tile.readCycles, wordsPerStep),
    wordsPerStep,
    lastStepWords: words - (steps - 1) * wordsPerStep,
    sumBits,
    codeBits,
    codeMax,
    mergedBits,
    accumulatorBits: mergedBits + planes,
    rangeInitial: tile.rangeStart === "finest" ? 0 : Math.min(rangeMax, calibrated),
    rangeMax,
    rangeLimit: Math.floor((training.batch * planes * sampled * summedTiles) / SATURATION_TOLERANCE),
    rangeFollows: tile.adcRange === "follow" && tile.adcBits !== "lossless" && rangeMax > 0,
  };
}
