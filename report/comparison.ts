/** What a comparison hands over: the result of `rankloom compare`. */

import type { Design } from "../generator/design/schema.ts";
import type { TrainFigures } from "../sim/figures.ts";
import type { TrainResult } from "../sim/train.ts";

export interface ComparedRun extends TrainFigures, Pick<TrainResult, "memory" | "cycles" | "stateHash"> {
  readonly design: Design;
  readonly method: string;
  /** null where the method has none. */
  readonly rank: number | null;
  readonly update: string | null;
  readonly learningRate: number;
  readonly seed: number;
  readonly accuracyPerEpoch: readonly number[];
  readonly saturation: TrainResult["saturation"]["total"];
}

export interface Comparison {
  readonly design: Design;
  readonly epochs: number;
  readonly data: TrainResult["data"] | null;
  readonly finished: number;
  readonly of: number;
  readonly runs: readonly ComparedRun[];
}
