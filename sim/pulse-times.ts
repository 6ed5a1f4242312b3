/** When the pulses of an update are, and where: the timing of `update_unit` and `pulse_train_unit` (docs/machine.md,
 *  docs/coincidence.md), for whoever counts them, traces them or writes them down. */
import type { Ir, LayerIr } from "../generator/ir/ir.ts";
import type { RowSchedule, TrainSchedule } from "../generator/ir/schedule.ts";

/** One programmed row: the counts of each row tile's neuron, for the tracer. */
export interface ProgrammedRow {
  readonly row: number;
  readonly largest: number;
  /** By row tile: pulse counts of its neuron's cells, or null where the row is unused. */
  readonly counts: (Int16Array | null)[];
}

/** Slots of a programmed row: its pulses, and as often as it is read back. */
export const rowSlots = ({ readBacks }: Pick<Ir, "readBacks">, largest: number): number =>
  largest > 0 ? largest + readBacks : 0;

/** Last cycle of each slot, by its place in a row of slots that begins in cycle `first`. */
const slotEnd =
  ({ pulseCycles }: Pick<Ir, "pulseCycles">, first: number) =>
  (place: number): number =>
    first + (place + 1) * pulseCycles - 1;

/** One row that begins at b: its physical row, the cycle of each slot's pulse from slot 1 on, and where the next begins. */
export function rowTimes(
  ir: Ir,
  layer: LayerIr,
  at: RowSchedule,
  { row, largest }: Pick<ProgrammedRow, "row" | "largest">,
  b: number,
) {
  const first = b + at.pulses.cycles;
  const end = slotEnd(ir, first);
  return {
    physical: (row % layer.rowAdcs) * layer.linesPerAdc + Math.floor(row / layer.rowAdcs),
    pulse: (slot: number) => end(slot - 1),
    next: first + rowSlots(ir, largest) * ir.pulseCycles,
  };
}

/** Cycles that a pulse train adds to an update: those of its set-up that an outer product of zeros has not, and its
 *  slots.
 *  @param slots of all its phases; 0 where the outer product is zero */
export const trainCycles = (
  { pulseCycles }: Pick<Ir, "pulseCycles">,
  { more }: TrainSchedule,
  slots: number,
): number => (slots > 0 ? more.cycles + slots * pulseCycles : 0);

/** One outer product's train that begins at b: the cycle of each slot's pulse from slot 0 on, and where the next begins.
 *  @param total slots of all its phases; 0 where the outer product is zero */
export function trainTimes(ir: Pick<Ir, "pulseCycles">, at: TrainSchedule, total: number, b: number) {
  return {
    pulse: slotEnd(ir, b + at.pulses.cycles),
    next: b + at.idle.cycles + trainCycles(ir, at, total),
  };
}
