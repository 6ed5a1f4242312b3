/** The methods whose update is the exact gradient: of a batch, or of each sample. How they train: trainer.ts. */
import type { GoldenMethod } from "./method.ts";

export const sgd: GoldenMethod = { keeps: "nothing" };

export const mbgd: GoldenMethod = { keeps: "gradient" };
