/** Counting time: each phase's cycles come from the IR's schedule; only pulses and host stalls are added here. */
import { gradientPhase } from "../generator/ir/hand-over.ts";
import type { Ir, PhaseIr } from "../generator/ir/ir.ts";
import { schedule } from "../generator/ir/schedule.ts";

export type PhaseName = PhaseIr["phase"];
export type CycleCount = Record<PhaseName, number>;

export const emptyCycles = (): CycleCount => ({
  load: 0,
  forward: 0,
  error: 0,
  backward: 0,
  gradient: 0,
  update: 0,
  range: 0,
});

export const totalCycles = (count: CycleCount): number => Object.values(count).reduce((sum, n) => sum + n, 0);

export class PhaseCycles {
  readonly #ir: Ir;
  readonly #fixed: CycleCount = emptyCycles();
  /** Each layer's update without a pulse. */
  readonly #updates: readonly number[];
  /** Since the last hand-over to the low-rank program. */
  #elapsed = 0;

  constructor(ir: Ir) {
    this.#ir = ir;
    this.#updates = schedule(ir).update.layers.map(({ length }) => length.cycles);
    for (const phase of ir.phases) this.#fixed[phase.phase] += phase.cycles;
  }

  /** One sample's phases without host stalls, up to its gradient. */
  addSample(count: CycleCount, train: boolean, samples = 1): void {
    for (const phase of ["load", "forward", "error"] as const) this.#add(count, phase, samples);
    if (train) this.#add(count, "backward", samples);
    if (train && !this.#ir.lowRank) this.#add(count, "gradient", samples);
  }

  #add(count: CycleCount, phase: PhaseName, samples: number): void {
    count[phase] += samples * this.#fixed[phase];
    this.#elapsed += samples * this.#fixed[phase];
  }

  /** A low-rank machine's gradient phase.
   *  @param sample its number among those trained on since reset, from 0 */
  addHandOver(count: CycleCount, sample: number): void {
    count.gradient += gradientPhase(this.#ir, sample, this.#elapsed);
    this.#elapsed = 0;
  }

  /** @param pulses by layer: cycles that its pulses take */
  addUpdate(count: CycleCount, pulses: readonly number[]): void {
    count.update += Math.max(...this.#updates.map((cycles, l) => cycles + pulses[l]));
  }

  addRange(count: CycleCount): void {
    count.range += this.#fixed.range;
  }
}
