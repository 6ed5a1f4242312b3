/** Devices by name. A preset says all about itself: nothing else looks at its name. docs/devices.md says what each number
 *  means. */
import { type DeviceModel, type DeviceModelInput, deviceModelSchema, LEAST_STATES } from "./model.ts";

const TABLE = "manual of MLP+NeuroSim V3.0, Table II (32 nm node)";

const both = (volts: readonly [number, number], seconds: readonly [number, number]) => ({
  set: { volts: volts[0], seconds: seconds[0] },
  reset: { volts: volts[1], seconds: seconds[1] },
});

/** As published, and one that shows a table. */
export const devicePresets = {
  "ag-a-si": {
    source: TABLE,
    states: { set: 97, reset: 100 },
    nonlinearity: { set: 2.4, reset: -4.88 },
    cycleToCycle: 0.035,
    conductance: { onOhm: 26e6, onOff: 12.5 },
    pulse: both([3.2, -2.8], [300e-6, 300e-6]),
  },
  "taox-hfox": {
    source: TABLE,
    states: { set: 128, reset: 128 },
    nonlinearity: { set: 0.04, reset: -0.63 },
    cycleToCycle: 0.037,
    conductance: { onOhm: 100e3, onOff: 10 },
    pulse: both([1.6, -1.6], [50e-9, 50e-9]),
  },
  pcmo: {
    source: `${TABLE}; cycle-to-cycle given as less than 1 %`,
    states: { set: 50, reset: 50 },
    nonlinearity: { set: 3.68, reset: -6.76 },
    cycleToCycle: 0.01,
    conductance: { onOhm: 23e6, onOff: 6.84 },
    pulse: both([-2, 2], [1e-3, 1e-3]),
  },
  "alox-hfo2": {
    source: TABLE,
    states: { set: 40, reset: 40 },
    nonlinearity: { set: 1.94, reset: -0.61 },
    cycleToCycle: 0.05,
    conductance: { onOhm: 16.9e3, onOff: 4.43 },
    pulse: both([0.9, -1], [100e-6, 100e-6]),
  },
  "gst-pcm": {
    source: `${TABLE}; pulse amplitudes vary, their means`,
    states: { set: 100, reset: 120 },
    nonlinearity: { set: 0.105, reset: 2.4 },
    cycleToCycle: 0.015,
    conductance: { onOhm: 4.71e3, onOff: 19.8 },
    pulse: both([0.7, 3], [6e-6, 125e-9]),
  },
  epiram: {
    source: `${TABLE} (Ag:SiGe)`,
    states: { set: 64, reset: 64 },
    nonlinearity: { set: 0.5, reset: -0.5 },
    cycleToCycle: 0.02,
    conductance: { onOhm: 81e3, onOff: 50.2 },
    pulse: both([5, -3], [5e-6, 5e-6]),
  },
  "hzo-fefet": {
    source: `${TABLE}; pulse amplitudes vary, their means; cycle-to-cycle given as less than 0.5 %`,
    states: { set: 32, reset: 32 },
    nonlinearity: { set: 1.75, reset: 1.46 },
    cycleToCycle: 0.005,
    conductance: { onOhm: 559.28e3, onOff: 45 },
    pulse: both([3.65, -2.95], [75e-9, 75e-9]),
  },
  "analog-real": {
    source: "MLP+NeuroSim V3.0's default analogue device, with 500 states in each direction",
    states: { set: 500, reset: 500 },
    nonlinearity: { set: 2.4, reset: -4.88 },
    cycleToCycle: 0.035,
    conductance: { onOhm: 1 / 38e-9, onOff: 38 / 3 },
    pulse: both([3.2, -2.8], [300e-6, 300e-6]),
  },
  "tabular-example": {
    source:
      "made up, to show a device by table: changes grow and shrink again along the range, and resets vary more than sets",
    states: { set: 60, reset: 50 },
    table: {
      set: [
        { g: 0, mean: 0.012, deviation: 0.004 },
        { g: 0.2, mean: 0.024, deviation: 0.008 },
        { g: 0.5, mean: 0.021, deviation: 0.007 },
        { g: 0.8, mean: 0.012, deviation: 0.006 },
        { g: 1, mean: 0.004, deviation: 0.004 },
      ],
      reset: [
        { g: 0, mean: -0.003, deviation: 0.004 },
        { g: 0.3, mean: -0.013, deviation: 0.009 },
        { g: 0.7, mean: -0.028, deviation: 0.014 },
        { g: 1, mean: -0.045, deviation: 0.02 },
      ],
    },
    conductance: { onOhm: 50e3, onOff: 15 },
    pulse: both([1.5, -1.5], [100e-9, 100e-9]),
  },
} as const satisfies Readonly<Record<string, DeviceModelInput>>;

/** What a name stands for. */
export type Preset =
  | { readonly kind: "device"; readonly model: DeviceModel }
  /** Weights of any value: no device holds them, and only the golden model trains them. */
  | { readonly kind: "continuous" }
  /** No preset, and what would be right. */
  | { readonly kind: "none"; readonly why: string };

const byName: ReadonlyMap<string, Preset> = new Map<string, Preset>([
  ["ideal", { kind: "continuous" }],
  ...Object.entries(devicePresets).map(([name, model]): [string, Preset] => [
    name,
    { kind: "device", model: deviceModelSchema.parse(model) },
  ]),
]);

const EQUAL_STEPS = /^ideal-(\d{1,5})$/;
/** The range of an odd number of equal steps has twice as many units: of so many levels, it still fits 16 bits with a sign. */
const MOST_EQUAL_STEPS = 2 ** 14;

function equalSteps(levels: number, name: string): Preset {
  if (levels < LEAST_STATES || levels > MOST_EQUAL_STEPS)
    return {
      kind: "none",
      why: `${JSON.stringify(name)} has ${levels} levels; use ideal-${LEAST_STATES} to ideal-${MOST_EQUAL_STEPS}`,
    };
  return {
    kind: "device",
    model: {
      source: "N equal steps from the lowest to the highest conductance",
      states: { set: levels, reset: levels },
      cycleToCycle: 0,
      deviceToDevice: 0,
    },
  };
}

/** For messages. */
export const devicePresetNames = (): string => {
  const [ideal, ...published] = byName.keys();
  return [ideal, "ideal-N", ...published].join(", ");
};

export function presetOf(name: string): Preset {
  const steps = EQUAL_STEPS.exec(name);
  if (steps) return equalSteps(Number(steps[1]), name);
  return (
    byName.get(name) ?? {
      kind: "none",
      why: `${JSON.stringify(name)} is unknown; use ${devicePresetNames()}, or a device file`,
    }
  );
}
