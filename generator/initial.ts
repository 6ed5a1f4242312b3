/** Initial weights of a design: Glorot-uniform, from `training.seed`. Read by golden model, simulator and harness. */
import type { CellIr } from "./ir.ts";
import { mix, xorshift32 } from "./random.ts";
import type { Design } from "./schema.ts";

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

/** Conductance of each weight, in units: of a device of exact steps, its nearest state. */
export function toConductance(weights: Float64Array, { full, weightOne, unitsPerPulse, device }: CellIr): Uint16Array {
  const step = device ? 1 : unitsPerPulse;
  return Uint16Array.from(weights, (w) => Math.min(full, Math.max(0, Math.round(((w + 1) * weightOne) / step) * step)));
}
