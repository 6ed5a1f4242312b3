/** The memristors of a layer: how each differs from the others, and what pulses and time do to it. */
import type { Random } from "../../data/random.ts";
import { LARGEST_LABEL } from "../../generator/device/nonlinearity.ts";
import type { Device } from "../../generator/device/resolve.ts";
import { clip, type Direction, pulseCell, type Step, stepOf } from "./step.ts";

/** A device's own label is kept to a hundredth, as in NeuroSim's table of labels. */
const LABEL_PLACES = 100;

export interface Memristors {
  readonly device: Device;
  /** Which cells never move: 1 at the highest conductance, −1 at the lowest, 0 none. */
  readonly stuck: Int8Array;
  /** What a pulse does to cell n. */
  readonly step: (n: number, direction: Direction) => Step;
  /** Of the pulses' noise. */
  readonly random: Random;
}

/** @param lots draws what a device keeps for its life
 *  @param random draws the pulses' noise */
export function newMemristors(device: Device, count: number, lots: Random, random: Random): Memristors {
  const stuck = new Int8Array(count);
  for (let n = 0; n < count; n++) stuck[n] = stuckAt(device, lots.uniform());
  const steps = { set: stepsOf(device, "set", count, lots), reset: stepsOf(device, "reset", count, lots) };
  return { device, stuck, step: (n, direction) => steps[direction](n), random };
}

function stuckAt({ stuckOn, stuckOff }: Device, lot: number): -1 | 0 | 1 {
  return lot < stuckOn ? 1 : lot < stuckOn + stuckOff ? -1 : 0;
}

/** Each cell's step in one direction: its label is the device's + deviceToDevice · N(0, 1). */
function stepsOf(device: Device, direction: Direction, count: number, lots: Random): (n: number) => Step {
  const response = device[direction];
  if (device.deviceToDevice === 0 || response.kind === "table") {
    const same = stepOf(device, direction);
    return () => same;
  }
  const labels = new Int16Array(count);
  for (let n = 0; n < count; n++) {
    const label = response.label + device.deviceToDevice * lots.normal();
    labels[n] = Math.round(LABEL_PLACES * Math.min(Math.max(label, -LARGEST_LABEL), LARGEST_LABEL));
  }
  const byLabel = new Map<number, Step>();
  for (const label of labels)
    if (!byLabel.has(label)) byLabel.set(label, stepOf(device, direction, label / LABEL_PLACES));
  return (n) => byLabel.get(labels[n]) as Step;
}

/** Where cell n stands when it is told to stand at g. */
export function placed({ stuck }: Memristors, n: number, g: number): number {
  return stuck[n] === 0 ? clip(g) : stuck[n] === 1 ? 1 : 0;
}

/** Where pulses take cell n from g: set pulses where there are more than 0 of them, else reset pulses. */
export function pulsed({ stuck, step, random }: Memristors, n: number, g: number, pulses: number): number {
  return stuck[n] === 0 ? pulseCell(step(n, pulses > 0 ? "set" : "reset"), g, Math.abs(pulses), random) : g;
}

/** Where the time of one batch takes cell n from g: g' = g + drift · (driftTarget − g). */
export function drifted({ device, stuck }: Memristors, n: number, g: number): number {
  return stuck[n] === 0 ? g + device.drift * (device.driftTarget - g) : g;
}
