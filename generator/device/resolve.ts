/** The design's device: its preset or its own model, with the design's changes applied. One answer for golden model,
 *  machine and reports. */
import { Refusal } from "../base/errors.ts";
import type { Design } from "../design/schema.ts";
import { type DeviceModel, deviceModelSchema, MOST_STATES } from "./model.ts";
import { aOfLabel, LARGEST_LABEL, labelOfA } from "./nonlinearity.ts";
import { devicePresets } from "./presets.ts";

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

type DesignDevice = Pick<Design, "name" | "device">;

const IDEAL = /^ideal(-\d{1,5})?$/;

export const devicePresetNames = (): string => `ideal, ideal-N, ${Object.keys(devicePresets).join(", ")}`;

/** Whether weights are continuous: `ideal`, in the golden model only. */
export const isContinuous = ({ device }: Pick<Design, "device">): boolean =>
  device.model === undefined && device.preset === "ideal";

function modelOf({ name, device }: DesignDevice): DeviceModel {
  if (device.model) return device.model;
  const preset = device.preset ?? "";
  if (IDEAL.test(preset)) {
    const levels = Number(preset.slice("ideal-".length));
    return {
      source: "N equal steps from the lowest to the highest conductance",
      states: { set: levels, reset: levels },
      cycleToCycle: 0,
      deviceToDevice: 0,
    };
  }
  if (Object.hasOwn(devicePresets, preset))
    return deviceModelSchema.parse(devicePresets[preset as keyof typeof devicePresets]);
  throw new Refusal(`${name}: device.preset: ${JSON.stringify(preset)} is unknown; use ${devicePresetNames()}`);
}

/** @throws Refusal where the design has no such device, or continuous weights */
export function resolveDevice(design: DesignDevice): Device {
  const { device } = design;
  if (isContinuous(design))
    throw new Refusal(
      `${design.name}: device.preset: "ideal" has continuous weights, which only the golden model trains; use ideal-N, e.g. ideal-500`,
    );
  const model = modelOf(design);
  const states = device.states ?? model.states;
  const own = device.nonlinearity;
  const response = (direction: "set" | "reset"): Response => {
    if (model.table && !own) return { kind: "table", rows: model.table[direction] };
    const pulses = states[direction];
    if (!own && model.a)
      return { kind: "exponential", label: labelOfA(model.a[direction]), a: model.a[direction], pulses };
    // NeuroSim's labels of a reset have the other sign: below 0 where it starts steeply.
    const label = ((own ?? model.nonlinearity)?.[direction] ?? 0) * (direction === "set" ? 1 : -1);
    return { kind: "exponential", label, a: aOfLabel(label), pulses };
  };
  const [set, reset] = [response("set"), response("reset")];
  const cycleToCycle = device.cycleToCycle ?? model.cycleToCycle;
  const deviceToDevice = device.deviceToDevice ?? model.deviceToDevice;
  const straight = (of: Response) => of.kind === "exponential" && !Number.isFinite(of.a);
  return {
    name: model.name ?? device.preset ?? "own",
    source: model.source ?? "the design file",
    levels: (states.set + states.reset) / 2,
    set,
    reset,
    linear:
      straight(set) && straight(reset) && states.set === states.reset && cycleToCycle === 0 && deviceToDevice === 0,
    cycleToCycle,
    deviceToDevice,
    stuckOn: device.stuckOn,
    stuckOff: device.stuckOff,
    readNoise: device.readNoise,
    drift: device.drift,
    driftTarget: device.driftTarget,
    conductance: model.conductance,
    pulse: model.pulse,
  };
}

/** What is wrong with a design's device, and where, as `path: what; what would be right`; null: nothing. */
export function deviceProblem(design: DesignDevice): { path: string; why: string } | null {
  const { device } = design;
  const problem = (path: string, why: string) => ({ path: `device.${path}`, why });
  if (device.model !== undefined && device.preset !== undefined)
    return problem("model", "given beside device.preset; leave one of them out");
  if (device.model === undefined && device.preset === undefined)
    return problem("preset", `missing; use ${devicePresetNames()}, or give device.model`);
  const ideal = device.model === undefined && IDEAL.test(device.preset ?? "");
  if (!ideal && device.model === undefined && !Object.hasOwn(devicePresets, device.preset ?? ""))
    return problem(
      "preset",
      `${JSON.stringify(device.preset)} is unknown; use ${devicePresetNames()}, or a device file`,
    );
  if (isContinuous(design)) {
    const fields = ["states", "nonlinearity", "cycleToCycle", "deviceToDevice"] as const;
    const given = [
      ...fields.filter((field) => device[field] !== undefined),
      ...(["stuckOn", "stuckOff", "readNoise", "drift"] as const).filter((field) => device[field] !== 0),
    ];
    if (given.length > 0) return problem(given[0], "continuous weights have no device; use device.preset ideal-N");
    return null;
  }
  const levels = ideal ? Number(device.preset?.slice("ideal-".length)) : 2;
  if (levels < 2 || levels > 16384)
    return problem("preset", `${JSON.stringify(device.preset)} has ${levels} levels; use ideal-2 to ideal-16384`);
  const { model } = device;
  if (model && [model.a, model.table, model.nonlinearity].filter((given) => given !== undefined).length > 1)
    return problem("model", "has more than one of nonlinearity, a and table; give one");
  for (const direction of ["set", "reset"] as const) {
    const a = model?.a?.[direction];
    if (a !== undefined && (a === 0 || Math.abs(labelOfA(a)) > LARGEST_LABEL))
      return problem(
        `model.a.${direction}`,
        `${a} is steeper than label ${LARGEST_LABEL}; use a magnitude of at least 0.0228`,
      );
    const rows = model?.table?.[direction];
    if (rows?.some((row, n) => n > 0 && row.g <= rows[n - 1].g))
      return problem(`model.table.${direction}`, "conductances do not rise from row to row; sort the rows by g");
  }
  const table = model?.table !== undefined || device.preset === "tabular-example";
  if (table && device.nonlinearity === undefined)
    for (const field of ["states", "cycleToCycle", "deviceToDevice"] as const)
      if (device[field] !== undefined && field !== "states")
        return problem(field, "a table has its own distribution; leave it out");
  if (device.stuckOn + device.stuckOff > 1)
    return problem(
      "stuckOn",
      `${device.stuckOn} and device.stuckOff ${device.stuckOff} are more than all cells; use less`,
    );
  const resolved = resolveDevice(design);
  if (levels > MOST_STATES && !(resolved.linear && !hasNonidealities(resolved)))
    return problem("preset", `${levels} levels are too fine beside other non-idealities; use at most ${MOST_STATES}`);
  return null;
}

/** Whether anything but equal, exact steps happens in the cells or on their lines. */
export function hasNonidealities(device: Device): boolean {
  const { linear, stuckOn, stuckOff, readNoise, drift } = device;
  return !linear || stuckOn > 0 || stuckOff > 0 || readNoise > 0 || drift > 0;
}
