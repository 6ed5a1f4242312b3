/** One sample through the machine: forward reads, error unit, transposed reads; in plain TypeScript.
 *  The twin of `kernels/`: slow, and readable as the hardware. */
import type { Ir, LayerIr } from "../generator/ir/ir.ts";
import { type Allocator, plainAllocator } from "./allocator.ts";
import { ACTIVATION, ALIGNED, BACKWARD, CAUSES, FORWARD, type LayerState, Z } from "./state.ts";
import { activate, requantise } from "./units/activation-unit.ts";
import { ReadNoise } from "./units/cell.ts";
import { readCodes, shiftAdd } from "./units/crossbar-read.ts";
import { rawErrors } from "./units/derivative-unit.ts";
import { scaleErrors } from "./units/error-scaler.ts";
import { softmaxErrors, squaredErrors } from "./units/error-unit.ts";
import { alignErrors } from "./units/gradient-unit.ts";

/** What one sample leaves in the buffers. Index l: of layer l; x has one more: x[l + 1] is layer l's output. */
export interface Scratch {
  readonly x: Int16Array[];
  readonly z: Int32Array[];
  readonly raw: Float64Array[];
  readonly delta: Int16Array[];
  readonly aligned: Int16Array[];
  readonly exponent: Int32Array;
  /** Softmax only. */
  readonly exponentials: Float64Array;
  /** Saturated values by layer and cause; the caller clears them. */
  readonly saturation: Float64Array[];
}

/** Samples that were read before this one: the noise of reads is drawn by them. */
export interface SampleCounts {
  forward: number;
  backward: number;
}

/** Tests draw their noise as samples from here on: they count nowhere. */
export const TEST_SAMPLES = 2 ** 30;

export const hasReadNoise = ({ cell }: Ir): boolean => (cell.device?.readNoise.length ?? 0) > 0;

export interface SamplePath {
  readonly scratch: Scratch;
  readonly samples: SampleCounts;
  /** The path's own update unit, if it has one. */
  readonly updateUnit?: UpdateUnit;
  /** Takes scratch.x[0]; @returns the prediction */
  run(label: number, train: boolean): number;
}

export interface UpdateUnit {
  /** Updates layer l from its gradient (mbgd) or from the scratch (sgd), and counts clipped pulses.
   *  @returns Σ over rows of the largest count, and the pulses given */
  update(l: number): { slots: number; pulses: number };
  /** The time of one batch passes for layer l.
   *  @param age batches before */
  drift(l: number, age: number): void;
}

export function createScratch(ir: Ir, allocate: Allocator = plainAllocator): Scratch {
  const outputs = ir.layers.map((layer) => layer.outputs);
  return {
    x: ir.vectors.map((v) => allocate.int16(v.size)),
    z: outputs.map((n) => allocate.int32(n)),
    raw: outputs.map((n) => allocate.float64(n)),
    delta: outputs.map((n) => allocate.int16(n)),
    aligned: outputs.map((n) => allocate.int16(n)),
    exponent: allocate.int32(outputs.length),
    exponentials: allocate.float64(ir.errorUnit.outputs),
    saturation: outputs.map(() => allocate.float64(CAUSES.length)),
  };
}

/** Tile of each driven line: lines are dealt to the tiles in blocks of one tile's ADCs (docs/machine.md). */
export function tileOfLine(count: number, group: number, adcs: number): Uint16Array {
  return Uint16Array.from({ length: count }, (_, i) => Math.floor((i % group) / adcs));
}

const sampled = (source: ReadNoise | null, samples: number) => (source ? { source, samples } : null);

export class PlainSamplePath implements SamplePath {
  readonly scratch: Scratch;
  readonly samples: SampleCounts = { forward: 0, backward: 0 };
  /** Codes of the last reads, [plane][summed tile][line]; the tracer reads them. */
  readonly forwardCodes: Float64Array[];
  readonly backwardCodes: Float64Array[];
  readonly #ir: Ir;
  readonly #layers: readonly LayerState[];
  readonly #sums: Float64Array;
  readonly #rowTile: Uint16Array[];
  readonly #colTile: Uint16Array[];
  readonly #forwardNoise: (ReadNoise | null)[];
  readonly #backwardNoise: (ReadNoise | null)[];

  constructor(ir: Ir, layers: readonly LayerState[]) {
    this.#ir = ir;
    this.#layers = layers;
    this.scratch = createScratch(ir);
    this.forwardCodes = ir.layers.map((l) => new Float64Array(l.forward.planes * l.forward.summedTiles * l.outputs));
    this.backwardCodes = ir.layers.map((l) =>
      l.backward ? new Float64Array(l.backward.planes * l.backward.summedTiles * l.inputs) : new Float64Array(0),
    );
    this.#sums = new Float64Array(Math.max(...ir.vectors.map((v) => v.size)));
    this.#rowTile = ir.layers.map((l) => tileOfLine(l.inputs, l.rowGroup, l.rowAdcs));
    this.#colTile = ir.layers.map((l) => tileOfLine(l.outputs, l.forward.group, l.forward.adcsPerTile));
    const noise = (layer: LayerIr, forward: boolean): ReadNoise | null => {
      const { devices } = layers[layer.index];
      const read = forward ? layer.forward : layer.backward;
      return devices && read && hasReadNoise(ir) ? new ReadNoise(devices, layer, read, forward) : null;
    };
    this.#forwardNoise = ir.layers.map((l) => noise(l, true));
    this.#backwardNoise = ir.layers.map((l) => noise(l, false));
  }

  run(label: number, train: boolean): number {
    this.#ir.layers.forEach((_, l) => {
      this.#forward(l);
    });
    const prediction = this.#error(label);
    if (train) {
      for (let l = this.#ir.layers.length - 1; l > 0; l--) this.#backward(l);
      for (const layer of this.#ir.lowRank || this.#ir.coincidence ? [] : this.#ir.layers) {
        const { delta, exponent, aligned, saturation } = this.scratch;
        saturation[layer.index][ALIGNED] += alignErrors(
          layer,
          delta[layer.index],
          exponent[layer.index],
          aligned[layer.index],
        );
      }
    }
    return prediction;
  }

  #forward(l: number): void {
    const layer = this.#ir.layers[l];
    const state = this.#layers[l];
    const { x, z, saturation } = this.scratch;
    const codes = this.forwardCodes[l];
    const range = state.ranges[FORWARD];
    saturation[l][FORWARD] += readCodes(
      layer.forward,
      x[l],
      state.weights,
      state.forwardStride,
      layer.outputs,
      this.#rowTile[l],
      range,
      codes,
      sampled(this.#forwardNoise[l], this.samples.forward),
    );
    shiftAdd(layer.forward, codes, layer.outputs, this.#sums);
    const inputRange = l > 0 ? this.#layers[l - 1].ranges[ACTIVATION] : 0;
    saturation[l][Z] += requantise(layer, this.#sums, range, inputRange, z[l]);
    if (l < this.#ir.layers.length - 1 || this.#ir.errorUnit.loss === "squared-error")
      saturation[l][ACTIVATION] += activate(this.#ir, layer, z[l], state.ranges[ACTIVATION], x[l + 1]);
  }

  #error(label: number): number {
    const ir = this.#ir;
    const last = ir.layers.length - 1;
    const { x, z, raw, exponentials } = this.scratch;
    const prediction =
      ir.errorUnit.loss === "squared-error"
        ? squaredErrors(ir, x[last + 1], label, raw[last])
        : softmaxErrors(ir.errorUnit, z[last], label, exponentials, raw[last]);
    this.#scale(last, 0);
    return prediction;
  }

  #backward(l: number): void {
    const layer = this.#ir.layers[l];
    const state = this.#layers[l];
    const { x, raw, delta, exponent, saturation } = this.scratch;
    const read = layer.backward;
    if (!read) return;
    const codes = this.backwardCodes[l];
    const range = state.ranges[BACKWARD];
    saturation[l][BACKWARD] += readCodes(
      read,
      delta[l],
      state.transposed,
      state.backwardStride,
      layer.inputs,
      this.#colTile[l],
      range,
      codes,
      sampled(this.#backwardNoise[l], this.samples.backward),
    );
    shiftAdd(read, codes, layer.inputs, this.#sums);
    rawErrors(this.#ir.activation, this.#ir.vectors[l], this.#sums, x[l], raw[l - 1]);
    this.#scale(l - 1, exponent[l] + range);
  }

  #scale(l: number, incoming: number): void {
    const { raw, delta, exponent } = this.scratch;
    exponent[l] = incoming + scaleErrors(raw[l], this.#ir.layers[l].outputs, this.#ir.errorBits, delta[l]);
  }
}
