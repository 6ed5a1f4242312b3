/** Mathematics: the golden model's vectors of a sample, and how far the machine's may be from them.
 *  The bound is a running error analysis: every rounding of docs/machine.md adds its half unit, every operation passes the
 *  errors of its operands on; it holds element by element as long as nothing saturated. Derivation: docs/equality.md. */
import { backward, forward, loadSample, newPass, type Pass } from "../golden/network.ts";
import type { Ir, LayerIr, ReadIr } from "../generator/ir.ts";
import type { Scratch } from "../sim/sample-path.ts";
import { ACTIVATION, BACKWARD, FORWARD, type LayerState } from "../sim/state.ts";

export interface LayerError {
  readonly layer: number;
  /** Largest distance of an error δ from the golden one, over all samples compared. */
  readonly error: number;
  /** Largest bound of an element; null where a saturation made it void for every sample. */
  readonly bound: number | null;
  /** Samples without saturation up to this layer's error, for which each element was held to its bound. */
  readonly samples: number;
  /** Elements outside their bound: must be 0. */
  readonly outside: number;
}

/** Error of one accumulated sum, in units of a weight's real value times the drive's unit. */
function readError(ir: Ir, read: ReadIr, range: number): number {
  const half = range === 0 ? 0 : 2 ** (range - 1);
  return ((2 ** read.planes - 1) * read.summedTiles * half) / (ir.cell.full / 2);
}

const slope = { relu: 1, sigmoid: 0.25, tanh: 1 } as const;

export class GoldenBound {
  readonly #ir: Ir;
  readonly #pass: Pass;
  readonly #weights: Float64Array[];
  readonly #result: { error: number; bound: number | null; samples: number; outside: number }[];

  constructor(ir: Ir) {
    this.#ir = ir;
    this.#pass = newPass(ir.design.network);
    this.#weights = ir.layers.map((l) => new Float64Array(l.inputs * l.outputs));
    this.#result = ir.layers.map(() => ({ error: 0, bound: null, samples: 0, outside: 0 }));
  }

  get errors(): LayerError[] {
    return this.#result.map((r, layer) => ({ layer, ...r }));
  }

  /** One sample: the weights as they are now, before its update.
   *  @param saturated whether anything saturated in the sample */
  sample(codes: Uint8Array, label: number, layers: readonly LayerState[], scratch: Scratch, saturated: boolean): void {
    const ir = this.#ir;
    const { network } = ir.design;
    const half = ir.cell.full / 2;
    this.#weights.forEach((w, l) => {
      const { cells } = layers[l];
      for (let k = 0; k < w.length; k++) w[k] = (cells[k] - half) / half;
    });
    loadSample(this.#pass, codes, 0);
    forward(network, this.#weights, this.#pass);
    backward(network, this.#weights, this.#pass, label);
    const bounds = this.#bounds(layers, scratch);
    ir.layers.forEach((layer, l) => {
      const result = this.#result[l];
      const unit = 2 ** scratch.exponent[l] * layer.errorScale;
      if (!saturated) result.samples++;
      for (let j = 0; j < layer.outputs; j++) {
        const error = Math.abs(scratch.delta[l][j] * unit - this.#pass.delta[l][j]);
        result.error = Math.max(result.error, error);
        if (saturated) continue;
        result.bound = Math.max(result.bound ?? 0, bounds[l][j]);
        if (error > bounds[l][j] * (1 + 1e-9) + 1e-12) result.outside++;
      }
    });
  }

  /** Bounds of |δ| errors, layer by layer and element by element. */
  #bounds(layers: readonly LayerState[], scratch: Scratch): Float64Array[] {
    const ir = this.#ir;
    const pass = this.#pass;
    const { activation, loss } = ir.design.network;
    const last = ir.layers.length - 1;
    // Input codes of fewer than 8 bits are rounded, and the top one is clipped.
    let ex = new Float64Array(ir.vectors[0].size).fill(ir.vectors[0].bits === 8 ? 0 : 2 ** -ir.vectors[0].bits);
    const exOf = [ex];
    const ezOf: Float64Array[] = [];
    ir.layers.forEach((layer, l) => {
      const ez = this.#forwardBound(layer, layers, l, ex);
      ezOf.push(ez);
      const vector = ir.vectors[l + 1];
      const unit = 2 ** (layers[l].ranges[ACTIVATION] - vector.fraction);
      const table = activation === "relu" ? 0 : slope[activation] * 2 ** -(ir.activationTableFraction + 1);
      // Outside the table's domain the function is flat to within this.
      const edge = activation === "relu" ? 0 : activation === "sigmoid" ? 2 ** -8 + 0.0004 : 2 ** -(vector.bits - 1) + 0.0007;
      const ends = activation === "sigmoid" ? 2 ** -vector.bits : 0;
      ex = ez.map((e) => slope[activation] * e + table + edge + ends + unit / 2);
      exOf.push(ex);
    });
    const bounds = ir.layers.map((layer) => new Float64Array(layer.outputs));
    // Output errors.
    if (loss === "softmax-cross-entropy") {
      const ez = ezOf[last].reduce((m, e) => Math.max(m, e), 0);
      const { probabilityFraction, outputs } = ir.errorUnit;
      // Relative error of each exponential: half a table step, its rounding, the slope of 2^-n truncation.
      const relative = 2 * (Math.LN2 / 512 + 2 ** -15) + 2 * (2 ** -15 * outputs);
      const shiftLoss = outputs * 2 ** -16;
      bounds[last].fill(ez / 2 + ez * ez + relative + shiftLoss + 2 ** -probabilityFraction);
    } else {
      const output = ir.vectors[last + 1];
      for (let j = 0; j < bounds[last].length; j++) {
        const e = exOf[last + 1][j];
        const y = pass.x[last + 1][j];
        const d = this.#derivativeError(output.bits, y, ezOf[last][j], pass.z[last][j], e);
        bounds[last][j] = e * (d.value + d.error) + 2 * d.error;
      }
    }
    this.#scaleBound(last, scratch, bounds[last]);
    for (let l = last; l > 0; l--) {
      const layer = ir.layers[l];
      const w = this.#weights[l];
      const read = layer.backward as ReadIr;
      const unit = 2 ** scratch.exponent[l] * layer.errorScale;
      const quantised = readError(ir, read, layers[l].ranges[BACKWARD]) * unit;
      const vector = ir.vectors[l];
      for (let i = 0; i < layer.inputs; i++) {
        let sum = quantised;
        let value = 0;
        for (let j = 0; j < layer.outputs; j++) {
          const wij = w[i * layer.outputs + j];
          sum += Math.abs(wij) * bounds[l][j];
          value += wij * pass.delta[l][j];
        }
        const d = this.#derivativeError(vector.bits, pass.x[l][i], ezOf[l - 1][i], pass.z[l - 1][i], exOf[l][i]);
        bounds[l - 1][i] = sum * (d.value + d.error) + Math.abs(value) * d.error;
      }
      this.#scaleBound(l - 1, scratch, bounds[l - 1]);
    }
    return bounds;
  }

  #forwardBound(layer: LayerIr, layers: readonly LayerState[], l: number, ex: Float64Array): Float64Array {
    const ir = this.#ir;
    const w = this.#weights[l];
    const input = ir.vectors[l];
    const unit = 2 ** ((l > 0 ? layers[l - 1].ranges[ACTIVATION] : 0) - input.fraction);
    const quantised = readError(ir, layer.forward, layers[l].ranges[FORWARD]) * unit;
    const z = this.#pass.z[l];
    return Float64Array.from({ length: layer.outputs }, (_, j) => {
      let sum = quantised + 2 ** -(layer.zFraction + 1);
      for (let i = 0; i < layer.inputs; i++) sum += Math.abs(w[i * layer.outputs + j]) * ex[i];
      // The requantiser's multiplier is rounded to 15 bits.
      return sum + (Math.abs(z[j]) + sum) * 2 ** -14;
    });
  }

  /** Size of f′ at the golden point, and how far the machine's may be from it. */
  #derivativeError(bits: number, x: number, ez: number, z: number, ex: number): { value: number; error: number } {
    const { activation } = this.#ir.design.network;
    if (activation === "relu") {
      const value = z > 0 ? 1 : 0;
      // A code of 0 counts as off: so the error of x decides, not only that of z.
      return { value, error: Math.abs(z) <= Math.max(ez, ex) + 2 * ex ? 1 : 0 };
    }
    const value = activation === "sigmoid" ? x * (1 - x) : 1 - x * x;
    const sensitivity = activation === "sigmoid" ? Math.abs(1 - 2 * x) + ex : 2 * Math.abs(x) + ex;
    return { value, error: sensitivity * ex + 2 ** -(2 * bits) };
  }

  /** Rounding to errorBits, by the sample's exponent. */
  #scaleBound(l: number, scratch: Scratch, bound: Float64Array): void {
    // Half a unit, and a whole one where the largest rounds up past the top code.
    const unit = 2 ** scratch.exponent[l] * this.#ir.layers[l].errorScale;
    for (let j = 0; j < bound.length; j++) bound[j] += unit;
  }
}
