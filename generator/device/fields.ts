/** The fields of a design's `device`: their defaults and bounds. */
import { z } from "zod";
import {
  cycleToCycleSchema,
  deviceModelSchema,
  deviceToDeviceSchema,
  fraction,
  nonlinearitySchema,
  statesSchema,
} from "./model.ts";

export const deviceSchema = z.strictObject({
  preset: z
    .string()
    .optional()
    .describe(
      "ideal-N: N equal steps from the lowest to the highest conductance; a published device (docs/devices.md); or a device file, *.json or *.csv.",
    ),
  model: deviceModelSchema.optional().describe("A device of your own, instead of preset."),
  states: statesSchema.optional().describe("Pulses through the whole range, instead of the device's own."),
  nonlinearity: nonlinearitySchema.optional().describe("NeuroSim's labels, instead of the device's own curves."),
  cycleToCycle: cycleToCycleSchema
    .optional()
    .describe("Standard deviation of one pulse's change, as a part of the range, instead of the device's own."),
  deviceToDevice: deviceToDeviceSchema
    .optional()
    .describe("Standard deviation of the nonlinearity label from device to device, instead of the device's own."),
  stuckOn: fraction(1).default(0).describe("Part of the cells stuck at the highest conductance."),
  stuckOff: fraction(1).default(0).describe("Part of the cells stuck at the lowest conductance."),
  readNoise: fraction(0.2)
    .default(0)
    .describe("Standard deviation of a cell's conductance from read to read, as a part of the range."),
  drift: fraction(0.003)
    .default(0)
    .describe("Part of the way to driftTarget that a conductance goes by itself in the time of one batch."),
  driftTarget: fraction(1).default(0).describe("Where conductances drift to: 0 the lowest, 1 the highest."),
  verify: z
    .int()
    .min(0)
    .max(16)
    .default(0)
    .describe(
      "Times that a programmed row is read back: each cell more than half a step off its goal gets one more pulse towards it (row programming).",
    ),
  pulseCycles: z.int().min(1).max(1024).default(1).describe("Clock cycles of one programming pulse."),
});

export type DeviceFields = z.infer<typeof deviceSchema>;
