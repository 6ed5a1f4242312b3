/** Every architectural event at its cycle, from what each phase left in the buffers (docs/machine.md has the timing).
 *  A listener of `Machine`; nothing here is computed when nobody listens. */
import { LATCH_BITS } from "../generator/ir/coincidence.ts";
import { HAND_OVER, handOverWait, programCycles } from "../generator/ir/hand-over.ts";
import type { Ir, LayerIr, ReadIr } from "../generator/ir/ir.ts";
import {
  type ReadSchedule,
  type RowSchedule,
  type Schedule,
  schedule,
  type TrainSchedule,
} from "../generator/ir/schedule.ts";
import type { Instruction } from "../generator/methods/low-rank/program.ts";
import { packLanes } from "./arith.ts";
import { type EventSink, Events } from "./events.ts";
import type { Listener, Machine } from "./machine.ts";
import type { ProgrammedRow } from "./pulse-times.ts";
import { rowSlots, rowTimes, trainTimes } from "./pulse-times.ts";
import type { PlainSamplePath, Scratch } from "./sample-path.ts";
import { ACTIVATION, BACKWARD, FORWARD, trainedSamples } from "./state.ts";
import { LowRankTracer } from "./trace-low-rank.ts";
import type { Train } from "./units/pulse-train.ts";
import type { HostStalls } from "./units/sample-input.ts";

/** Numbers of the phases (docs/machine.md). */
export const PHASE = { idle: 0, load: 1, forward: 2, error: 3, backward: 4, gradient: 5, update: 6, range: 7 } as const;

/** Lines of each tile along an edge that belong to these neurons. */
function lineMasks(neurons: Uint16Array, tiles: number, group: number, adcs: number, linesPerAdc: number): bigint[] {
  const masks = new Array<bigint>(tiles).fill(0n);
  for (const n of neurons) {
    const q = n % group;
    masks[Math.floor(q / adcs)] |= 1n << BigInt((q % adcs) * linesPerAdc + Math.floor(n / group));
  }
  return masks;
}

export class Tracer implements Listener {
  /** First cycle of the phase that comes next. */
  cycle: number;
  readonly #ir: Ir;
  readonly #schedule: Schedule;
  readonly #lowRank: LowRankTracer | null;
  readonly #machine: Machine;
  readonly #path: PlainSamplePath;
  readonly #stalls: HostStalls;
  readonly #events: Events;
  #layerRegister = 0;
  #lastAccept: number;
  /** Cycle in which the low-rank program was last started; its instructions' events lie ahead of `cycle`. */
  #handOver = 0;

  /** @param start cycle in which the machine is ready for the next sample */
  constructor(ir: Ir, machine: Machine, path: PlainSamplePath, stalls: HostStalls, sink: EventSink, start = 0) {
    this.cycle = start;
    this.#lastAccept = start - 1;
    this.#ir = ir;
    this.#schedule = schedule(ir);
    this.#machine = machine;
    this.#path = path;
    this.#stalls = stalls;
    this.#events = new Events(ir, sink);
    this.#lowRank = ir.lowRank ? new LowRankTracer(ir, ir.lowRank, machine, this.#events) : null;
    this.#ranges(start);
  }

  #enter(phase: keyof typeof PHASE, layer: number): number {
    this.#events.set("sequencer/o_phase", this.cycle, PHASE[phase]);
    this.#layerRegister = layer;
    if (phase !== "load") this.#events.emit("sequencer/o_start", this.cycle, layer);
    return this.cycle;
  }

  #ranges(cycle: number): void {
    this.#ir.layers.forEach((layer, l) => {
      const { ranges } = this.#machine.state.layers[l];
      this.#events.set(`layer_${l}/forward_range`, cycle, ranges[FORWARD]);
      if (layer.backward) this.#events.set(`layer_${l}/backward_range`, cycle, ranges[BACKWARD]);
      this.#events.set(`layer_${l}/activation_range`, cycle, ranges[ACTIVATION]);
    });
  }

  sample(scratch: Scratch, _label: number, prediction: number, train: boolean): void {
    const { layers } = this.#ir;
    this.#load(scratch);
    for (const layer of layers) this.#forward(layer, scratch);
    this.#error(scratch, prediction);
    if (train) for (let l = layers.length - 1; l > 0; l--) this.#backward(layers[l], scratch);
  }

  #load(scratch: Scratch): void {
    const ir = this.#ir;
    const { write } = this.#schedule.load;
    const t0 = this.#enter("load", this.#layerRegister);
    const { lanes, words, bits, size } = ir.vectors[0];
    for (let beat = 0; beat <= words; beat++) {
      this.#lastAccept = Math.max(t0, this.#lastAccept + 1 + this.#stalls.next());
      if (beat < words)
        this.#events.emit(
          "layer_0/x_write",
          this.#lastAccept + write.cycles,
          beat,
          packLanes(scratch.x[0], beat * lanes, lanes, bits, size),
        );
    }
    this.cycle = this.#lastAccept + 1;
  }

  /** Codes of one read, tile by tile, and the cycles of its words.
   *  @param line sampled line of a tile's ADC: (tile along the sampled side, ADC, step) */
  #codes(
    layer: LayerIr,
    read: ReadIr,
    at: ReadSchedule,
    codes: Float64Array,
    sampled: number,
    forward: boolean,
    t0: number,
  ): void {
    const { readCycles } = this.#ir;
    const lanes = new Float64Array(read.adcsPerTile);
    for (let g = 0; g < read.steps; g++) {
      const first = t0 + at.codes.cycles + g * read.stepCycles;
      for (let n = 0; n < read.planes; n++) {
        const visible = first + n * readCycles;
        for (let along = 0; along < read.sampledTiles; along++) {
          for (let t = 0; t < read.summedTiles; t++) {
            for (let a = 0; a < read.adcsPerTile; a++) {
              const line = g * read.group + along * read.adcsPerTile + a;
              lanes[a] = line < sampled ? codes[(n * read.summedTiles + t) * sampled + line] : 0;
            }
            const [r, c] = forward ? [t, along] : [along, t];
            this.#events.emit(
              `layer_${layer.index}.g_row[${r}].g_col[${c}].tile/${forward ? "column_valid" : "row_valid"}`,
              visible,
              packLanes(lanes, 0, lanes.length, read.codeBits, lanes.length),
            );
          }
        }
      }
    }
  }

  /** Calls back for each word of a read's result, with its cycle. */
  #words(read: ReadIr, at: ReadSchedule, t0: number, each: (word: number, cycle: number) => void): void {
    for (let g = 0; g < read.steps; g++) {
      const words = g === read.steps - 1 ? read.lastStepWords : read.wordsPerStep;
      const first = t0 + at.word.cycles + g * read.stepCycles;
      for (let u = 0; u < words; u++) each(g * read.wordsPerStep + u, first + u);
    }
  }

  #forward(layer: LayerIr, scratch: Scratch): void {
    const ir = this.#ir;
    const l = layer.index;
    const t0 = this.#enter("forward", l);
    const at = this.#schedule.forward[l];
    this.#codes(layer, layer.forward, at, this.#path.forwardCodes[l], layer.outputs, true, t0);
    const output = ir.vectors[l + 1];
    const last = l === ir.layers.length - 1;
    const unused = -(2 ** (layer.zBits - 1) - 1);
    this.#words(layer.forward, at, t0, (word, cycle) => {
      const start = word * output.lanes;
      const x = packLanes(scratch.x[l + 1], start, output.lanes, output.bits, output.size);
      if (!last) this.#events.emit(`layer_${l + 1}/x_write`, cycle, word, x);
      else {
        const z = Array.from({ length: output.lanes }, (_, k) =>
          start + k < output.size ? scratch.z[l][start + k] : unused,
        );
        const value =
          ir.errorUnit.loss === "squared-error" ? x : packLanes(z, 0, output.lanes, layer.zBits, output.lanes);
        this.#events.emit("error_unit/y_write", cycle, word, value);
      }
    });
    this.cycle = t0 + at.all.cycles;
  }

  #error(scratch: Scratch, prediction: number): void {
    const ir = this.#ir;
    const { outputs, lanes, words } = ir.errorUnit;
    const last = ir.layers.length - 1;
    const t0 = this.#enter("error", last);
    const { exponential, prediction: decided, start, period, all } = this.#schedule.error;
    if (exponential)
      for (let j = 0; j < outputs; j++)
        this.#events.emit("error_unit/exp_write", t0 + exponential.cycles + j, scratch.exponentials[j]);
    this.#events.emit("error_unit/prediction_valid", t0 + decided.cycles, prediction);
    for (let w = 0; w < words; w++) {
      const done = Math.min(outputs, (w + 1) * lanes);
      this.#raw(last, scratch, w, t0 + start.cycles + done * period.cycles);
    }
    this.#scale(last, scratch, t0 + all.cycles);
  }

  #raw(l: number, scratch: Scratch, word: number, cycle: number): void {
    const layer = this.#ir.layers[l];
    const { lanes, size } = this.#ir.vectors[l + 1];
    this.#events.emit(
      `layer_${l}/raw_write`,
      cycle,
      word,
      packLanes(scratch.raw[l], word * lanes, lanes, layer.rawBits, size),
    );
  }

  /** @param begin the cycle after the last raw word's */
  #scale(l: number, scratch: Scratch, begin: number): void {
    const { delta, length } = this.#schedule.scalers[l];
    const { lanes, words, size } = this.#ir.vectors[l + 1];
    for (let w = 0; w < words; w++)
      this.#events.emit(
        `layer_${l}/delta_write`,
        begin + delta.cycles + w,
        w,
        packLanes(scratch.delta[l], w * lanes, lanes, this.#ir.errorBits, size),
        scratch.exponent[l],
      );
    this.cycle = begin + length.cycles;
  }

  #backward(layer: LayerIr, scratch: Scratch): void {
    const read = layer.backward;
    const l = layer.index;
    const at = this.#schedule.backward[l];
    if (!read || !at) return;
    const t0 = this.#enter("backward", l);
    this.#codes(layer, read, at, this.#path.backwardCodes[l], layer.inputs, false, t0);
    this.#words(read, at, t0, (word, cycle) => {
      this.#raw(l - 1, scratch, word, cycle);
    });
    this.#scale(l - 1, scratch, t0 + at.all.cycles);
  }

  gradientStart(): void {
    const t0 = this.#enter("gradient", this.#layerRegister);
    if (this.#ir.lowRank) this.#handOver = t0 + handOverWait(this.#ir, this.#sample, t0 - this.#programStart);
  }

  /** First cycle of the programs that the last hand-over started. */
  get #programStart(): number {
    return this.#handOver + HAND_OVER.cycles;
  }

  /** Number of the sample that is trained on. */
  get #sample(): number {
    return trainedSamples(this.#ir, this.#machine.state) - 1;
  }

  instruction(l: number, instruction: Instruction, cycle: number, element: number): void {
    this.#lowRank?.instruction(l, instruction, this.#programStart + cycle, element);
  }

  gradient(batchEnds: boolean): void {
    const ir = this.#ir;
    const t0 = this.cycle;
    if (ir.lowRank) this.cycle = this.#programStart + (batchEnds ? programCycles(ir, this.#sample) : 0);
    const at = this.#schedule.gradient;
    if (!at) return;
    ir.layers.forEach((layer, l) => {
      const { lanes, words, size } = ir.vectors[l + 1];
      const { gradient } = this.#machine.state.layers[l];
      for (let n = 0; n < layer.gradient.bufferWords; n++) {
        const start = Math.floor(n / words) * size;
        const data = packLanes(
          gradient,
          start + (n % words) * lanes,
          lanes,
          layer.gradient.accumulatorBits,
          start + size,
        );
        this.#events.emit(`layer_${l}/gradient_write`, t0 + at.write.cycles + n, n, data);
      }
    });
    this.cycle = t0 + at.length.cycles;
  }

  update(rows: readonly ProgrammedRow[][]): void {
    this.#update((layer, b) => {
      const at = this.#schedule.update.layers[layer.index].rows;
      return at ? rows[layer.index].reduce((next, row) => this.#row(layer, at, row, next), b) : b;
    });
  }

  trains(trains: readonly Train[][]): void {
    this.#update((layer, b) => {
      const at = this.#schedule.update.layers[layer.index].trains;
      return at ? trains[layer.index].reduce((next, train) => this.#train(layer, at, train, next), b) : b;
    });
  }

  /** @param programmed takes a layer from its first row or outer product to where another one would begin */
  #update(programmed: (layer: LayerIr, begin: number) => number): void {
    const { begin, end } = this.#schedule.update;
    const first = this.#enter("update", this.#layerRegister) + begin.cycles;
    this.cycle = Math.max(...this.#ir.layers.map((layer) => programmed(layer, first))) + end.cycles;
  }

  /** One outer product's train from its first cycle; @returns the first cycle of the next */
  #train(layer: LayerIr, at: TrainSchedule, { total, trace }: Train, b: number): number {
    const ir = this.#ir;
    const l = layer.index;
    const times = trainTimes(ir, at, total, b);
    if (!trace) return times.next;
    for (const [side, codes, { lanes, words, size }] of [
      ["x", trace.xLatches, ir.vectors[l]],
      ["d", trace.dLatches, ir.vectors[l + 1]],
    ] as const)
      for (let w = 0; w < words; w++)
        this.#events.emit(
          `layer_${l}/${side}_threshold_write`,
          b + at.thresholds.cycles + w,
          w,
          packLanes(codes, w * lanes, lanes, LATCH_BITS, size),
        );
    trace.firings.forEach(({ phase, up, rows, columns }, slot) => {
      const cycle = times.pulse(slot);
      this.#events.emit(`layer_${l}/pulse`, cycle, trace.slots, phase);
      const { rowAdcs, rowGroup, linesPerAdc, forward } = layer;
      const rowMasks = lineMasks(rows, layer.rowTiles, rowGroup, rowAdcs, linesPerAdc);
      const columnMasks = lineMasks(columns, layer.colTiles, forward.group, forward.adcsPerTile, linesPerAdc);
      rowMasks.forEach((rowMask, r) => {
        columnMasks.forEach((columnMask, c) => {
          this.#events.emit(`layer_${l}.g_row[${r}].g_col[${c}].tile/pulse`, cycle, rowMask, columnMask, up ? 1 : 0);
        });
      });
    });
    return times.next;
  }

  /** One programmed row from its first cycle; @returns the first cycle of the next */
  #row(layer: LayerIr, at: RowSchedule, row: ProgrammedRow, b: number): number {
    const ir = this.#ir;
    const l = layer.index;
    const { lanes, words, size } = ir.vectors[l + 1];
    const terms = ir.lowRank?.terms ?? 1;
    row.counts.forEach((counts, tile) => {
      if (!counts) return;
      for (let w = 0; w < words; w++)
        this.#events.emit(
          `layer_${l}/count_write`,
          b + (tile * words + w + 1) * terms + at.count.cycles,
          tile,
          w,
          packLanes(counts, w * lanes, lanes, layer.update.pulseBits, size),
        );
    });
    const { physical, pulse, next } = rowTimes(ir, layer, at, row, b);
    for (let slot = 1; slot <= row.largest; slot++) {
      const cycle = pulse(slot);
      this.#events.emit(`layer_${l}/pulse`, cycle, physical);
      for (let r = 0; r < layer.rowTiles; r++)
        for (let c = 0; c < layer.colTiles; c++) {
          const [set, reset] = this.#masks(layer, row.counts[r], c, slot);
          this.#events.emit(`layer_${l}.g_row[${r}].g_col[${c}].tile/pulse`, cycle, set, reset);
        }
    }
    for (let slot = row.largest + 1; slot <= rowSlots(ir, row.largest); slot++)
      this.#events.emit(`layer_${l}/verify`, pulse(slot), physical);
    return next;
  }

  /** Columns of one tile that are set and reset in a slot. */
  #masks(layer: LayerIr, counts: Int16Array | null, column: number, slot: number): [bigint, bigint] {
    let set = 0n;
    let reset = 0n;
    const { group, adcsPerTile, steps, linesPerAdc } = layer.forward;
    for (let m = 0; counts && m < steps; m++)
      for (let a = 0; a < adcsPerTile; a++) {
        const j = m * group + column * adcsPerTile + a;
        if (j >= layer.outputs) continue;
        const bit = 1n << BigInt(a * linesPerAdc + m);
        if (counts[j] >= slot) set |= bit;
        else if (counts[j] <= -slot) reset |= bit;
      }
    return [set, reset];
  }

  range(): void {
    const { change, length } = this.#schedule.range;
    const start = this.#enter("range", this.#layerRegister);
    this.#ranges(start + change.cycles);
    this.cycle = start + length.cycles;
  }

  /** After the last sample: the machine waits for the next. */
  finish(): void {
    this.#enter("load", this.#layerRegister);
  }
}
