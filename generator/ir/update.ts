/** From a gradient to pulses: the scale of the update unit, and the order of its rows. */
import { bitLength, scale, signedBits } from "../base/fixed.ts";
import { mix } from "../base/mix.ts";
import { layerRate } from "../design/rates.ts";
import type { Design } from "../design/schema.ts";
import type { LowRankIr } from "../methods/low-rank/unit.ts";
import { methodOf } from "../methods/registry.ts";
import type { Grid } from "./geometry.ts";
import type { CellIr, GradientIr, UpdateIr, VectorIr } from "./ir.ts";
import { WIDEST } from "./widest.ts";

const RANDOM_BITS = 16;

/** What the update of one layer is made from. */
interface UpdateOf {
  readonly index: number;
  readonly grid: Grid;
  readonly input: VectorIr;
  readonly output: VectorIr;
  readonly gradient: GradientIr;
  /** Real value of a unit of an error code. */
  readonly errorScale: number;
  /** Largest value of the input vector's range register. */
  readonly inputRangeMax: number;
  readonly unit: LowRankIr | null;
  /** Whether rows are programmed by counts, which lanes round. */
  readonly byRow: boolean;
}

/** @param refuse called with the path, and with what is wrong and what would be right */
export function updateIr(
  { gradient: settings, training }: Design,
  cell: CellIr,
  layer: UpdateOf,
  refuse: (path: string, why: string) => never,
): UpdateIr {
  const { index: l, grid, input, gradient, unit } = layer;
  const rate = layerRate(training, l);
  // What holds the batch's sum has `batch` times the mean.
  const samples = methodOf(settings.method).strengths === "mean" ? 1 : training.batch;
  const pulsesPerUnit =
    ((rate * cell.pulsesPerWeight) / samples) *
    (unit ? 2 ** (1 - unit.factorBits) : 1) *
    2 ** (gradient.exponentZero - input.fraction) *
    layer.errorScale;
  const { multiplier, shift } = scale(pulsesPerUnit, unit ? 0 : layer.inputRangeMax, unit ? 255 : 48);
  if (multiplier === 0)
    refuse("training.learningRate", `${rate} is too small for any pulse in layer ${l}; use a larger one`);
  if (gradient.accumulatorBits + bitLength(multiplier) + 1 > WIDEST)
    refuse("training.learningRate", `${rate} is too large for layer ${l}'s update unit; use a smaller one`);
  const rowSteps = Math.ceil(grid.inputs / (grid.rowAdcs * grid.rowTiles));
  return {
    multiplier,
    multiplierBits: bitLength(multiplier),
    shift,
    randomBits: RANDOM_BITS,
    pulseMax: settings.maxPulses,
    pulseBits: signedBits(settings.maxPulses),
    rows: rowSteps * grid.rowAdcs,
    rowSteps,
    lfsrSeeds: Array.from({ length: layer.byRow ? layer.output.lanes : 0 }, (_, k) =>
      mix(training.seed, 2000 + 4096 * l + k),
    ),
  };
}
