/** The design's device: its preset or its own model, with the design's changes applied. One answer for golden model,
 *  machine and reports. */
import { Refusal } from "../base/errors.ts";
import { type DeviceFields, deviceSchema } from "./fields.ts";
import { type DeviceModel, MOST_STATES, STEEPEST_A } from "./model.ts";
import { aOfLabel, LARGEST_LABEL, labelOfA } from "./nonlinearity.ts";
import { devicePresetNames, type Preset, presetOf } from "./presets.ts";

/** How one pulse moves a device in one direction. */
export type Response =
  /** Along g(p) = B (1 − exp(−(p/n)/A)); A = ∞: a straight line. Reset: its mirror image, from 1. */
  | { readonly kind: "exponential"; readonly label: number; readonly a: number; readonly pulses: number }
  /** By conductance before the pulse, straight lines between the rows; of a reset too, changes have their own sign. */
  | { readonly kind: "table"; readonly rows: readonly { g: number; mean: number; deviation: number }[] };

/** A design's device, every default filled. Conductances are parts of the range: 0 lowest, 1 highest. */
export interface Device {
  readonly name: string;
  readonly source: string;
  /** Steps that the update divides the range into: the mean of both directions' states. */
  readonly levels: number;
  readonly set: Response;
  readonly reset: Response;
  /** Whether a pulse moves every device by one step of 1 / levels, exactly: nothing below but stuck cells, read noise and
   *  drift then applies. */
  readonly linear: boolean;
  readonly cycleToCycle: number;
  readonly deviceToDevice: number;
  readonly stuckOn: number;
  readonly stuckOff: number;
  readonly readNoise: number;
  readonly drift: number;
  readonly driftTarget: number;
  readonly conductance: DeviceModel["conductance"];
  readonly pulse: DeviceModel["pulse"];
}

/** The parts of a design that say what its device is. */
export interface DesignDevice {
  readonly name: string;
  readonly device: DeviceFields;
}

type Direction = "set" | "reset";
const DIRECTIONS = ["set", "reset"] as const satisfies readonly Direction[];

/** What the design asks for, before its own changes: its model, or what its preset's name stands for. */
function chosen({ model, preset }: DeviceFields): Preset {
  if (model) return { kind: "device", model };
  return preset === undefined
    ? { kind: "none", why: `missing; use ${devicePresetNames()}, or give device.model` }
    : presetOf(preset);
}

/** Whether weights are continuous: in the golden model only. */
export const isContinuous = ({ device }: Pick<DesignDevice, "device">): boolean => chosen(device).kind === "continuous";

/** @throws Refusal where the design has no such device, or continuous weights */
export function resolveDevice({ name, device }: DesignDevice): Device {
  const choice = chosen(device);
  switch (choice.kind) {
    case "device":
      return withChanges(choice.model, device);
    case "continuous":
      throw new Refusal(
        `${name}: device.preset: ${JSON.stringify(device.preset)} has continuous weights, which only the golden model trains; use ideal-N, e.g. ideal-500`,
      );
    case "none":
      throw new Refusal(`${name}: device.preset: ${choice.why}`);
  }
}

/** A model with the design's changes, and what the design adds to it. */
function withChanges(model: DeviceModel, device: DeviceFields): Device {
  const { stuckOn, stuckOff, readNoise, drift, driftTarget } = device;
  const states = device.states ?? model.states;
  const set = responseOf(model, device, "set", states.set);
  const reset = responseOf(model, device, "reset", states.reset);
  const cycleToCycle = device.cycleToCycle ?? model.cycleToCycle;
  const deviceToDevice = device.deviceToDevice ?? model.deviceToDevice;
  return {
    name: model.name ?? device.preset ?? "own",
    source: model.source ?? "the design file",
    levels: (states.set + states.reset) / 2,
    set,
    reset,
    linear:
      isStraight(set) && isStraight(reset) && states.set === states.reset && cycleToCycle === 0 && deviceToDevice === 0,
    cycleToCycle,
    deviceToDevice,
    stuckOn,
    stuckOff,
    readNoise,
    drift,
    driftTarget,
    conductance: model.conductance,
    pulse: model.pulse,
  };
}

/** The design's labels, else the model's table, its A or its labels; else a straight line. */
function responseOf(model: DeviceModel, device: DeviceFields, direction: Direction, pulses: number): Response {
  if (device.nonlinearity) return byLabel(device.nonlinearity[direction], direction, pulses);
  if (model.table) return { kind: "table", rows: model.table[direction] };
  if (model.a) {
    const a = model.a[direction];
    return { kind: "exponential", label: labelOfA(a), a, pulses };
  }
  return byLabel(model.nonlinearity?.[direction] ?? 0, direction, pulses);
}

/** NeuroSim's labels of a reset have the other sign: below 0 where it starts steeply. */
function byLabel(neurosim: number, direction: Direction, pulses: number): Response {
  const label = direction === "set" ? neurosim : -neurosim;
  return { kind: "exponential", label, a: aOfLabel(label), pulses };
}

const isStraight = (response: Response): boolean => response.kind === "exponential" && !Number.isFinite(response.a);

/** What is wrong, and where. */
interface Problem {
  readonly path: string;
  /** What; and what would be right. */
  readonly why: string;
}

/** What is wrong with a design's device; null: nothing. */
export function deviceProblem({ device }: DesignDevice): Problem | null {
  const problem = problemOf(device);
  return problem && { ...problem, path: `device.${problem.path}` };
}

/** The same by paths below `device`. */
function problemOf(device: DeviceFields): Problem | null {
  if (device.model !== undefined && device.preset !== undefined)
    return { path: "model", why: "given beside device.preset; leave one of them out" };
  const choice = chosen(device);
  switch (choice.kind) {
    case "none":
      return { path: "preset", why: choice.why };
    case "continuous":
      return continuousProblem(device);
    case "device":
      return modelProblem(choice.model) ?? changesProblem(choice.model, device);
  }
}

/** Fields that say something of cells. */
const ABOUT_CELLS = [
  "states",
  "nonlinearity",
  "cycleToCycle",
  "deviceToDevice",
  "stuckOn",
  "stuckOff",
  "readNoise",
  "drift",
] as const satisfies readonly (keyof DeviceFields)[];

function continuousProblem(device: DeviceFields): Problem | null {
  const untouched = deviceSchema.parse({});
  const path = ABOUT_CELLS.find((field) => device[field] !== untouched[field]);
  return path === undefined ? null : { path, why: "continuous weights have no device; use device.preset ideal-N" };
}

/** Rules between the parts of a user's own model; presets keep them all. */
function modelProblem({ nonlinearity, a, table }: DeviceModel): Problem | null {
  if ([nonlinearity, a, table].filter((curve) => curve !== undefined).length > 1)
    return { path: "model", why: "has more than one of nonlinearity, a and table; give one" };
  for (const direction of DIRECTIONS) {
    if (a && Math.abs(a[direction]) < STEEPEST_A)
      return {
        path: `model.a.${direction}`,
        why: `${a[direction]} is steeper than label ${LARGEST_LABEL}; use a magnitude of at least ${Math.ceil(STEEPEST_A * 1e4) / 1e4}`,
      };
    const rows = table?.[direction] ?? [];
    if (rows.some((row, n) => n > 0 && row.g <= rows[n - 1].g))
      return {
        path: `model.table.${direction}`,
        why: "conductances do not rise from row to row; sort the rows by g",
      };
  }
  return null;
}

/** Rules between a model and what the design changes of it. */
function changesProblem(model: DeviceModel, device: DeviceFields): Problem | null {
  if (model.table && device.nonlinearity === undefined)
    for (const path of ["cycleToCycle", "deviceToDevice"] as const)
      if (device[path] !== undefined) return { path, why: "a table has its own distribution; leave it out" };
  const { stuckOn, stuckOff } = device;
  if (stuckOn + stuckOff > 1)
    return {
      path: "stuckOn",
      why: `${stuckOn} and device.stuckOff ${stuckOff} are more than all cells; use less`,
    };
  // Only equal steps can be so many.
  if (model.states.set > MOST_STATES && hasNonidealities(withChanges(model, device)))
    return {
      path: "preset",
      why: `${model.states.set} levels are too fine beside other non-idealities; use at most ${MOST_STATES}`,
    };
  return null;
}

/** Whether anything but equal, exact steps happens in the cells or on their lines. */
export function hasNonidealities(device: Device): boolean {
  const { linear, stuckOn, stuckOff, readNoise, drift } = device;
  return !linear || stuckOn > 0 || stuckOff > 0 || readNoise > 0 || drift > 0;
}
