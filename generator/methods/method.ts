/** What a gradient method is to the generator: one descriptor a method, in one registry (registry.ts). Its float64 half
 *  stands in golden/ and is registered the same way there. How to write one: docs/add-a-method.md. */
import type { Fields, Gradient } from "./fields.ts";
import type { Assembler } from "./low-rank/assembler.ts";
import type { Program } from "./low-rank/program.ts";
import type { LongestSides, LowRankIr } from "./low-rank/unit.ts";

/** What stays of a sample until its batch ends: nothing (it is programmed at once), its part of the full gradient, or its
 *  part of a few outer products. */
export type Keeps = "nothing" | "gradient" | "factors";

/** A value of a field that hardware does not take yet, and what it does take. */
interface HardwareLimit {
  readonly field: keyof Fields;
  readonly use: string;
}

/** Words that the method itself must remember for a layer of a inputs and b outputs: `cells` · a · b of the full
 *  gradient, `pairs` · (a + b) of factors, `samples` · (a + b) of kept samples, and strengths. */
export interface Yardstick {
  readonly cells: number;
  readonly pairs: number;
  readonly samples: number;
  readonly strengths: number;
}

interface Common {
  /** Its place in lists of methods. */
  readonly place: number;
  /** Its place among the colours and shapes of pictures. */
  readonly look: number;
  /** What it does, in the words of the design file. */
  readonly does: string;
  /** Whether the update takes the batch's mean gradient or its sum. */
  readonly strengths: "mean" | "sum";
  /** The fields of `gradient` that it has beside those of every method, each as it is where the file leaves it out.
   *  Fields that come before (fields.ts) are filled already.
   *  @param front the front end that the gradient names, where there is one */
  readonly fields: (gradient: Gradient, batch: number, front: Stream | null) => Fields;
  /** What of it the golden model has alone. */
  readonly hardware: (gradient: Gradient, front: Stream | null) => HardwareLimit | null;
}

/** Programs each sample's outer product at once. */
export interface DirectMethod extends Common {
  readonly keeps: "nothing";
}

/** Adds up the full gradient of a batch. */
export interface FullMethod extends Common {
  readonly keeps: "gradient";
}

/** Keeps a few outer products, which programs of the low-rank units make (docs/low-rank.md). */
export interface FactorMethod extends Common {
  readonly keeps: "factors";
  /** How it gathers a batch, where it can do so in front of another method too. */
  readonly stream: Stream | null;
  /** Methods that may gather the batch in front of it, each with its place among the looks of pictures. */
  readonly frontEnds: readonly { readonly method: string; readonly look: number }[];
  readonly unit: (gradient: Gradient, batch: number, front: Front | null) => UnitPlan;
  readonly yardstick: (unit: LowRankIr) => Omit<Yardstick, "cells">;
}

export type Method = DirectMethod | FullMethod | FactorMethod;

/** A method that takes in one sample after the other and keeps orthonormal columns with strengths. */
export interface Stream {
  /** Whether each batch starts with strengths and columns of zero. */
  readonly startsEmpty: boolean;
  /** Whether its strengths are of the batch's mean gradient or of its sum. */
  readonly strengths: "mean" | "sum";
  /** Its own fields, as in `Common.fields`; it has them in front of another method too. */
  readonly fields: Fields;
  readonly hardware: (gradient: Gradient) => HardwareLimit | null;
  /** The program of one sample. */
  readonly sample: (a: Assembler, settings: StreamSettings) => Program;
  /** What it does at a batch's end before its strengths are read. */
  readonly settle: (a: Assembler, settings: StreamSettings) => void;
}

export interface StreamSettings {
  /** Columns that it keeps. */
  readonly rank: number;
  readonly factorBits: number;
  readonly gradient: Gradient;
}

/** A stream with what it is set to. */
export interface Front extends StreamSettings {
  readonly stream: Stream;
}

/** Columns of a unit: those that are turned, or a front end's; then the method's own. */
export type PlannedColumns = Pick<LowRankIr, "rank" | "first" | "outer" | "slots" | "rowColumns" | "startsEmpty">;

export interface Programs {
  readonly initial: Program | null;
  readonly sample: Program;
  readonly flush: Program | null;
  readonly batch: Program;
}

/** What a low-rank unit consists of, and what it runs. */
export interface UnitPlan {
  readonly columns: PlannedColumns;
  readonly programs: (a: Assembler, sides: LongestSides) => Programs;
}
