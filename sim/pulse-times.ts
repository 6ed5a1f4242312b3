/** When the pulses of an update are, and where: the timing of `update_unit` and `pulse_train_unit` (docs/machine.md,
 *  docs/coincidence.md), for whoever traces them or writes them down. */
import { setupTiming } from "../generator/ir/coincidence.ts";
import type { EdgesIr, Ir, LayerIr } from "../generator/ir/ir.ts";
import { rowIssues, rowOverhead } from "../generator/ir/schedule.ts";

/** One programmed row: the counts of each row tile's neuron, for the tracer. */
export interface ProgrammedRow {
  readonly row: number;
  readonly largest: number;
  /** By row tile: pulse counts of its neuron's cells, or null where the row is unused. */
  readonly counts: (Int16Array | null)[];
}

/** First cycle of every layer's update, in a phase that begins at t0. */
export const updateBegin = (t0: number): number => t0 + 1;

/** Slots of a programmed row: its pulses, and as often as it is read back. */
export const rowSlots = ({ readBacks }: Pick<Ir, "readBacks">, largest: number): number =>
  largest > 0 ? largest + readBacks : 0;

/** One row that begins at b: its physical row, the cycle of each slot's pulse from slot 1 on, and where the next begins. */
export function rowTimes(ir: Ir, layer: LayerIr, { row, largest }: Pick<ProgrammedRow, "row" | "largest">, b: number) {
  const first = b + rowIssues(ir, layer) + rowOverhead(ir);
  return {
    physical: (row % layer.rowAdcs) * layer.linesPerAdc + Math.floor(row / layer.rowAdcs),
    pulse: (slot: number) => first + slot * ir.pulseCycles - 1,
    next: first + rowSlots(ir, largest) * ir.pulseCycles,
  };
}

/** One outer product's train that begins at b: the cycle of each slot's pulse from slot 0 on, and where the next begins.
 *  @param total slots of all its phases; 0 where the outer product is zero */
export function trainTimes(ir: Pick<Ir, "pulseCycles">, edges: EdgesIr, total: number, b: number) {
  const { known, train } = setupTiming(edges.words);
  return {
    pulse: (slot: number) => b + train + (slot + 1) * ir.pulseCycles - 1,
    next: total > 0 ? b + train + total * ir.pulseCycles : b + known + 1,
  };
}
