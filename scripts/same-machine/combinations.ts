/** Which designs are compared: presets with every way to make and program a gradient, presets with devices, and random
 *  ones over the whole schema. */
import fc from "fast-check";
import { Refusal } from "../../generator/base/errors.ts";
import { loadDesign } from "../../generator/design/load.ts";
import { presets } from "../../generator/design/presets.ts";
import type { Design } from "../../generator/design/schema.ts";
import { updates, variants } from "../../generator/methods/compared.ts";
import { designArbitrary } from "../../test/equality/designs.ts";

type Gradient = Partial<Design["gradient"]>;

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
  return variants().flatMap(({ keeps, gradient: method }): Gradient[] => {
    if (keeps !== "factors") return [method, { ...method, programming: "coincidence", rounding: "stochastic" }];
    return Object.values(updates).map((update): Gradient => {
      const chosen = { ...method, ...update, rank: RANK } as Gradient;
      return update.programming === "coincidence" ? { ...chosen, rounding: "stochastic" } : chosen;
    });
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
