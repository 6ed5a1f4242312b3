/** What a memristor does, in the terms of its data sheet: the schema of device presets, of users' device files and of the
 *  design file's `device.model`. docs/devices.md says what each number means. */
import { z } from "zod";
import { aOfLabel, LARGEST_LABEL } from "./nonlinearity.ts";

/** One step leaves no state between the ends. */
export const LEAST_STATES = 2;
/** More states than this are finer than the conductance of the machine. */
export const MOST_STATES = 4096;
/** Noise of a pulse beyond half of the range says nothing of a device any more. */
export const MOST_CYCLE_TO_CYCLE = 0.5;
/** Label and A are one curve, so A is bounded where the label is: a magnitude below this one starts steeper than any label. */
export const STEEPEST_A = aOfLabel(LARGEST_LABEL);

export const fraction = (max: number) => z.number().min(0).max(max);

const states = z.int().min(LEAST_STATES).max(MOST_STATES);
const label = z.number().min(-LARGEST_LABEL).max(LARGEST_LABEL);

export const cycleToCycleSchema = fraction(MOST_CYCLE_TO_CYCLE);
export const deviceToDeviceSchema = fraction(4);

const pulseSchema = z.strictObject({
  volts: z.number().describe("Amplitude."),
  seconds: z.number().positive().describe("Duration."),
});

const rowSchema = z.strictObject({
  g: fraction(1).describe("Conductance before the pulse, 0 at the lowest, 1 at the highest."),
  mean: z
    .number()
    .min(-1)
    .max(1)
    .describe("Mean change by one pulse, as a part of the range: of a reset, usually below 0."),
  deviation: cycleToCycleSchema.default(0).describe("Standard deviation of that change."),
});

const directions = <T extends z.ZodType>(of: T) => z.strictObject({ set: of, reset: of });

export const nonlinearitySchema = directions(label);
export const statesSchema = directions(states);

export const deviceModelSchema = z.strictObject({
  name: z.string().min(1).max(64).optional(),
  source: z.string().optional().describe("Where the numbers come from."),
  states: statesSchema.describe("Identical pulses that take the device through its whole range, in each direction."),
  nonlinearity: nonlinearitySchema
    .optional()
    .describe(
      "NeuroSim's label of each direction's curve: a set label above 0 and a reset label below 0 start steeply and flatten out; 0 is a straight line (the default).",
    ),
  a: directions(z.number())
    .optional()
    .describe(
      "The same by the normalised A of the exponential: above 0 starts steeply, below 0 flat, in both directions. Instead of nonlinearity.",
    ),
  table: directions(z.array(rowSchema).min(2).max(1024))
    .optional()
    .describe("Measured changes by conductance, straight lines between them. Instead of nonlinearity."),
  cycleToCycle: cycleToCycleSchema
    .default(0)
    .describe("Standard deviation of one pulse's change, as a part of the range (a table has its own)."),
  deviceToDevice: deviceToDeviceSchema
    .default(0)
    .describe("Standard deviation of the nonlinearity label from device to device (not with a table)."),
  conductance: z
    .strictObject({
      onOhm: z.number().positive().describe("Resistance at the highest conductance."),
      onOff: z.number().min(1.01).describe("Highest conductance / lowest conductance."),
    })
    .optional(),
  pulse: directions(pulseSchema).optional().describe("One programming pulse in each direction."),
});

export type DeviceModel = z.infer<typeof deviceModelSchema>;
export type DeviceModelInput = z.input<typeof deviceModelSchema>;
