/** mbgd: the full gradient of a batch is added up in a buffer and programmed once. */
import type { FullMethod } from "./method.ts";

export const mbgd: FullMethod = {
  keeps: "gradient",
  place: 2,
  look: 0,
  does: "the batch's full gradient is kept",
  strengths: "sum",
  fields: () => ({ accumulatorBits: 32 }),
  hardware: () => null,
};
