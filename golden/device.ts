/** The ideal devices: continuous weights, or N equal steps between −1 and 1.
 *      ΔW = (W_max − W_min) / N = 2 / N */
import type { Random } from "../data/random.ts";
import { isContinuous, resolveDevice } from "../generator/device/resolve.ts";
import type { Design } from "../generator/schema.ts";
import { type Rounding, round } from "./rounding.ts";

export interface Device {
  /** Steps from the lowest to the highest weight (N, so N + 1 states); null: continuous. */
  readonly levels: number | null;
}

export function deviceOf(design: Pick<Design, "name" | "device">): Device {
  return { levels: isContinuous(design) ? null : resolveDevice(design).levels };
}

/** The weights a device takes when it is told to hold these: clipped, and the nearest of its states. */
export function program(device: Device, weights: Float64Array): Float64Array {
  const { levels } = device;
  if (levels === null) return weights.map(clip);
  return weights.map((w) => weightOf(levels, stateOf(levels, clip(w))));
}

/** W ← clip(W − η G) */
export function applyContinuous(weights: Float64Array, gradient: Float64Array, learningRate: number): void {
  for (let n = 0; n < weights.length; n++) weights[n] = clip(weights[n] - learningRate * gradient[n]);
}

export interface PulseSettings {
  readonly levels: number;
  readonly rounding: Rounding;
  /** Most pulses that one update gives a cell. */
  readonly maxPulses: number;
}

/** pulses = round(−η G / ΔW), clipped to ± maxPulses; W ← clip(W + pulses · ΔW).
 *  Adds every cell's pulses to `pulses`, also those that push against the end of its range. */
export function applyPulses(
  weights: Float64Array,
  gradient: Float64Array,
  learningRate: number,
  settings: PulseSettings,
  random: Random,
  pulses: Uint32Array,
): void {
  const { levels, rounding, maxPulses } = settings;
  const perUnit = -learningRate * pulsesPerUnit(levels);
  for (let n = 0; n < weights.length; n++) {
    const t = gradient[n] * perUnit;
    if (t === 0) continue; // rounds to zero either way
    const count = Math.min(Math.max(round(rounding, t, random), -maxPulses), maxPulses);
    if (count !== 0) pulse(weights, pulses, n, count, levels);
  }
}

/** Gives cell n so many pulses, up where they are more than 0; at the end of its range they move nothing, but count. */
export function pulse(weights: Float64Array, pulses: Uint32Array, n: number, count: number, levels: number): void {
  const state = Math.min(Math.max(stateOf(levels, weights[n]) + count, 0), levels);
  weights[n] = weightOf(levels, state);
  pulses[n] += Math.abs(count);
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
