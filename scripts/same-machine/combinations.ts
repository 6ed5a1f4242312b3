/** Which designs are compared: presets with every way to make and program a gradient, presets with devices, and random
 *  ones over the whole schema. */
import fc from "fast-check";
import { type Gradient, METHODS, UPDATES } from "../../cli/methods.ts";
import { Refusal } from "../../generator/errors.ts";
import { loadDesign } from "../../generator/load.ts";
import { isLowRank } from "../../generator/method-fields.ts";
import { presets } from "../../generator/presets.ts";
import type { Design } from "../../generator/schema.ts";
import { designArbitrary } from "../../test/equality/designs.ts";

/** A preset with changes. */
export interface Combination {
  readonly preset: string;
  /** Each `path=value`. */
  readonly sets: readonly string[];
}

const RANK = 3;

/** What lasts and happens beside the pulses; each changes other modules. */
const DEVICES: readonly (readonly string[])[] = [
  ["device.preset=ag-a-si"],
  ["tile.encoding=differential"],
  ["device.drift=0.001", "device.driftTarget=0.5"],
  ["device.verify=2"],
  ["device.readNoise=0.01"],
];
const DEVICE_PRESETS = ["tiny", "mnist-small"];
const DEVICE_GRADIENTS: readonly Gradient[] = [{ method: "mbgd" }, { method: "lrt", rank: RANK, update: "rank-seq" }];

const setsOf = (gradient: Gradient): string[] =>
  Object.entries(gradient).map(([field, value]) => `gradient.${field}=${value}`);

/** Every method with every update and programming that it has. */
function gradients(): Gradient[] {
  return Object.values(METHODS).flatMap((method): Gradient[] => {
    if (!isLowRank(method.method ?? "sgd"))
      return [method, { ...method, programming: "coincidence", rounding: "stochastic" }];
    return Object.values(UPDATES).map((update) => ({
      ...method,
      ...update,
      rank: RANK,
      ...(update.programming === "coincidence" ? { rounding: "stochastic" as const } : {}),
    }));
  });
}

function legal({ preset, sets }: Combination): boolean {
  try {
    loadDesign(preset, sets);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

/** @param quick the smallest preset, without devices */
export function combinations(quick: boolean): Combination[] {
  const names = quick ? ["tiny"] : Object.keys(presets);
  const methods = names.flatMap((preset) => gradients().map((gradient) => ({ preset, sets: setsOf(gradient) })));
  const devices = DEVICE_PRESETS.flatMap((preset) =>
    DEVICE_GRADIENTS.flatMap((gradient) =>
      DEVICES.map((device) => ({ preset, sets: [...setsOf(gradient), ...device] })),
    ),
  );
  return [...methods, ...(quick ? [] : devices)].filter(legal);
}

/** The same designs for the same seed. */
export const randomDesigns = (count: number, seed: number): Design[] =>
  fc.sample(designArbitrary, { numRuns: count, seed });
