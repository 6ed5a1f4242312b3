/** How often each unit calculates and each memory is asked, a sample: from the schedule, whose counts hold for any data.
 *  What happens once a batch is shared by its samples. */
import { bitLength } from "../generator/base/fixed.ts";
import type { Ir, LayerIr, ReadIr } from "../generator/ir/ir.ts";
import { operandBits } from "../generator/ir/low-rank-widths.ts";
import { schedule } from "../generator/ir/schedule.ts";
import { utilisation } from "../generator/ir/utilisation.ts";
import { COEFFICIENT_BITS } from "../generator/methods/low-rank/format.ts";

/** Calculations of one unit. */
export interface Work {
  readonly layer: number | null;
  /** The module that does it. */
  readonly unit: string;
  /** A sample. */
  readonly count: number;
  /** Word lengths of a multiplication, [0, 0] where there is none, and of the addition after it. */
  readonly factors: readonly [number, number];
  readonly sumBits: number;
}

/** Words that are read from and written to a memory, a sample. */
export interface Access {
  readonly layer: number | null;
  readonly memory: string;
  readonly words: number;
}

const NONE = [0, 0] as const;

/** Conversions of one direction, a sample: every converter works at each step and plane. */
export const conversionsOf = ({ planes, steps, adcsPerTile, sampledTiles, summedTiles }: ReadIr): number =>
  planes * steps * adcsPerTile * sampledTiles * summedTiles;

/** Busy cycles of a unit, a sample. */
function busy(ir: Ir, unit: string, layer: number | null): number {
  const found = utilisation(ir).units.find((use) => use.unit === unit && use.layer === layer);
  return (found?.cycles ?? 0) / ir.batch;
}

const updatesPerSample = ({ method, batch }: Ir): number => (method === "sgd" ? 1 : 1 / batch);

export function workOf(ir: Ir): Work[] {
  const { errorUnit } = ir;
  return [
    ...ir.layers.flatMap((layer) => layerWork(ir, layer)),
    {
      layer: null,
      unit: "error_unit",
      factors: NONE,
      sumBits: errorUnit.sumBits,
      // A bit of a quotient a cycle.
      count: errorUnit.outputs * (errorUnit.loss === "squared-error" ? 2 : errorUnit.probabilityFraction + 1),
    },
  ];
}

function layerWork(ir: Ir, layer: LayerIr): Work[] {
  const { index, inputs, outputs, forward, backward, gradient, update } = layer;
  const x = ir.vectors[index];
  const updates = updatesPerSample(ir);
  const cells = inputs * outputs;
  const list: Work[] = [];
  const add = (unit: string, count: number, factors: readonly [number, number], sumBits: number) =>
    list.push({ layer: index, unit, count, factors, sumBits });
  const reads = [[forward, outputs] as const, ...(backward ? [[backward, inputs] as const] : [])];
  for (const [read, lines] of reads)
    add("shift_add", read.planes * read.summedTiles * lines, NONE, read.accumulatorBits);
  add("activation_unit", outputs, [forward.accumulatorBits, bitLength(layer.requantMultiplier)], layer.zBits);
  if (backward) add("derivative_unit", inputs, [backward.accumulatorBits, x.derivativeBits], backward.accumulatorBits);
  add("error_scaler", outputs, NONE, layer.rawBits);
  if (ir.keeps === "gradient") add("gradient_unit", cells, [gradient.alignedBits, x.bits], gradient.accumulatorBits);
  if (ir.coincidence)
    add(
      "pulse_train_unit",
      updates * ir.coincidence.products * (inputs + outputs),
      [COEFFICIENT_BITS, COEFFICIENT_BITS],
      32,
    );
  else {
    const passes = ir.lowRank?.passes ?? 1;
    if (ir.keeps === "nothing") add("update_unit", cells, [gradient.alignedBits, x.bits], gradient.accumulatorBits);
    add(
      "update_unit",
      updates * passes * cells,
      [gradient.accumulatorBits, update.multiplierBits],
      gradient.accumulatorBits,
    );
    if (ir.lowRank) {
      const { terms, factorBits } = ir.lowRank;
      add("rank_sum_unit", updates * passes * terms * cells, [factorBits, factorBits], gradient.accumulatorBits);
    }
  }
  if (ir.lowRank) {
    const { factorBits } = ir.lowRank;
    for (const [side, vector, bits] of [
      ["x", x, x.bits],
      ["d", ir.vectors[index + 1], ir.errorBits],
    ] as const)
      add(
        "vector_unit",
        busy(ir, `${side}_vector_unit`, index) * vector.lanes,
        [factorBits, operandBits(ir.lowRank, bits)],
        2 * factorBits,
      );
    add("scalar_unit", busy(ir, "scalar_unit", null), [COEFFICIENT_BITS, COEFFICIENT_BITS], 2 * COEFFICIENT_BITS);
  }
  return list.filter(({ count }) => count > 0);
}

/** A vector's words go in once and out once for the unit that follows; the rest is what gradient and update ask. */
export function accessesOf(ir: Ir): Access[] {
  const list: Access[] = [];
  const add = (layer: number | null, memory: string, words: number) => {
    if (words > 0) list.push({ layer, memory, words });
  };
  const updates = updatesPerSample(ir);
  const { update } = schedule(ir);
  for (const layer of ir.layers) {
    const { index, backward } = layer;
    const [x, d] = [ir.vectors[index], ir.vectors[index + 1]];
    const issuesOfRow = update.layers[index].rows?.issues.cycles ?? 0;
    const issues = updates * (ir.lowRank?.passes ?? 1) * layer.update.rows * issuesOfRow;
    const byCell = ir.keeps === "gradient" ? layer.gradient.bufferWords : 0;
    const bySample = ir.keeps === "nothing" ? issues : 0;
    add(index, "x_buffer", x.words * (backward ? 2 : 1) + byCell + bySample);
    add(index, "delta_buffer", d.words + byCell + bySample);
    add(index, "raw_buffer", 2 * d.words);
    if (ir.keeps === "gradient") add(index, "gradient_buffer", 2 * byCell + issues);
    if (!ir.lowRank) continue;
    const { columns, slots } = ir.lowRank;
    const trained = ir.coincidence ? updates * 2 : 0;
    for (const [side, words] of [
      ["x", x.words],
      ["d", d.words],
    ] as const) {
      // A word a busy cycle is read; every column is written once a sample, and read once an update.
      const reads = busy(ir, `${side}_vector_unit`, index);
      add(index, `${side}_factors`, reads + columns * words * (1 + trained) + issues);
      if (slots > 0) add(index, `${side}_samples`, 2 * words);
      add(index, side === "x" ? "x_buffer.bank_1" : "delta_buffer.bank_1", words);
    }
    for (const operand of ["a", "b", "c"]) add(index, `scalar_memory_${operand}`, busy(ir, "scalar_unit", null) * 2);
  }
  const { words, outputs, loss } = ir.errorUnit;
  add(null, "value_buffer", words + outputs);
  if (loss === "softmax-cross-entropy") add(null, "exponential_buffer", 2 * outputs);
  return list;
}
