/** Programming by coincidence: no cell is addressed. In each slot of a pulse train every row and every column fires with
 *  a probability of its own, and a cell is pulsed where both do, so that an outer product needs neither multiplier nor
 *  rounding (Gokmen and Vlasov 2016). */
import type { Random } from "../data/random.ts";
import type { Cells } from "./device/cells.ts";
import { pulse, pulsesPerUnit } from "./device.ts";
import { largestMagnitude } from "./vectors.ts";

/** What each line does in the slots of one train. */
export interface PulseTrain {
  /** L */
  readonly slots: number;
  /** p_i of each row (input) and q_j of each column (output). */
  readonly rows: Float64Array;
  readonly columns: Float64Array;
  /** Lines whose probability would have been more than 1. */
  readonly clipped: number;
}

/** p_i = c_v |v_i|, q_j = c_u |u_j|, with L p_i q_j = rate |u_j v_i| pulses and equal largest probabilities. Where these
 *  would exceed 1, L grows as far as it may; then they are clipped.
 *  @param u along the outputs
 *  @param v along the inputs
 *  @param rate η / ΔW
 *  @param slots L, as the design has it; `mostSlots` what it may grow to */
export function pulseTrain(
  u: Float64Array,
  v: Float64Array,
  rate: number,
  slots: number,
  mostSlots: number,
): PulseTrain {
  const [largestU, largestV] = [largestMagnitude(u), largestMagnitude(v)];
  const most = Math.abs(rate) * largestU * largestV;
  const needed = Math.min(mostSlots, Math.max(slots, Math.ceil(most)));
  const largest = Math.sqrt(most / needed);
  let clipped = 0;
  const probabilities = (vector: Float64Array, longest: number) =>
    vector.map((value) => {
      const probability = most === 0 ? 0 : (Math.abs(value) / longest) * largest;
      if (probability > 1) clipped++;
      return Math.min(probability, 1);
    });
  const [rows, columns] = [probabilities(v, largestV), probabilities(u, largestU)];
  return { slots: most === 0 ? 0 : needed, rows, columns, clipped };
}

/** What pulse trains have done so far. */
export interface TrainCount {
  /** Slots of all trains, each of its phases counted. */
  slots: number;
  /** Lines whose probability was clipped, each train counted. */
  clipped: number;
}

export interface CoincidenceSettings {
  readonly levels: number;
  readonly slots: number;
  readonly mostSlots: number;
}

/** W ← W − η u vᵀ on average. Signs are phases: rows of one sign of v meet columns of one sign of u, for L slots; a phase
 *  in which no line can fire is left out. */
export function applyCoincidence(
  cells: Cells,
  u: Float64Array,
  v: Float64Array,
  learningRate: number,
  { levels, slots, mostSlots }: CoincidenceSettings,
  random: Random,
  count: TrainCount,
): void {
  const rate = learningRate * pulsesPerUnit(levels);
  const train = pulseTrain(u, v, rate, slots, mostSlots);
  if (train.slots === 0) return;
  count.clipped += train.clipped;
  const firedColumns = new Uint32Array(u.length);
  for (const [signU, signV] of [
    [1, 1],
    [-1, -1],
    [1, -1],
    [-1, 1],
  ]) {
    const rows = linesOfSign(v, signV);
    const columns = linesOfSign(u, signU);
    if (rows.length === 0 || columns.length === 0) continue;
    const direction = -Math.sign(rate) * signU * signV;
    count.slots += train.slots;
    for (let slot = 0; slot < train.slots; slot++) {
      let fired = 0;
      for (const j of columns) if (random.uniform() < train.columns[j]) firedColumns[fired++] = j;
      for (const i of rows) {
        if (random.uniform() >= train.rows[i]) continue;
        for (let f = 0; f < fired; f++) pulse(cells, i * u.length + firedColumns[f], direction, levels);
      }
    }
  }
}

/** Which values have this sign. */
function linesOfSign(vector: Float64Array, sign: number): Uint32Array {
  const lines = new Uint32Array(vector.length);
  let count = 0;
  for (let n = 0; n < vector.length; n++) if (Math.sign(vector[n]) === sign) lines[count++] = n;
  return lines.subarray(0, count);
}
