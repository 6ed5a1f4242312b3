/** Counting time: each phase's cycles come from the IR's schedule; only pulses and host stalls are added here. */
import type { Ir, PhaseIr } from "../generator/ir.ts";
import { updateCycles } from "../generator/schedule.ts";

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

  constructor(ir: Ir) {
    this.#ir = ir;
    for (const phase of ir.phases) this.#fixed[phase.phase] += phase.cycles;
  }

  /** One sample's phases without host stalls, up to its gradient. */
  addSample(count: CycleCount, train: boolean, samples = 1): void {
    for (const phase of ["load", "forward", "error"] as const) count[phase] += samples * this.#fixed[phase];
    if (train) for (const phase of ["backward", "gradient"] as const) count[phase] += samples * this.#fixed[phase];
  }

  /** @param pulses by layer: cycles that its pulses take */
  addUpdate(count: CycleCount, pulses: readonly number[]): void {
    count.update += Math.max(...this.#ir.layers.map((layer, l) => updateCycles(this.#ir, layer) + pulses[l]));
  }

  addRange(count: CycleCount): void {
    count.range += this.#fixed.range;
  }
}
