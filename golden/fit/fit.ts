/** From measured pulses to a device: range, states, labels of the curves, noise from pulse to pulse, spread from device to
 *  device. Of each device the labels and the noise are those of the largest likelihood. */
import { type DeviceModelInput, MOST_CYCLE_TO_CYCLE } from "../../generator/device/model.ts";
import { LARGEST_LABEL } from "../../generator/device/nonlinearity.ts";
import type { Direction } from "../device/step.ts";
import type { Curves, DeviceCurves } from "./curves.ts";
import { type Observed, observe, unlikelihood } from "./likelihood.ts";
import { lowest } from "./search.ts";

/** A label and its standard error. Above 0 starts steeply, in both directions. */
export interface Label {
  readonly label: number;
  readonly error: number;
}

interface DeviceFit {
  readonly device: string;
  readonly set: Label;
  readonly reset: Label;
  readonly cycleToCycle: number;
}

export interface Fit {
  readonly devices: readonly DeviceFit[];
  readonly states: Curves["states"];
  /** Means over the devices. */
  readonly set: Label;
  readonly reset: Label;
  readonly lowest: number;
  readonly highest: number;
  readonly cycleToCycle: number;
  /** null with one device. */
  readonly deviceToDevice: number | null;
}

const DIRECTIONS = ["set", "reset"] as const;
const ROUNDS = 20;
const LABEL_WITHIN = 1e-5;
/** Noise between these; below the lower one it is none. */
const NOISE = { least: 1e-7, most: MOST_CYCLE_TO_CYCLE };
const NO_NOISE = 1e-6;
/** Over this distance of labels the likelihood's curvature is taken. */
const CURVATURE_STEP = 0.02;

export function fitDevice(curves: Curves, onDevice?: (done: number) => void): Fit {
  const { devices, states } = curves;
  const fits = devices.map((device, n) => {
    const fit = fitOne(device, states);
    onDevice?.(n + 1);
    return fit;
  });
  const pulses = devices.map(({ set, reset }) => set.from.length + reset.from.length);
  const squares = fits.reduce((sum, { cycleToCycle }, n) => sum + pulses[n] * cycleToCycle ** 2, 0);
  const mean = (of: (device: DeviceCurves) => number) => meanOf(devices.map(of));
  return {
    devices: fits,
    states,
    set: meanLabel(fits.map(({ set }) => set)),
    reset: meanLabel(fits.map(({ reset }) => reset)),
    lowest: mean((device) => device.lowest),
    highest: mean((device) => device.highest),
    cycleToCycle: Math.sqrt(squares / pulses.reduce((sum, n) => sum + n, 0)),
    deviceToDevice: fits.length === 1 ? null : spreadOf(fits),
  };
}

/** Labels for a noise, the noise for these labels, and so on until they stay. */
function fitOne(curves: DeviceCurves, states: Curves["states"]): DeviceFit {
  const observed = { set: observe(curves.set, states.set), reset: observe(curves.reset, states.reset) };
  let noise = 0.01;
  let labels = { set: 0, reset: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const before = labels;
    labels = { set: labelOf(observed.set, noise), reset: labelOf(observed.reset, noise) };
    const at = (ln: number) =>
      DIRECTIONS.reduce((sum, name) => sum + unlikelihood(observed[name], labels[name], Math.exp(ln)), 0);
    noise = Math.exp(lowest(at, Math.log(NOISE.least), Math.log(NOISE.most), 40, 1e-6));
    const moved = Math.max(...DIRECTIONS.map((name) => Math.abs(labels[name] - before[name])));
    if (moved < 10 * LABEL_WITHIN) break;
  }
  const withError = (name: Direction): Label => ({
    label: labels[name],
    error: labelError(observed[name], labels[name], noise),
  });
  return {
    device: curves.device,
    set: withError("set"),
    reset: withError("reset"),
    cycleToCycle: noise < NO_NOISE ? 0 : noise,
  };
}

const labelOf = (observed: Observed, noise: number): number =>
  lowest((label) => unlikelihood(observed, label, noise), -LARGEST_LABEL, LARGEST_LABEL, 61, LABEL_WITHIN);

/** 1 / √(the curvature of −ln likelihood); infinite where the data say nothing of the label. */
function labelError(observed: Observed, label: number, noise: number): number {
  const inside = Math.min(Math.max(label, CURVATURE_STEP - LARGEST_LABEL), LARGEST_LABEL - CURVATURE_STEP);
  const at = (offset: number) => unlikelihood(observed, inside + offset, noise);
  const curvature = (at(CURVATURE_STEP) - 2 * at(0) + at(-CURVATURE_STEP)) / CURVATURE_STEP ** 2;
  return curvature > 0 ? 1 / Math.sqrt(curvature) : Number.POSITIVE_INFINITY;
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

/** The mean of the devices' labels, and its standard error as their scatter has it; of one device its own. */
function meanLabel(labels: readonly Label[]): Label {
  if (labels.length === 1) return labels[0];
  const label = meanOf(labels.map((l) => l.label));
  return { label, error: Math.sqrt(varianceOf(labels.map((l) => l.label)) / labels.length) };
}

function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1);
}

/** Deviation of the devices' labels, of both directions together, without what their own errors add to it. */
function spreadOf(fits: readonly DeviceFit[]): number {
  const variances = DIRECTIONS.map((name) => {
    const labels = fits.map((fit) => fit[name]);
    return varianceOf(labels.map((l) => l.label)) - meanOf(labels.map((l) => l.error ** 2));
  });
  return Math.sqrt(Math.max(0, meanOf(variances)));
}

/** The device file of a fit. */
export function modelOf(fit: Fit, name: string, source: string): DeviceModelInput {
  const { states, set, reset, cycleToCycle, deviceToDevice, highest } = fit;
  return {
    name,
    source,
    states,
    // NeuroSim's labels of a reset have the other sign.
    nonlinearity: { set: rounded(set.label), reset: -rounded(reset.label) },
    cycleToCycle: rounded(cycleToCycle),
    ...(deviceToDevice === null ? {} : { deviceToDevice: rounded(deviceToDevice) }),
    conductance: { onOhm: rounded(1 / highest), onOff: rounded(highest / fit.lowest) },
  };
}

const rounded = (value: number): number => Number(value.toPrecision(5));
