/** Differential pairs: a weight is g⁺ − g⁻, of two cells that are both only set, and refreshed before they are full. */
import type { Cells, Pairs } from "./cells.ts";
import { drifted, type Memristors, placed, pulsed } from "./memristors.ts";
import { clip } from "./step.ts";

/** Part of the range above which a pair is refreshed. */
const REFRESH_ABOVE = 7 / 8;

/** Pairs that are told to hold these weights: the cell of the weight's sign holds all of it.
 *  @param states of an ideal cell, which stands at the nearest of them; null: any conductance */
export function newPairs(weights: Float64Array, states: number | null, memristors?: Memristors): Pairs {
  const told = (w: number) => (states === null ? clip(w) : Math.round(clip(w) * states) / states);
  const g = Float64Array.from([...weights, ...weights.map((w) => -w)], told);
  return memristors ? g.map((value, k) => placed(memristors, k, value)) : g;
}

/** A set pulse `count` times, up to the cell that adds, down to the one that subtracts. */
export function pulsePair(cells: Cells, g: Pairs, n: number, count: number, states: number): void {
  setPulses(cells, g, count > 0 ? n : g.length / 2 + n, Math.abs(count), states);
  cells.weights[n] = weightOfPair(g, n);
}

function setPulses({ pulses, memristors }: Cells, g: Pairs, k: number, count: number, states: number): void {
  pulses[k] += count;
  g[k] = memristors ? pulsed(memristors, k, g[k], count) : Math.min(1, Math.round(g[k] * states + count) / states);
}

export const weightOfPair = (g: Pairs, n: number): number => g[n] - g[g.length / 2 + n];

export function driftPairs({ weights, memristors }: Cells, g: Pairs): void {
  if (!memristors || memristors.device.drift === 0) return;
  for (let k = 0; k < g.length; k++) g[k] = drifted(memristors, k, g[k]);
  for (let n = 0; n < weights.length; n++) weights[n] = weightOfPair(g, n);
}

/** Where one of a pair is too full, both are erased, and one is set until it makes the difference again. The machine does
 *  so row by row, a batch each; here every pair has its turn at the end of every batch. */
export function refreshPairs(cells: Cells, g: Pairs, states: number): void {
  const half = g.length / 2;
  for (let n = 0; n < half; n++) {
    if (g[n] <= REFRESH_ABOVE && g[half + n] <= REFRESH_ABOVE) continue;
    const difference = weightOfPair(g, n);
    for (const k of [n, half + n]) {
      cells.pulses[k]++;
      g[k] = cells.memristors ? placed(cells.memristors, k, 0) : 0;
    }
    const up = difference > 0;
    for (let p = 0; p < states; p++) {
      const made = weightOfPair(g, n);
      if (up ? made >= difference : made <= difference) break;
      setPulses(cells, g, up ? n : half + n, 1, states);
    }
    cells.weights[n] = weightOfPair(g, n);
  }
}
