/** The machine: `sequencer` and `layer` over a stream of samples. State changes in the hardware's order; time is counted
 *  by the schedule's formulas; whoever listens gets each phase with its first cycle. */
import { programsOf } from "../generator/ir/hand-over.ts";
import type { CoincidenceIr, Ir, LayerIr } from "../generator/ir/ir.ts";
import { schedule, type TrainSchedule } from "../generator/ir/schedule.ts";
import type { Instruction } from "../generator/methods/low-rank/program.ts";
import { type CycleCount, emptyCycles, PhaseCycles, totalCycles } from "./cycles.ts";
import { instantiate, kernelModule } from "./kernels/load.ts";
import { LowRankUnit, type Side } from "./kernels/low-rank-unit.ts";
import { type ProgrammedRow, rowSlots, trainCycles } from "./pulse-times.ts";
import type { SamplePath, Scratch } from "./sample-path.ts";
import { ACTIVATION, BACKWARD, FORWARD, type LayerState, type MachineState, PULSE, trainedSamples } from "./state.ts";
import { drift, programCell, refresh } from "./units/cell.ts";
import { accumulate } from "./units/gradient-unit.ts";
import type { SampleVectors } from "./units/low-rank-unit.ts";
import { type OuterProduct, PulseTrainUnit, type Train } from "./units/pulse-train.ts";
import { programOrder, RankSum, rowCounts } from "./units/update-unit.ts";

/** Who hears only of some of this leaves the rest out, and the work that it would cause. */
export interface Listener {
  /** After a sample's error is known; `ranges` still hold the values it was read with. */
  sample(scratch: Scratch, label: number, prediction: number, train: boolean): void;
  /** Before a sample is added to the gradient, where that takes a phase. */
  gradientStart(): void;
  /** After an instruction of a layer's low-rank unit that leaves something behind.
   *  @param cycle of its issue, after that of the phase's first instruction
   *  @param element passes of the inner loop before it */
  instruction(layer: number, instruction: Instruction, cycle: number, element: number): void;
  /** After a sample was added to the gradient. */
  gradient(batchEnds: boolean): void;
  /** @param start the phase's first cycle, where the host never stalls */
  update(rows: readonly ProgrammedRow[][], start: number): void;
  /** An update by coincidence: each layer's trains in turn. */
  trains(trains: readonly Train[][], start: number): void;
  range(): void;
}

/** Takes a layer's pulse counts of one row neuron to its cells: `pulse_programmer` and the macro's device.
 *  @returns pulses given */
function program(ir: Ir, layer: LayerIr, state: LayerState, i: number, counts: Int16Array): number {
  let given = 0;
  for (let j = 0; j < layer.outputs; j++) given += programCell(ir, layer, state, i, j, counts[j]);
  return given;
}

/** Updates one layer from its gradient (mbgd) or from one sample (sgd).
 *  @param inputRange activation range of the layer's input
 *  @param onRow called for every row, with the counts' own copies, if given
 *  @returns Σ over rows of their slots, and the pulses given */
function updateLayer(
  ir: Ir,
  layer: LayerIr,
  state: LayerState,
  scratch: Scratch,
  inputRange: number,
  order: Int32Array,
  counts: Int16Array,
  onRow?: (row: ProgrammedRow) => void,
): { slots: number; pulses: number } {
  const l = layer.index;
  const vector = ir.vectors[l + 1];
  const ranks = ir.lowRank && state.lowRank ? new RankSum(layer, ir.lowRank, state.lowRank) : null;
  const shift = ranks ? ranks.shift : layer.update.shift - inputRange;
  const lfsr = ir.rounding === "stochastic" ? state.lfsr : null;
  const x = scratch.x[l];
  const aligned = scratch.aligned[l];
  let slots = 0;
  let pulses = 0;
  const passes = ir.lowRank?.passes ?? 1;
  for (let n = 0; n < passes * layer.update.rows; n++) {
    const row = n % layer.update.rows;
    let largest = 0;
    const rowCopies: (Int16Array | null)[] = [];
    for (let t = 0; t < layer.rowTiles; t++) {
      const i = order[row * layer.rowTiles + t];
      if (i < 0) {
        if (onRow) rowCopies.push(null);
        continue;
      }
      const base = i * layer.outputs;
      ranks?.row(Math.floor(n / layer.update.rows), i);
      const gradient = ranks
        ? (j: number) => ranks.element(j)
        : ir.keeps === "gradient"
          ? (j: number) => state.gradient[base + j]
          : (j: number) => x[i] * aligned[j];
      state.saturation[PULSE] += rowCounts(
        layer,
        vector.lanes,
        vector.words,
        gradient,
        shift,
        lfsr,
        counts,
        ranks?.cut,
      );
      for (let j = 0; j < layer.outputs; j++) largest = Math.max(largest, Math.abs(counts[j]));
      pulses += program(ir, layer, state, i, counts);
      if (onRow) rowCopies.push(counts.slice(0, layer.outputs));
    }
    slots += rowSlots(ir, largest);
    onRow?.({ row, largest, counts: rowCopies });
  }
  return { slots, pulses };
}

/** Outer product n of a layer's update: of its factors, or of the sample's input and error. */
function outerProduct(ir: Ir, layer: LayerIr, state: MachineState, scratch: Scratch, n: number): OuterProduct {
  const l = layer.index;
  const { multiplier, shift } = layer.update;
  const { lowRank } = state.layers[l];
  if (ir.lowRank && lowRank) {
    const { mantissas, exponents } = lowRank;
    const [mantissa, exponent] = [mantissas[n], exponents[n]];
    const column = ir.lowRank.first + n;
    const codes = ({ factors, stride, size }: Side) => factors.subarray(column * stride, column * stride + size);
    return {
      x: codes(lowRank.x),
      d: codes(lowRank.d),
      rate: Math.abs(mantissa) * multiplier,
      places: shift + ir.lowRank.factorBits - 1 - exponent,
      negative: mantissa < 0,
    };
  }
  const inputRange = l > 0 ? state.layers[l - 1].ranges[ACTIVATION] : 0;
  return {
    x: scratch.x[l],
    d: scratch.delta[l],
    rate: multiplier,
    places: shift + layer.gradient.exponentZero - scratch.exponent[l] - inputRange,
    negative: false,
  };
}

/** One range decision (`range_register`): widens where the batch's saturations exceed the limit, and clears the counters. */
function decideRanges(layer: LayerIr, state: LayerState): void {
  const decide = (which: number, follows: boolean, limit: number, max: number) => {
    if (follows && state.batchSaturation[which] > limit && state.ranges[which] < max) state.ranges[which]++;
    state.batchSaturation[which] = 0;
  };
  decide(FORWARD, layer.forward.rangeFollows, layer.forward.rangeLimit, layer.forward.rangeMax);
  if (layer.backward) decide(BACKWARD, layer.backward.rangeFollows, layer.backward.rangeLimit, layer.backward.rangeMax);
  decide(ACTIVATION, layer.activationRangeFollows, layer.activationRangeLimit, layer.activationRangeMax);
}

/** What layer l's low-rank unit sees of a sample. */
export function sampleVectors(
  ir: Ir,
  layers: readonly Pick<LayerState, "ranges">[],
  l: number,
  { x, delta, exponent }: Pick<Scratch, "x" | "delta" | "exponent">,
  count: number,
): SampleVectors {
  return {
    x: x[l],
    xExponent: l > 0 ? layers[l - 1].ranges[ACTIVATION] : 0,
    delta: delta[l],
    deltaExponent: exponent[l] - ir.layers[l].gradient.exponentZero,
    count,
  };
}

function lowRankUnits({ lowRank: unit }: Ir, layers: readonly LayerState[]): LowRankUnit[] {
  const memory = layers[0].lowRank?.memory;
  if (!unit || !memory) return [];
  const kernels = instantiate(kernelModule(), memory);
  return layers.flatMap(({ lowRank }) => (lowRank ? [new LowRankUnit(unit, lowRank, kernels)] : []));
}

export class Machine {
  readonly ir: Ir;
  readonly state: MachineState;
  /** May be exchanged between two samples: all paths share the layers' state. */
  path: SamplePath;
  readonly cycles: CycleCount = emptyCycles();
  listener: Partial<Listener> | null = null;
  readonly #phases: PhaseCycles;
  readonly #orders: Int32Array[];
  readonly #counts: Int16Array;
  readonly #lowRank: LowRankUnit[];
  readonly #trains: PulseTrainUnit[] = [];
  readonly #trainSchedules: readonly TrainSchedule[];

  constructor(ir: Ir, state: MachineState, path: SamplePath) {
    this.ir = ir;
    this.state = state;
    this.path = path;
    this.#phases = new PhaseCycles(ir);
    this.#orders = ir.layers.map(programOrder);
    this.#counts = new Int16Array(Math.max(...ir.layers.map((l) => l.outputs)));
    this.#lowRank = lowRankUnits(ir, state.layers);
    this.#trainSchedules = schedule(ir).update.layers.flatMap(({ trains }) => trains ?? []);
    state.layers.forEach((layer, l) => {
      if (ir.coincidence && layer.edges)
        this.#trains.push(new PulseTrainUnit(ir, ir.layers[l], ir.coincidence, layer, layer.edges));
    });
  }

  /** One sample, from its load to the end of what it causes.
   *  @param codes input codes of inputBits each */
  sample(codes: ArrayLike<number>, label: number, train: boolean): number {
    const { ir, state, path } = this;
    const { scratch } = path;
    scratch.x[0].set(codes);
    path.samples.forward = state.samples;
    path.samples.backward = trainedSamples(ir, state);
    const prediction = path.run(label, train);
    this.countSample(scratch, label, prediction, train);
    this.listener?.sample?.(scratch, label, prediction, train);
    if (!train) return prediction;
    const first = state.inBatch === 0;
    state.inBatch++;
    const batchEnds = state.inBatch === ir.batch;
    if (ir.keeps !== "nothing") this.listener?.gradientStart?.();
    if (ir.keeps === "gradient") {
      ir.layers.forEach((layer, l) => {
        if (first) state.layers[l].gradient.fill(0);
        accumulate(layer, scratch.x[l], scratch.aligned[l], state.layers[l].gradient);
      });
    }
    const number = trainedSamples(ir, state) - 1;
    const programs = programsOf(ir, number);
    this.#lowRank.forEach((unit, l) => {
      const { listener } = this;
      unit.listener = listener?.instruction ? (...event) => listener.instruction?.(l, ...event) : null;
      unit.run(programs, sampleVectors(ir, state.layers, l, scratch, state.inBatch));
    });
    if (ir.lowRank) this.#phases.addHandOver(this.cycles, number);
    if (ir.keeps !== "nothing") this.listener?.gradient?.(batchEnds);
    if (ir.keeps === "nothing" || batchEnds) this.update();
    if (batchEnds) this.endBatch();
    return prediction;
  }

  /** Counts a sample: predictions, saturations, cycles. */
  countSample(scratch: Scratch, label: number, prediction: number, train: boolean): void {
    this.countSamples(1, prediction === label ? 1 : 0, train);
    this.countErrors(scratch, train);
    this.state.layers.forEach((layer, l) => {
      layer.exponent = scratch.exponent[l];
    });
  }

  countSamples(samples: number, correct: number, train: boolean): void {
    this.state.samples += samples;
    this.state.correct += correct;
    this.#phases.addSample(this.cycles, train, samples);
  }

  /** Counts the samples of a whole batch. */
  countBatch(correct: number): void {
    const { ir, state } = this;
    const first = trainedSamples(ir, state);
    for (let n = 0; n < ir.batch; n++) {
      this.countSamples(1, 0, true);
      if (ir.lowRank) this.#phases.addHandOver(this.cycles, first + n);
    }
    state.correct += correct;
  }

  /** Takes the saturations out of a scratch: those of one sample, or the sums of many. */
  countErrors({ saturation }: Scratch, train: boolean): void {
    saturation.forEach((counts, l) => {
      const layer = this.state.layers[l];
      if (train) {
        for (let c = 0; c < counts.length; c++) layer.saturation[c] += counts[c];
        for (let c = 0; c < layer.batchSaturation.length; c++) layer.batchSaturation[c] += counts[c];
      }
      counts.fill(0);
    });
  }

  update(): void {
    const { coincidence } = this.ir;
    if (coincidence) this.#updateByTrains(coincidence);
    else this.#updateByRows();
  }

  #updateByTrains(unit: CoincidenceIr): void {
    const { ir, state, path } = this;
    const traced = this.listener?.trains !== undefined;
    const start = totalCycles(this.cycles);
    const trains = ir.layers.map((layer, l) =>
      Array.from({ length: unit.products }, (_, n) => {
        const done = this.#trains[l].program(outerProduct(ir, layer, state, path.scratch, n), traced);
        state.pulses += done.pulses;
        state.layers[l].saturation[PULSE] += done.clipped;
        return done.train;
      }),
    );
    const cycles = this.#trainSchedules.map((at, l) =>
      trains[l].reduce((sum, { total }) => sum + trainCycles(ir, at, total), 0),
    );
    this.#phases.addUpdate(this.cycles, cycles);
    this.listener?.trains?.(trains, start);
  }

  #updateByRows(): void {
    const { ir, state } = this;
    const start = totalCycles(this.cycles);
    const rows: ProgrammedRow[][] | null = this.listener?.update ? ir.layers.map(() => []) : null;
    const unit = rows ? undefined : this.path.updateUnit;
    const slots = ir.layers.map((layer, l) => {
      if (unit) {
        const done = unit.update(l);
        state.pulses += done.pulses;
        return done.slots;
      }
      const inputRange = l > 0 ? state.layers[l - 1].ranges[ACTIVATION] : 0;
      const onRow = rows ? (row: ProgrammedRow) => rows[l].push(row) : undefined;
      const done = updateLayer(
        ir,
        layer,
        state.layers[l],
        this.path.scratch,
        inputRange,
        this.#orders[l],
        this.#counts,
        onRow,
      );
      state.pulses += done.pulses;
      return done.slots;
    });
    this.#phases.addUpdate(
      this.cycles,
      slots.map((count) => count * ir.pulseCycles),
    );
    if (rows) this.listener?.update?.(rows, start);
  }

  endBatch(): void {
    const { ir, state } = this;
    const unit = this.path.updateUnit;
    const drifts = (ir.cell.device?.drift ?? 0) > 0;
    ir.layers.forEach((layer, l) => {
      decideRanges(layer, state.layers[l]);
      if (drifts && unit) unit.drift(l, state.batches);
      else if (drifts) drift(ir, layer, state.layers[l], state.batches);
      state.pulses += refresh(ir, layer, state.layers[l], state.batches);
    });
    state.batches++;
    state.inBatch = 0;
    this.#phases.addRange(this.cycles);
    this.listener?.range?.();
  }
}
