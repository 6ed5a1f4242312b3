/** Mathematics: every operation of the machine against the golden model's, on the machine's own operands, within the bound
 *  that its formats give (derived in docs/equality.md); and how far the errors are from the exact ones in the end. */

import { largestNoise } from "../generator/device/response.ts";
import { toWeights } from "../generator/ir/initial.ts";
import type { Ir, LayerIr, ReadIr } from "../generator/ir/ir.ts";
import { product, transposedProduct } from "../golden/linear.ts";
import { activate, backward, forward, loadSample, newPass, type Pass, softmax } from "../golden/network.ts";
import type { Scratch } from "../sim/sample-path.ts";
import { ACTIVATION, BACKWARD, FORWARD, type LayerState, Z } from "../sim/state.ts";

/** One kind of result over all samples compared. */
interface Held {
  /** Largest distance from the golden operation. */
  readonly error: number;
  /** Bound of that element. */
  readonly bound: number;
  /** Elements compared: those of samples in which nothing saturated on the way. */
  readonly elements: number;
  /** Elements beyond their bound: must be 0. */
  readonly outside: number;
}

export interface LayerError {
  readonly layer: number;
  /** z against W x. */
  readonly preactivation: Held;
  /** x against f(z); null where the layer's output needs no code. */
  readonly activation: Held | null;
  /** δ against softmax(z) − y, (x − y) f′ or f′ Wᵀ δ of the next layer. */
  readonly delta: Held;
  /** Largest distance of δ from the float64 network's, through all layers; it has no bound of its own. */
  readonly distance: number;
}

class Tally {
  error = 0;
  bound = 0;
  elements = 0;
  outside = 0;

  add(machine: number, exact: number, bound: number): void {
    const error = Math.abs(machine - exact);
    this.elements++;
    if (error > this.error) {
      this.error = error;
      this.bound = bound;
    }
    // Float64's own rounding of long sums.
    if (error > bound * (1 + 1e-9) + 1e-9) this.outside++;
  }

  get held(): Held {
    const { error, bound, elements, outside } = this;
    return { error, bound, elements, outside };
  }
}

/** Error of one accumulated sum in conductance-times-code units: half a unit of the range, and the largest noise, for every
 *  code.
 *  @param lines of a tile that drive */
function readBound({ cell }: Ir, read: ReadIr, lines: number, range: number): number {
  const half = range === 0 ? 0 : 2 ** (range - 1);
  const noise = cell.device ? largestNoise(cell.device, lines) : 0;
  return (2 ** read.planes - 1) * read.summedTiles * (half + noise);
}

export class GoldenBound {
  readonly #ir: Ir;
  readonly #pass: Pass;
  readonly #weights: Float64Array[];
  readonly #tallies: { preactivation: Tally; activation: Tally; delta: Tally; distance: number }[];
  readonly #before: Float64Array[];

  constructor(ir: Ir) {
    this.#ir = ir;
    this.#pass = newPass(ir.design.network);
    this.#weights = ir.layers.map((l) => new Float64Array(l.inputs * l.outputs));
    this.#tallies = ir.layers.map(() => ({
      preactivation: new Tally(),
      activation: new Tally(),
      delta: new Tally(),
      distance: 0,
    }));
    this.#before = ir.layers.map(() => new Float64Array(Z + 1));
  }

  get errors(): LayerError[] {
    return this.#tallies.map(({ preactivation, activation, delta, distance }, layer) => ({
      layer,
      preactivation: preactivation.held,
      activation: this.#hasCodes(layer) ? activation.held : null,
      delta: delta.held,
      distance,
    }));
  }

  #hasCodes(l: number): boolean {
    return l < this.#ir.layers.length - 1 || this.#ir.errorUnit.loss === "squared-error";
  }

  /** One sample, with the weights as they are before its update.
   *  @param layers whose saturation counters already hold the sample */
  sample(codes: Uint8Array, label: number, layers: readonly LayerState[], scratch: Scratch): void {
    const ir = this.#ir;
    const saturated = layers.map(({ saturation }, l) => {
      const now = saturation.slice(0, Z + 1);
      const rose = Array.from(now, (count, cause) => count > this.#before[l][cause]);
      this.#before[l] = now;
      return rose;
    });
    this.#weights.forEach((w, l) => {
      w.set(toWeights(layers[l].cells, ir.cell));
    });
    const x = ir.vectors.map((v, n) => {
      const unit = 2 ** ((n > 0 ? layers[n - 1].ranges[ACTIVATION] : 0) - v.fraction);
      return Float64Array.from(scratch.x[n], (code) => code * unit);
    });
    const z = ir.layers.map((layer, l) => Float64Array.from(scratch.z[l], (v) => v * 2 ** -layer.zFraction));
    const delta = ir.layers.map((layer, l) => {
      const unit = this.#deltaUnit(layer, scratch);
      return Float64Array.from(scratch.delta[l], (code) => code * unit);
    });
    for (const layer of ir.layers) {
      const l = layer.index;
      if (!saturated[l][FORWARD] && !saturated[l][Z]) this.#preactivation(layer, layers, x[l], z[l]);
      if (this.#hasCodes(l) && !saturated[l][ACTIVATION]) this.#activation(layer, layers[l], z[l], x[l + 1]);
      const next = ir.layers[l + 1];
      if (!next) this.#output(layer, scratch, label, z[l], x[l + 1], delta[l]);
      else if (!saturated[l + 1][BACKWARD])
        this.#hidden(layer, next, layers, scratch, x[l + 1], delta[l], delta[l + 1]);
    }
    loadSample(this.#pass, codes, 0);
    forward(ir.design.network, this.#weights, this.#pass);
    backward(ir.design.network, this.#weights, this.#pass, label);
    delta.forEach((machine, l) => {
      const exact = this.#pass.delta[l];
      for (let j = 0; j < machine.length; j++)
        this.#tallies[l].distance = Math.max(this.#tallies[l].distance, Math.abs(machine[j] - exact[j]));
    });
  }

  /** Real value of one unit of a layer's error codes. */
  #deltaUnit(layer: LayerIr, scratch: Scratch): number {
    return 2 ** scratch.exponent[layer.index] * layer.errorScale;
  }

  #preactivation(layer: LayerIr, layers: readonly LayerState[], x: Float64Array, z: Float64Array): void {
    const l = layer.index;
    const exact = new Float64Array(layer.outputs);
    product(this.#weights[l], x, exact);
    const unit = 2 ** ((l > 0 ? layers[l - 1].ranges[ACTIVATION] : 0) - this.#ir.vectors[l].fraction);
    const ir = this.#ir;
    const read = (readBound(ir, layer.forward, ir.tileRows, layers[l].ranges[FORWARD]) * unit) / ir.cell.weightOne;
    // The multiplier has 15 significant bits.
    for (let j = 0; j < z.length; j++)
      this.#tallies[l].preactivation.add(
        z[j],
        exact[j],
        read + 2 ** -(layer.zFraction + 1) + (Math.abs(exact[j]) + read) * 2 ** -15,
      );
  }

  #activation(layer: LayerIr, state: LayerState, z: Float64Array, x: Float64Array): void {
    const { activation } = this.#ir.design.network;
    const exact = new Float64Array(z.length);
    activate(activation, z, exact);
    const { bits, fraction } = this.#ir.vectors[layer.index + 1];
    const half = 2 ** (state.ranges[ACTIVATION] - fraction - 1);
    const step = 2 ** -(this.#ir.activationTableFraction + 1);
    // Half a code; the slope times half a table step; what lies beyond the table's ends; the top code below one.
    const bound =
      activation === "relu"
        ? half
        : activation === "sigmoid"
          ? half + step / 4 + 0.00034 + 2 ** -bits
          : half + step + 0.00068 + 2 ** -(bits - 1);
    for (let j = 0; j < z.length; j++) this.#tallies[layer.index].activation.add(x[j], exact[j], bound);
  }

  #output(
    layer: LayerIr,
    scratch: Scratch,
    label: number,
    z: Float64Array,
    x: Float64Array,
    delta: Float64Array,
  ): void {
    const { delta: tally } = this.#tallies[layer.index];
    const scaling = this.#deltaUnit(layer, scratch);
    const y = (j: number) => (j === label ? 1 : 0);
    if (this.#ir.errorUnit.loss === "squared-error") {
      for (let j = 0; j < delta.length; j++) tally.add(delta[j], (x[j] - y(j)) * this.#slope(x[j], z[j]), scaling);
      return;
    }
    const exact = new Float64Array(z.length);
    softmax(z, exact);
    const { outputs, exponentialBits, probabilityFraction } = this.#ir.errorUnit;
    // Each exponential: half a table step and log2 e's rounding, relatively (the sum's weighted mean of them again), and
    // one unit cut off by its shift (in the sum, of every output).
    const spread = z.reduce((m, v) => Math.max(m, v), -Infinity) - z.reduce((m, v) => Math.min(m, v), Infinity);
    const relative = 2 * (Math.LN2 / 512 + spread * 2 ** -15 + 2 ** -exponentialBits) * 1.01;
    const cut = (outputs + 1) * 2 ** -exponentialBits * 1.01;
    const bound = relative + cut + 2 ** -probabilityFraction + scaling;
    for (let j = 0; j < delta.length; j++) tally.add(delta[j], exact[j] - y(j), bound);
  }

  /** f′ from a code, as the equations have it. */
  #slope(x: number, z: number): number {
    switch (this.#ir.design.network.activation) {
      case "relu":
        return x > 0 && z > 0 ? 1 : 0;
      case "sigmoid":
        return x * (1 - x);
      case "tanh":
        return 1 - x * x;
    }
  }

  #hidden(
    layer: LayerIr,
    next: LayerIr,
    layers: readonly LayerState[],
    scratch: Scratch,
    x: Float64Array,
    delta: Float64Array,
    later: Float64Array,
  ): void {
    const exact = new Float64Array(layer.outputs);
    transposedProduct(this.#weights[next.index], later, exact);
    const range = layers[next.index].ranges[BACKWARD];
    const ir = this.#ir;
    const error = readBound(ir, next.backward as ReadIr, ir.tileCols, range);
    const read = (error * this.#deltaUnit(next, scratch)) / ir.cell.weightOne;
    const scaling = this.#deltaUnit(layer, scratch);
    for (let i = 0; i < delta.length; i++) {
      const slope = this.#slope(x[i], 1);
      this.#tallies[layer.index].delta.add(delta[i], exact[i] * slope, read * slope + scaling);
    }
  }
}
