/** Devices for tests: those by name, and random ones. */
import { fc } from "@fast-check/vitest";
import { type DesignInput, designSchema } from "../../generator/design/schema.ts";
import type { DeviceModelInput } from "../../generator/device/model.ts";
import { devicePresets } from "../../generator/device/presets.ts";
import { type Device, resolveDevice } from "../../generator/device/resolve.ts";

export const deviceNames = Object.keys(devicePresets);

export const deviceOf = (device: DesignInput["device"]): Device =>
  resolveDevice({ name: "device", device: designSchema.shape.device.parse(device) });

/** Labels of which one above 0 starts steeply. A flat start multiplies any difference, of rounding too, by
 *  exp(1/|A|) on its way: with label −5 by 150. */
const label = fc.integer({ min: -500, max: 900 }).map((hundredths) => hundredths / 100);
const states = fc.integer({ min: 2, max: 1000 });

/** Devices of one pair of curves each, without noise. */
export const curvesArbitrary: fc.Arbitrary<DeviceModelInput> = fc.record({
  states: fc.record({ set: states, reset: states }),
  nonlinearity: fc.record({ set: label, reset: label.map((n) => -n) }),
});
