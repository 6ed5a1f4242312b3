/** From a gradient of low rank to pulses: the ranks are added up outside the array, or one after the other inside it. */
import type { Random } from "../../data/random.ts";
import type { Design } from "../../generator/design/schema.ts";
import { filled, LONGEST_TRAIN } from "../../generator/methods/fields.ts";
import { applyCoincidence, type TrainCount } from "../coincidence.ts";
import type { Cells } from "../device/cells.ts";
import { applyContinuous, applyPulses, type Device } from "../device.ts";
import { type LowRank, reconstruct } from "./low-rank.ts";

export type UpdateSettings = Pick<
  Design["gradient"],
  "rounding" | "maxPulses" | "update" | "programming" | "pulseTrain"
>;

/** Programs a full gradient G, [inputs][outputs], or a part of it that begins at cell `first`: pulses = round(−η G / ΔW). */
export type Program = (cells: Cells, gradient: Float64Array, learningRate: number, first?: number) => void;

/** Programs one outer product G = u vᵀ. */
export type ProgramOuterProduct = (cells: Cells, u: Float64Array, v: Float64Array, learningRate: number) => void;

/** Programs G = Σ_r s_r u_r v_rᵀ. */
export type ProgramLowRank = (cells: Cells, gradient: LowRank, learningRate: number) => void;

export function newProgram(device: Device, settings: UpdateSettings, random: Random): Program {
  const { levels, verify } = device;
  if (levels === null) return ({ weights }, gradient, rate, first) => applyContinuous(weights, gradient, rate, first);
  const { rounding, maxPulses } = settings;
  const pulseSettings = { levels, rounding, maxPulses, verify };
  return (cells, gradient, rate, first) => applyPulses(cells, gradient, rate, pulseSettings, random, first);
}

/** By coincidence.
 *  @param count adds up slots and clipped lines */
export function newCoincidence(
  device: Device,
  settings: UpdateSettings,
  random: Random,
  count: TrainCount,
): ProgramOuterProduct {
  const { levels } = device;
  if (levels === null) throw new Error("coincidence needs pulses, and continuous weights have none");
  const trains = { levels, slots: filled(settings.pulseTrain, "pulseTrain"), mostSlots: LONGEST_TRAIN };
  return (cells, u, v, rate) => applyCoincidence(cells, u, v, rate, trains, random, count);
}

/** By row: the pulses of u vᵀ are rounded cell by cell. Rows of inputs that are zero are left out. */
export function byRow(program: Program): ProgramOuterProduct {
  return (cells, u, v, rate) => {
    const b = u.length;
    const row = new Float64Array(b);
    for (let i = 0; i < v.length; i++) {
      if (v[i] === 0) continue;
      for (let j = 0; j < b; j++) row[j] = v[i] * u[j];
      program(cells, row, rate, i * b);
    }
  };
}

/** rank-sum: pulses = round(−η Σ_r s_r u_r v_rᵀ / ΔW), programmed once. */
export function rankSum(program: Program): ProgramLowRank {
  let sum = new Float64Array(0);
  return (cells, gradient, rate) => {
    if (sum.length !== cells.weights.length) sum = new Float64Array(cells.weights.length);
    program(cells, reconstruct(gradient, sum), rate);
  };
}

/** rank-seq: for r = 1 … k in turn pulses_r = round(−η s_r u_r v_rᵀ / ΔW), each programmed before the next. The strength
 *  goes with the rate. */
export function rankSeq(program: ProgramOuterProduct): ProgramLowRank {
  return (cells, { u, v, strengths }, rate) => {
    for (let r = 0; r < strengths.length; r++) program(cells, u[r], v[r], rate * strengths[r]);
  };
}
