/** `update_unit` with `lfsr` and `stochastic_round`: gradient words to pulse counts, row by row. */
import type { LayerIr } from "../../generator/ir.ts";
import { xorshift32 } from "../../generator/random.ts";
import { clip } from "../arith.ts";

/** Pulse count of one gradient element before the clip: floor((−G · multiplier + rounding) / 2^shift).
 *  @param random state of the lane's LFSR, or null for nearest rounding */
export function pulses(layer: LayerIr, gradient: number, shift: number, random: number | null): number {
  const scaled = -gradient * layer.update.multiplier;
  let rounding: number;
  if (random === null) rounding = shift === 0 ? 0 : 2 ** (shift - 1);
  else {
    const bits = random >>> (32 - layer.update.randomBits);
    rounding = Math.floor(bits * 2 ** (shift - layer.update.randomBits));
  }
  return Math.floor((scaled + rounding) / 2 ** shift);
}

/** Order in which a layer's row neurons are programmed: [row][row tile] → neuron, −1 where the row is unused. */
export function programOrder(layer: LayerIr): Int32Array {
  const { rows, rowSteps } = layer.update;
  const order = new Int32Array(rows * layer.rowTiles);
  let k = 0;
  for (let m = 0; m < rowSteps; m++)
    for (let r = 0; r < layer.rowAdcs; r++)
      for (let t = 0; t < layer.rowTiles; t++) {
        const i = m * layer.rowGroup + t * layer.rowAdcs + r;
        order[k++] = i < layer.inputs ? i : -1;
      }
  return order;
}

/** Counts of one row neuron's cells; advances every lane's LFSR once a word.
 *  @param gradient of element j
 *  @param counts out: clipped pulse counts, one for each output
 *  @returns how many were clipped */
export function rowCounts(
  layer: LayerIr,
  lanes: number,
  words: number,
  gradient: (j: number) => number,
  shift: number,
  lfsr: Uint32Array | null,
  counts: Int16Array,
): number {
  const max = layer.update.pulseMax;
  let clipped = 0;
  for (let w = 0; w < words; w++)
    for (let k = 0; k < lanes; k++) {
      const j = w * lanes + k;
      if (j < layer.outputs) {
        const wide = pulses(layer, gradient(j), shift, lfsr ? lfsr[k] : null);
        counts[j] = clip(wide, -max, max);
        if (counts[j] !== wide) clipped++;
      }
      if (lfsr) lfsr[k] = xorshift32(lfsr[k]);
    }
  return clipped;
}
