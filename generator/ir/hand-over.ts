/** A low-rank machine's gradient beside the phases of the next sample: which programs a sample starts, and how long the
 *  gradient's phase waits for them (docs/low-rank.md, GRADIENT). */
import { pipeline } from "../base/formula.ts";
import type { Ir, PhaseIr } from "./ir.ts";

export const HAND_OVER = pipeline("the hand-over", 1);

/** Phases of a sample before its gradient. */
export const SAMPLE_PHASES: readonly PhaseIr["phase"][] = ["load", "forward", "error", "backward"];

/** A low-rank machine's samples: numbered as they were trained on since reset, from 0. */
type LowRankMachine = Pick<Ir, "batch" | "lowRank">;

/** Programs of the low-rank units by the time they run at. */
export type ProgramName = "initial" | "sample" | "flush" | "batch";

/** Programs that a sample's hand-over starts, in their order. */
export function programsOf({ batch, lowRank }: LowRankMachine, sample: number): ProgramName[] {
  if (!lowRank) return [];
  const last = endsBatch(batch, sample);
  const list: ProgramName[] = [];
  if (sample === 0 && lowRank.initial) list.push("initial");
  list.push("sample");
  if (lowRank.flush && (last || ((sample % batch) + 1) % lowRank.slots === 0)) list.push("flush");
  if (last) list.push("batch");
  return list;
}

/** Their cycles, from the hand-over to the last `end`. */
export function programCycles(ir: LowRankMachine, sample: number): number {
  return programsOf(ir, sample).reduce((sum, name) => sum + (ir.lowRank?.[name]?.cycles ?? 0), 0);
}

const endsBatch = (batch: number, sample: number): boolean => sample % batch === batch - 1;

/** Cycles that a sample waits in its gradient phase until the programs of the one before are done.
 *  @param elapsed cycles between the hand-over before and this phase: `sampleCycles`, where the host never stalls */
export function handOverWait(ir: LowRankMachine, sample: number, elapsed: number): number {
  // Before a batch's first sample nothing is left to wait for.
  return sample % ir.batch === 0 ? 0 : Math.max(0, programCycles(ir, sample - 1) - elapsed);
}

/** Cycles of a sample's gradient phase: the wait, the hand-over, and the programs of a batch's last sample. */
export function gradientPhase(ir: LowRankMachine, sample: number, elapsed: number): number {
  const programs = endsBatch(ir.batch, sample) ? programCycles(ir, sample) : 0;
  return handOverWait(ir, sample, elapsed) + HAND_OVER.cycles + programs;
}

/** Cycles of a trained sample's other phases, up to its gradient, without host stalls. */
export function sampleCycles(list: readonly PhaseIr[]): number {
  return list.reduce((sum, { phase, cycles }) => sum + (SAMPLE_PHASES.includes(phase) ? cycles : 0), 0);
}
