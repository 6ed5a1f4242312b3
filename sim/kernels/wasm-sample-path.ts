/** One sample through the machine on the kernels. Same steps and same contents of the scratch as `PlainSamplePath`. */

import { DRAW } from "../../generator/device/response.ts";
import type { Activation, Ir, LayerIr, ReadIr } from "../../generator/ir/ir.ts";
import {
  createScratch,
  hasReadNoise,
  type SampleCounts,
  type SamplePath,
  type Scratch,
  tileOfLine,
  type UpdateUnit,
} from "../sample-path.ts";
import { ACTIVATION, ALIGNED, BACKWARD, FORWARD, LANE_PAD, type LayerState, PULSE, Z } from "../state.ts";
import { type TileKeys, tileKeys } from "../units/cell.ts";
import { programOrder, RankSum } from "../units/update-unit.ts";
import type { Arena } from "./arena.ts";
import * as rankSum from "./assembly/rank-sum-layout.ts";
import type { Kernels } from "./load.ts";

const ACTIVATION_NUMBER: Record<Activation, number> = { relu: 0, sigmoid: 1, tanh: 2 };
/** Column sums of the narrow read fit this. */
const MAX_INT16 = 32767;

/** A layer's state as the sample path sees it. */
export type ReadState = Pick<
  LayerState,
  "weights" | "transposed" | "forwardStride" | "backwardStride" | "ranges" | "devices" | "cellWords"
>;

/** Working memory of one direction of a layer. */
interface ReadBuffers {
  readonly tileOf: Uint16Array;
  /** [plane][tile][capacity] addresses of the rows whose bit is set. */
  readonly lists: Uint32Array;
  readonly capacity: number;
  readonly counts: Int32Array;
  readonly sums: Int32Array;
  /** [plane][tile][sampled line], where reads have noise. */
  readonly noise: Int32Array | null;
}

/** A thread's own memory. Plain data, so that it can be made in one thread and sent to another. */
export interface PathBuffers {
  readonly scratch: Scratch;
  readonly forward: readonly ReadBuffers[];
  readonly backward: readonly (ReadBuffers | null)[];
  readonly block: Int16Array;
  readonly activationTable: Int16Array;
  readonly exponentialTable: Int32Array;
}

function readBuffers(
  read: ReadIr,
  driven: number,
  sampled: number,
  group: number,
  adcs: number,
  noisy: boolean,
  arena: Arena,
): ReadBuffers {
  const tiles = tileOfLine(driven, group, adcs);
  const lines = new Int32Array(read.summedTiles);
  for (const t of tiles) lines[t]++;
  const capacity = lines.reduce((a, b) => Math.max(a, b), 1);
  const tileOf = arena.uint16(driven);
  tileOf.set(tiles);
  return {
    tileOf,
    lists: arena.uint32(read.planes * read.summedTiles * capacity),
    capacity,
    counts: arena.int32(2 * read.planes * read.summedTiles),
    sums: arena.int32(Math.ceil(sampled / LANE_PAD) * LANE_PAD),
    noise: noisy ? arena.int32(noiseWords(read, sampled)) : null,
  };
}

/** Words of the noise of one read; a tile's last ADCs are written four at a time. */
export const noiseWords = (read: ReadIr, sampled: number): number =>
  read.planes * read.summedTiles * Math.ceil(sampled / LANE_PAD) * LANE_PAD + read.group + 4;

export function createPathBuffers(ir: Ir, arena: Arena): PathBuffers {
  const noisy = hasReadNoise(ir);
  const activationTable = arena.int16(ir.activationTable.length);
  activationTable.set(ir.activationTable);
  const exponentialTable = arena.int32(ir.errorUnit.exponentialTable.length);
  exponentialTable.set(ir.errorUnit.exponentialTable);
  return {
    scratch: createScratch(ir, arena),
    forward: ir.layers.map((l) => readBuffers(l.forward, l.inputs, l.outputs, l.rowGroup, l.rowAdcs, noisy, arena)),
    backward: ir.layers.map((l) =>
      l.backward
        ? readBuffers(l.backward, l.outputs, l.inputs, l.forward.group, l.forward.adcsPerTile, noisy, arena)
        : null,
    ),
    block: arena.int16(LANE_PAD),
    activationTable,
    exponentialTable,
  };
}

/** What the noise of one direction's reads depends on beside the read itself. */
interface NoiseArguments {
  readonly cellWords: Int32Array;
  readonly draw: number;
  readonly read: ReadIr;
  readonly sampled: number;
  readonly keys: TileKeys;
}

const NO_NOISE = new Array<number>(8).fill(0);

const noiseArguments = ({ cellWords, draw, read, sampled, keys }: NoiseArguments, reads: number): number[] => [
  cellWords.byteOffset,
  draw,
  reads,
  read.sampledTiles,
  read.adcsPerTile,
  sampled,
  keys.summed,
  keys.sampled,
];

/** The arguments of one direction's read that stay the same from sample to sample. */
class Reader {
  readonly #kernels: Kernels;
  readonly #read: ReadIr;
  readonly #buffers: ReadBuffers;
  readonly #drive: Int16Array;
  readonly #weights: Int16Array;
  readonly #stride: number;
  readonly #block: number;
  readonly #noise: NoiseArguments | null;
  /** Planes whose merged codes fit 16 bits together; −1: not even a column sum does. */
  readonly #group: number;

  constructor(
    kernels: Kernels,
    ir: Ir,
    read: ReadIr,
    buffers: ReadBuffers,
    drive: Int16Array,
    weights: Int16Array,
    stride: number,
    block: Int16Array,
    noise: NoiseArguments | null,
  ) {
    this.#kernels = kernels;
    this.#noise = noise;
    this.#read = read;
    this.#buffers = buffers;
    this.#drive = drive;
    this.#weights = weights;
    this.#stride = 2 * stride;
    this.#block = block.byteOffset;
    const largest = read.codeMax * read.summedTiles;
    if (noise || Math.max(buffers.capacity * ir.cell.weightOne, read.codeMax) > MAX_INT16) this.#group = -1;
    else this.#group = Math.floor(Math.log2(MAX_INT16 / largest + 1));
  }

  /** @param samples read in this direction before
   *  @returns codes that saturated */
  run(range: number, samples: number): number {
    const { planes, summedTiles, codeMax, steps } = this.#read;
    const { tileOf, lists, capacity, counts, sums, noise: room } = this.#buffers;
    const [drive, weights] = [this.#drive, this.#weights.byteOffset];
    const [l, c, s] = [lists.byteOffset, counts.byteOffset, sums.byteOffset];
    const [at, n] = [drive.byteOffset, drive.length];
    return this.#group < 0
      ? this.#kernels.readWide(
          at,
          n,
          planes,
          tileOf.byteOffset,
          summedTiles,
          weights,
          this.#stride,
          range,
          codeMax,
          l,
          capacity,
          c,
          s,
          room?.byteOffset ?? 0,
          ...(this.#noise ? noiseArguments(this.#noise, samples * steps * planes) : NO_NOISE),
        )
      : this.#kernels.read(
          at,
          n,
          planes,
          tileOf.byteOffset,
          summedTiles,
          weights,
          this.#stride,
          range,
          codeMax,
          this.#group,
          l,
          capacity,
          c,
          this.#block,
          s,
        );
  }
}

function noiseOf(layer: LayerIr, { devices, cellWords }: ReadState, direction: typeof FORWARD | typeof BACKWARD) {
  const read = direction === FORWARD ? layer.forward : layer.backward;
  if (!read || !devices || devices.readNoise.length === 0) return null;
  const sampled = direction === FORWARD ? layer.outputs : layer.inputs;
  const draw = direction === FORWARD ? DRAW.forward : DRAW.backward;
  return { cellWords, draw, read, sampled, keys: tileKeys(layer, direction === FORWARD) };
}

export class WasmSamplePath implements SamplePath {
  readonly scratch: Scratch;
  readonly samples: SampleCounts = { forward: 0, backward: 0 };
  updateUnit?: UpdateUnit;
  readonly #kernels: Kernels;
  readonly #ir: Ir;
  readonly #layers: readonly ReadState[];
  readonly #buffers: PathBuffers;
  readonly #forwardReads: Reader[];
  readonly #backwardReads: (Reader | null)[];
  readonly #activation: number;

  constructor(kernels: Kernels, ir: Ir, layers: readonly ReadState[], buffers: PathBuffers) {
    this.#kernels = kernels;
    this.#ir = ir;
    this.#layers = layers;
    this.#buffers = buffers;
    const { scratch, block } = buffers;
    this.scratch = scratch;
    this.#activation = ACTIVATION_NUMBER[ir.activation];
    this.#forwardReads = ir.layers.map(
      (layer, l) =>
        new Reader(
          kernels,
          ir,
          layer.forward,
          buffers.forward[l],
          scratch.x[l],
          layers[l].weights,
          layers[l].forwardStride,
          block,
          noiseOf(layer, layers[l], FORWARD),
        ),
    );
    this.#backwardReads = ir.layers.map((layer, l) => {
      const own = buffers.backward[l];
      if (!layer.backward || !own) return null;
      return new Reader(
        kernels,
        ir,
        layer.backward,
        own,
        scratch.delta[l],
        layers[l].transposed,
        layers[l].backwardStride,
        block,
        noiseOf(layer, layers[l], BACKWARD),
      );
    });
  }

  run(label: number, train: boolean): number {
    const count = this.#ir.layers.length;
    for (let l = 0; l < count; l++) this.forward(l);
    const prediction = this.error(label);
    if (train) {
      for (let l = count - 1; l > 0; l--) this.backward(l);
      this.align();
    }
    return prediction;
  }

  forward(l: number): void {
    const ir = this.#ir;
    const layer = ir.layers[l];
    const { x, z, saturation } = this.scratch;
    const counts = saturation[l];
    const { ranges } = this.#layers[l];
    const range = ranges[FORWARD];
    counts[FORWARD] += this.#forwardReads[l].run(range, this.samples.forward);
    const shift = layer.requantShift - range - (l > 0 ? this.#layers[l - 1].ranges[ACTIVATION] : 0);
    counts[Z] += this.#kernels.requantise(
      this.#buffers.forward[l].sums.byteOffset,
      layer.outputs,
      layer.requantMultiplier,
      shift,
      2 ** (layer.zBits - 1) - 1,
      z[l].byteOffset,
    );
    if (l === ir.layers.length - 1 && ir.errorUnit.loss !== "squared-error") return;
    counts[ACTIVATION] += this.#activate(layer, z[l], ranges[ACTIVATION], x[l + 1]);
  }

  #activate(layer: LayerIr, z: Int32Array, range: number, x: Int16Array): number {
    const ir = this.#ir;
    const { fraction, bits } = ir.vectors[layer.index + 1];
    if (ir.activation === "relu")
      return this.#kernels.activateRelu(
        z.byteOffset,
        layer.outputs,
        layer.zFraction - fraction + range,
        2 ** bits - 1,
        x.byteOffset,
      );
    const shift = layer.zFraction - ir.activationTableFraction;
    this.#kernels.activateTable(
      z.byteOffset,
      layer.outputs,
      shift,
      this.#buffers.activationTable.byteOffset,
      x.byteOffset,
    );
    return 0;
  }

  error(label: number): number {
    const ir = this.#ir;
    const unit = ir.errorUnit;
    const last = ir.layers.length - 1;
    const { x, z, raw, exponentials } = this.scratch;
    const prediction =
      unit.loss === "squared-error"
        ? this.#kernels.squaredErrors(
            x[last + 1].byteOffset,
            unit.outputs,
            label,
            unit.targetOne,
            this.#activation,
            ir.vectors[last + 1].bits,
            raw[last].byteOffset,
          )
        : this.#kernels.softmaxErrors(
            z[last].byteOffset,
            unit.outputs,
            label,
            unit.log2e,
            unit.zFraction + unit.log2eFraction,
            this.#buffers.exponentialTable.byteOffset,
            unit.exponentialBits,
            unit.probabilityFraction,
            exponentials.byteOffset,
            raw[last].byteOffset,
          );
    this.#scale(last, 0);
    return prediction;
  }

  backward(l: number): void {
    const read = this.#backwardReads[l];
    const own = this.#buffers.backward[l];
    if (!read || !own) return;
    const { x, raw, exponent, saturation } = this.scratch;
    const range = this.#layers[l].ranges[BACKWARD];
    saturation[l][BACKWARD] += read.run(range, this.samples.backward);
    const { bits, size } = this.#ir.vectors[l];
    this.#kernels.rawErrors(this.#activation, bits, own.sums.byteOffset, x[l].byteOffset, size, raw[l - 1].byteOffset);
    this.#scale(l - 1, exponent[l] + range);
  }

  #scale(l: number, incoming: number): void {
    const { raw, delta, exponent } = this.scratch;
    const { outputs } = this.#ir.layers[l];
    exponent[l] =
      incoming + this.#kernels.scaleErrors(raw[l].byteOffset, outputs, this.#ir.errorBits, delta[l].byteOffset);
  }

  align(): void {
    const { delta, exponent, aligned, saturation } = this.scratch;
    if (this.#ir.lowRank || this.#ir.coincidence) return;
    for (const { index: l, outputs, gradient } of this.#ir.layers)
      saturation[l][ALIGNED] += this.#kernels.alignErrors(
        delta[l].byteOffset,
        outputs,
        gradient.exponentZero - exponent[l],
        2 ** (gradient.alignedBits - 1) - 1,
        aligned[l].byteOffset,
      );
  }
}

/** `update_unit` on the kernels; one for the machine, not one for each thread. */
export class WasmUpdateUnit implements UpdateUnit {
  readonly #kernels: Kernels;
  readonly #ir: Ir;
  readonly #layers: readonly LayerState[];
  readonly #scratch: Scratch;
  readonly #orders: Int32Array[];
  readonly #random: Uint32Array;
  readonly #product: Int32Array;
  readonly #result: Float64Array;
  /** By layer: the words that describe its low-rank gradient, and the shifts of its outer products. */
  readonly #ranks: { words: Int32Array; shifts: Int32Array }[];

  constructor(kernels: Kernels, ir: Ir, layers: readonly LayerState[], scratch: Scratch, arena: Arena) {
    this.#kernels = kernels;
    this.#ir = ir;
    this.#layers = layers;
    this.#scratch = scratch;
    this.#orders = ir.layers.map((layer) => {
      const order = programOrder(layer);
      const placed = arena.int32(order.length);
      placed.set(order);
      return placed;
    });
    const row = Math.max(...ir.vectors.map((v) => v.words * v.lanes)) + 16;
    this.#random = arena.uint32(row);
    this.#product = arena.int32(row);
    this.#result = arena.float64(3);
    const { lowRank: unit } = ir;
    const factors = arena.int32(unit?.terms ?? 0);
    const scaled = arena.float64(unit ? row : 0);
    this.#ranks = layers.flatMap(({ lowRank }) => {
      if (!unit || !lowRank) return [];
      const { x, d, mantissas } = lowRank;
      const words = arena.int32(rankSum.WORDS);
      const shifts = arena.int32(unit.outer);
      words[rankSum.PASSES] = unit.passes;
      words[rankSum.TERMS] = unit.terms;
      words[rankSum.X_COLUMNS] = x.factors.subarray(unit.first * x.stride).byteOffset;
      words[rankSum.X_STRIDE] = 2 * x.stride;
      words[rankSum.D_COLUMNS] = d.factors.subarray(unit.first * d.stride).byteOffset;
      words[rankSum.D_STRIDE] = 2 * d.stride;
      words[rankSum.MANTISSAS] = mantissas.byteOffset;
      words[rankSum.SHIFTS] = shifts.byteOffset;
      words[rankSum.FACTORS] = factors.byteOffset;
      words[rankSum.SCALED] = scaled.byteOffset;
      return [{ words, shifts }];
    });
  }

  /** Prepares layer l's outer products; @returns the shift of their rounding */
  #rankSum(l: number, { words, shifts }: { words: Int32Array; shifts: Int32Array }): number {
    const { lowRank } = this.#layers[l];
    if (!this.#ir.lowRank || !lowRank) throw new Error("the design has no low-rank units");
    const sum = new RankSum(this.#ir.layers[l], this.#ir.lowRank, lowRank);
    shifts.set(sum.shifts);
    words[rankSum.CUT] = Math.min(sum.cut, 63);
    return sum.shift;
  }

  drift(l: number, age: number): void {
    const { inputs, outputs } = this.#ir.layers[l];
    this.#kernels.drift(this.#layers[l].cellWords.byteOffset, age, inputs, outputs);
  }

  update(l: number): { slots: number; pulses: number } {
    const ir = this.#ir;
    const layer = ir.layers[l];
    const state = this.#layers[l];
    const { lanes, words } = ir.vectors[l + 1];
    const { multiplier, shift, randomBits, pulseMax, rows } = layer.update;
    const ranks = this.#ranks[l];
    this.#kernels.update(
      this.#orders[l].byteOffset,
      rows,
      layer.rowTiles,
      layer.outputs,
      ir.keeps === "gradient" ? state.gradient.byteOffset : 0,
      ranks ? ranks.words.byteOffset : 0,
      this.#scratch.x[l].byteOffset,
      this.#scratch.aligned[l].byteOffset,
      multiplier,
      ranks ? this.#rankSum(l, ranks) : shift - (l > 0 ? this.#layers[l - 1].ranges[ACTIVATION] : 0),
      ir.rounding === "stochastic" ? 1 : 0,
      randomBits,
      state.lfsr.byteOffset,
      lanes,
      words,
      pulseMax,
      ir.readBacks,
      state.cellWords.byteOffset,
      this.#random.byteOffset,
      this.#product.byteOffset,
      this.#result.byteOffset,
    );
    const [clipped, slots, pulses] = this.#result;
    state.saturation[PULSE] += clipped;
    return { slots, pulses };
  }
}
