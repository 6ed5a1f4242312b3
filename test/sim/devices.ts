/** Random devices, shrinking towards an ideal one. */
import fc from "fast-check";
import { devicePresets } from "../../generator/device/presets.ts";

const label = fc.integer({ min: -80, max: 80 }).map((tenths) => tenths / 10);
const states = fc.integer({ min: 2, max: 200 });
const part = (max: number) =>
  fc.oneof(
    fc.constant(0),
    fc.integer({ min: 1, max: 20 }).map((n) => (n * max) / 20),
  );
const aside = {
  readNoise: part(0.05),
  drift: part(0.003),
  driftTarget: part(1),
  stuckOn: part(0.1),
  stuckOff: part(0.1),
};
const pulses = {
  pulseCycles: fc.integer({ min: 1, max: 3 }),
  verify: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 4 })),
};

/** Ideal steps, with or without what happens beside pulses; curves of any shape and noise; published and tabular devices. */
export const deviceArbitrary = fc.oneof(
  fc.record({ preset: fc.integer({ min: 2, max: 600 }).map((n) => `ideal-${n}`), ...pulses }),
  fc.record({ preset: fc.integer({ min: 2, max: 600 }).map((n) => `ideal-${n}`), ...aside, ...pulses }),
  fc.record({
    model: fc.record({
      states: fc.record({ set: states, reset: states }),
      nonlinearity: fc.record({ set: label, reset: label }),
      cycleToCycle: part(0.1),
      deviceToDevice: part(2),
    }),
    ...aside,
    ...pulses,
  }),
  fc.record({
    preset: fc.constantFrom(...Object.keys(devicePresets)),
    ...aside,
    ...pulses,
  }),
);
