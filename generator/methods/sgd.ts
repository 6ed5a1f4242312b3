/** sgd: each sample's outer product is programmed at once, with its part of the learning rate. */
import type { DirectMethod } from "./method.ts";

export const sgd: DirectMethod = {
  keeps: "nothing",
  place: 1,
  look: 4,
  does: "each sample is programmed at once",
  strengths: "sum",
  fields: () => ({}),
  hardware: () => null,
};
