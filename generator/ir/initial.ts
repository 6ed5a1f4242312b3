/** Initial weights of a design: Glorot-uniform, from `training.seed`. Read by golden model, simulator and harness. */

import { mix, xorshift32 } from "../base/mix.ts";
import type { Design } from "../design/schema.ts";
import type { CellIr } from "./ir.ts";

/** U(±√(6/(a + b))), clipped to [−1, 1] (Glorot & Bengio 2010). One array [inputs][outputs] for each layer. */
export function initialWeights(design: Design): Float64Array[] {
  const sizes = design.network.layers;
  return sizes.slice(1).map((outputs, l) => {
    const inputs = sizes[l];
    const limit = Math.min(1, Math.sqrt(6 / (inputs + outputs)));
    const weights = new Float64Array(inputs * outputs);
    let state = mix(design.training.seed, 1000 + l);
    for (let i = 0; i < weights.length; i++) {
      state = xorshift32(state);
      weights[i] = ((state / 0x100000000) * 2 - 1) * limit;
    }
    return weights;
  });
}

/** Conductance of each weight's cell, in units: of a device of exact steps, its nearest state. With pairs, of the cells
 *  that add and then of those that subtract. */
export function toConductance(weights: Float64Array, cell: CellIr): Uint16Array {
  const { full, weightOne, unitsPerPulse, device, pairs } = cell;
  const lowest = pairs ? 0 : -1;
  const step = device ? 1 : unitsPerPulse;
  const units = (w: number) => Math.min(full, Math.max(0, Math.round(((w - lowest) * weightOne) / step) * step));
  return Uint16Array.from(pairs ? [...weights, ...weights.map((w) => -w)] : weights, units);
}

/** The weights that cells make. */
export function toWeights(cells: Uint16Array, { reference, weightOne, pairs }: CellIr): Float64Array {
  if (!pairs) return Float64Array.from(cells, (g) => (g - reference) / weightOne);
  const half = cells.length / 2;
  return Float64Array.from(cells.subarray(0, half), (g, k) => (g - cells[half + k]) / weightOne);
}
