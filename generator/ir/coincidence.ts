/** Programming by coincidence in hardware: formats of its numbers, its timing and its seeds (docs/coincidence.md). */
import { bitLength } from "../base/fixed.ts";
import { difference, pipeline, type Sum, sum } from "../base/formula.ts";
import { mix } from "../base/mix.ts";
import type { Design } from "../design/schema.ts";
import { filled, LONGEST_TRAIN } from "../methods/fields.ts";
import type { LowRankIr } from "../methods/low-rank/unit.ts";
import type { CoincidenceIr, EdgesIr, VectorIr } from "./ir.ts";

/** Bits of a mantissa of the set-up, with its highest bit set. */
export const TRAIN_MANTISSA_BITS = 16;
/** Bits of a line's threshold, and of the random number that it is compared with. */
export const THRESHOLD_BITS = 16;
/** A line's latch: its threshold, and above it its sign. */
export const LATCH_BITS = THRESHOLD_BITS + 1;
/** Random bits that round a threshold. */
export const DITHER_BITS = 16;
/** Largest shift of a threshold: beyond it every threshold is zero. */
export const THRESHOLD_SHIFT_MAX = 48;
/** Bits of the set-up's signed exponents. */
export const TRAIN_EXPONENT_BITS = 13;
/** Phases of a train where both sides have both signs. */
export const MOST_PHASES = 4;
/** Lines of a tile's edge that share an LFSR: the upper half of its state and the lower. */
export const LINES_PER_LFSR = 2;

const SCAN = pipeline("between the last word's read and the cycle in which what is largest is known", 2);
const SCALE = pipeline("from there to the ratio's division: peak, mantissas, product, slots, mantissa of the slots", 5);
const DIVIDE = pipeline("load to result of a division", TRAIN_MANTISSA_BITS + 2);
const ROOT = pipeline("load to result of the root", TRAIN_MANTISSA_BITS + 1);
const MULTIPLY = pipeline("a word's read to its product with the coefficient", 2);
const THRESHOLD = pipeline("a word's read to x_threshold_write and d_threshold_write", 4);
const IDLE = pipeline("the cycle in which what is largest is known", 1);

/** Places in the set-up of one outer product, in cycles from its first.
 *  @param words of the longer vector */
export function setupTiming(words: Sum) {
  const known = sum(words, SCAN);
  const ratio = sum(known, SCALE);
  const root = sum(ratio, DIVIDE);
  const coefficient = sum(root, ROOT);
  const write = difference(sum(coefficient, DIVIDE), MULTIPLY);
  const thresholds = sum(write, THRESHOLD);
  return {
    /** What is largest is known: an outer product of zeros ends, and the next may begin in the cycle after. */
    known,
    idle: sum(known, IDLE),
    /** Loads of the ratio's division, of the root, of the coefficients' divisions. */
    ratio,
    root,
    coefficient,
    /** First read for thresholds, and their first write. */
    write,
    thresholds,
    /** First slot: the cycle after the last thresholds' write. */
    train: sum(thresholds, words),
  };
}

export function coincidenceUnits({ gradient }: Design, lowRank: LowRankIr | null): CoincidenceIr {
  return {
    products: lowRank?.passes ?? 1,
    slots: filled(gradient.pulseTrain, "pulseTrain"),
    mostSlots: LONGEST_TRAIN,
    slotBits: bitLength(LONGEST_TRAIN),
  };
}

/** Streams of `mix` that belong to one layer's edges. */
const STREAMS = 2 ** 17;

export function edges(
  seed: number,
  layer: number,
  { rowTiles, colTiles }: { rowTiles: number; colTiles: number },
  input: VectorIr,
  output: VectorIr,
): EdgesIr {
  const first = STREAMS * (layer + 1);
  const seeds = (count: number, from: number) => Array.from({ length: count }, (_, n) => mix(seed, from + n));
  const [inputSeed, outputSeed] = seeds(2, first + STREAMS - 2);
  return {
    words: Math.max(input.words, output.words),
    rowSeeds: seeds(rowTiles, first),
    columnSeeds: seeds(colTiles, first + STREAMS / 2),
    inputSeed,
    outputSeed,
  };
}
