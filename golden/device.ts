/** The devices that weights are held by: continuous ones, N equal steps between −1 and 1, or memristors, whose
 *  conductance g makes the weight 2g − 1; or pairs of cells (device/pairs.ts), whose range of weights has twice the levels.
 *      ΔW = (W_max − W_min) / levels = 2 / levels */
import { Random, stream } from "../data/random.ts";
import type { Design } from "../generator/design/schema.ts";
import {
  hasNonidealities,
  isContinuous,
  type Device as Memristor,
  resolveDevice,
} from "../generator/device/resolve.ts";
import type { Cells } from "./device/cells.ts";
import { drifted, newMemristors, placed, pulsed } from "./device/memristors.ts";
import { driftPairs, newPairs, pulsePair, refreshPairs, weightOfPair } from "./device/pairs.ts";
import { type Rounding, round } from "./rounding.ts";

export interface Device {
  /** Steps from the lowest to the highest weight (N, so N + 1 states); null: continuous. */
  readonly levels: number | null;
  /** Whether two cells make a weight. */
  readonly pairs?: boolean;
  /** Where pulses are not equal, exact steps, or cells are more than what pulses make them. */
  readonly memristor?: Memristor;
  /** Times that a programmed cell is read back; absent: never. */
  readonly verify?: number;
}

/** The parts of a design that say what holds its weights. */
export type DeviceDesign = Pick<Design, "name" | "device"> & { readonly tile: Pick<Design["tile"], "encoding"> };

export function deviceOf(design: DeviceDesign): Device {
  if (isContinuous(design)) return { levels: null };
  const memristor = resolveDevice(design);
  const pairs = design.tile.encoding === "differential";
  const device = pairs ? { levels: 2 * memristor.levels, pairs } : { levels: memristor.levels };
  return hasNonidealities(memristor) ? { ...device, memristor, verify: design.device.verify } : device;
}

/** The cells of layer l, told to hold these weights. */
export function newCells(device: Device, weights: Float64Array, seed: number, l: number): Cells {
  const { levels, memristor } = device;
  const count = weights.length * (device.pairs ? 2 : 1);
  const pulses = new Uint32Array(levels === null ? 0 : count);
  const random = [new Random(stream.devices, seed, l), new Random(stream.pulses, seed, l)] as const;
  const memristors = memristor && newMemristors(memristor, count, ...random);
  if (device.pairs) {
    const pairs = newPairs(weights, memristor || levels === null ? null : levels / 2, memristors);
    return { weights: weights.map((_, n) => weightOfPair(pairs, n)), pulses, pairs, memristors };
  }
  if (!memristors) return { weights: program(device, weights), pulses };
  return { weights: weights.map((w, n) => weightAt(placed(memristors, n, conductanceOf(w)))), pulses, memristors };
}

/** The weights an ideal device takes when it is told to hold these: clipped, and the nearest of its states. */
export function program({ levels }: Pick<Device, "levels">, weights: Float64Array): Float64Array {
  if (levels === null) return weights.map(clip);
  return weights.map((w) => weightOf(levels, stateOf(levels, clip(w))));
}

/** W ← clip(W − η G), from weight `first` on. */
export function applyContinuous(weights: Float64Array, gradient: Float64Array, learningRate: number, first = 0): void {
  for (let n = 0; n < gradient.length; n++) weights[first + n] = clip(weights[first + n] - learningRate * gradient[n]);
}

export interface PulseSettings {
  readonly levels: number;
  readonly rounding: Rounding;
  /** Most pulses that one update gives a cell. */
  readonly maxPulses: number;
  /** Times that a cell is read back, each time with one more pulse towards its goal if it is more than ΔW / 2 off. */
  readonly verify?: number;
}

/** pulses = round(−η G / ΔW), clipped to ± maxPulses, from cell `first` on; of ideal devices W ← clip(W + pulses · ΔW).
 *  Counts every cell's pulses, also those that push against the end of its range. */
export function applyPulses(
  cells: Cells,
  gradient: Float64Array,
  learningRate: number,
  settings: PulseSettings,
  random: Random,
  first = 0,
): void {
  const { levels, rounding, maxPulses, verify = 0 } = settings;
  const perUnit = -learningRate * pulsesPerUnit(levels);
  for (let n = 0; n < gradient.length; n++) {
    const t = gradient[n] * perUnit;
    if (t === 0) continue; // rounds to zero either way
    const count = Math.min(Math.max(round(rounding, t, random), -maxPulses), maxPulses);
    if (count !== 0) programCell(cells, first + n, count, levels, verify);
  }
}

/** So many pulses, and as many more as reading back asks for. */
function programCell(cells: Cells, n: number, count: number, levels: number, verify: number): void {
  const step = 1 / pulsesPerUnit(levels);
  const goal = clip(cells.weights[n] + count * step);
  pulse(cells, n, count, levels);
  for (let read = 0; read < verify; read++) {
    const left = goal - cells.weights[n];
    if (Math.abs(left) <= step / 2) break;
    pulse(cells, n, Math.sign(left), levels);
  }
}

/** Gives cell n so many pulses, up where they are more than 0; at the end of its range they move nothing, but count. */
export function pulse(cells: Cells, n: number, count: number, levels: number): void {
  if (cells.pairs) {
    pulsePair(cells, cells.pairs, n, count, levels / 2);
    return;
  }
  const { weights, pulses, memristors } = cells;
  pulses[n] += Math.abs(count);
  if (memristors) {
    weights[n] = weightAt(pulsed(memristors, n, conductanceOf(weights[n]), count));
    return;
  }
  const state = Math.min(Math.max(stateOf(levels, weights[n]) + count, 0), levels);
  weights[n] = weightOf(levels, state);
}

/** The time of one batch passes. */
export function endBatch(cells: Cells, { levels }: Device): void {
  if (!cells.pairs) drift(cells);
  else {
    driftPairs(cells, cells.pairs);
    refreshPairs(cells, cells.pairs, Math.ceil((levels ?? 0) / 2));
  }
}

function drift({ weights, memristors }: Cells): void {
  if (!memristors || memristors.device.drift === 0) return;
  for (let n = 0; n < weights.length; n++) weights[n] = weightAt(drifted(memristors, n, conductanceOf(weights[n])));
}

/** 1 / ΔW */
export function pulsesPerUnit(levels: number): number {
  return levels / 2;
}

function clip(w: number): number {
  return Math.min(Math.max(w, -1), 1);
}

/** State 0 … N of a weight, and the weight of a state. */
function stateOf(levels: number, weight: number): number {
  return Math.round(((weight + 1) * levels) / 2);
}

function weightOf(levels: number, state: number): number {
  return (2 * state) / levels - 1;
}

/** g of a weight, and the weight of g. */
function conductanceOf(weight: number): number {
  return (weight + 1) / 2;
}

function weightAt(g: number): number {
  return 2 * g - 1;
}
