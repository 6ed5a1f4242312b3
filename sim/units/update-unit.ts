/** `update_unit` with `lfsr` and `stochastic_round`: gradient words to pulse counts, row by row. */

import { xorshift32 } from "../../generator/base/mix.ts";
import type { LayerIr } from "../../generator/ir/ir.ts";
import { DISTANCE_MAX, SHIFT_MAX } from "../../generator/methods/low-rank/format.ts";
import type { LowRankIr } from "../../generator/methods/low-rank/unit.ts";
import { clip, roundShift } from "../arith.ts";
import type { LowRankState } from "../kernels/low-rank-unit.ts";

/** Pulse count of one gradient element before the clip: floor((−G · multiplier + rounding) / 2^shift).
 *  @param random state of the lane's LFSR, or null for nearest rounding
 *  @param cut shift of the scaled gradient before it is rounded */
export function pulses(layer: LayerIr, gradient: number, shift: number, random: number | null, cut = 0): number {
  const scaled = Math.floor((-gradient * layer.update.multiplier) / 2 ** cut);
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
  cut = 0,
): number {
  const max = layer.update.pulseMax;
  let clipped = 0;
  for (let w = 0; w < words; w++)
    for (let k = 0; k < lanes; k++) {
      const j = w * lanes + k;
      if (j < layer.outputs) {
        const wide = pulses(layer, gradient(j), shift, lfsr ? lfsr[k] : null, cut);
        counts[j] = clip(wide, -max, max);
        if (counts[j] !== wide) clipped++;
      }
      if (lfsr) lfsr[k] = xorshift32(lfsr[k]);
    }
  return clipped;
}

/** The elements of a low-rank gradient, row by row: Σ over the pass's outer products of (strength · input factor) ·
 *  output factor. */
export class RankSum {
  /** Shift of the rounding. */
  readonly shift: number;
  /** Shift of a scaled element before it is rounded. */
  readonly cut: number;
  /** Right shift of a strength's product with an input factor, by outer product. */
  readonly shifts: readonly number[];
  readonly #unit: LowRankIr;
  readonly #state: LowRankState;
  /** Strength · input factor of the row, by outer product. */
  readonly #row: number[];
  #pass = 0;

  constructor(layer: LayerIr, unit: LowRankIr, state: LowRankState) {
    this.#unit = unit;
    this.#state = state;
    const exponents = Array.from(state.exponents);
    const used = exponents.filter((_, r) => state.mantissas[r] !== 0);
    const largest = used.length > 0 ? Math.max(...used) : 0;
    const shift = Math.max(0, layer.update.shift - largest);
    this.shift = Math.min(shift, SHIFT_MAX);
    this.cut = shift - this.shift;
    this.shifts = exponents.map((e, r) => {
      const distance = state.mantissas[r] === 0 ? 0 : Math.min(DISTANCE_MAX, largest - e);
      return unit.factorBits - 1 + distance;
    });
    this.#row = new Array<number>(unit.terms).fill(0);
  }

  /** Goes to row neuron i of a pass. */
  row(pass: number, i: number): void {
    const { terms, first } = this.#unit;
    const { mantissas, x } = this.#state;
    this.#pass = pass;
    for (let n = 0; n < terms; n++) {
      const r = pass * terms + n;
      this.#row[n] = roundShift(mantissas[r] * x.factors[(first + r) * x.stride + i], this.shifts[r]);
    }
  }

  /** Element j of the row. */
  element(j: number): number {
    const { terms, first } = this.#unit;
    const { factors, stride } = this.#state.d;
    let sum = 0;
    for (let n = 0; n < terms; n++) sum += this.#row[n] * factors[(first + this.#pass * terms + n) * stride + j];
    return sum;
  }
}
