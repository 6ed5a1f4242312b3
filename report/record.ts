/** What a run says of itself, as its run.json holds it. */
import type { EstimateJson } from "../estimate/json.ts";
import type { Design } from "../generator/design/schema.ts";
import type { TrainResult } from "../sim/train.ts";
import type { VerifyResult } from "../verify/verify.ts";
import type { Comparison } from "./comparison.ts";

/** Of run.json: another one is not read. */
export const FORMAT = 2;

interface Results {
  readonly train: TrainResult;
  readonly verify: VerifyResult;
  readonly compare: Comparison;
  readonly estimate: EstimateJson;
}

export type Kind = keyof Results;

export interface Told<K extends Kind> {
  readonly kind: K;
  readonly design: Design;
  /** What beside the design determines the result: amounts, and the data set's path. */
  readonly settings: Readonly<Record<string, unknown>> & { readonly data?: string };
  readonly result: Results[K];
}

interface Written {
  readonly format: typeof FORMAT;
  readonly name: string;
  /** The command line, without the program's name. */
  readonly command: readonly string[];
  /** Of the program, of Node, and of what else took part. */
  readonly versions: Readonly<Record<string, string>>;
}

export type RecordOf<K extends Kind> = Told<K> & Written;
export type RunRecord = { [K in Kind]: RecordOf<K> }[Kind];
