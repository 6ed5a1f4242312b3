/** Calibration: what a few batches of real data say about the ranges of a design, before its formats are chosen.
 *  Pre-activations, activations and errors are the golden model's; the largest column sums are counted here, bit-plane by
 *  bit-plane, from its vectors and weights. */
import type { DatasetHead } from "../data/dataset.ts";
import { sampleBits, sampleFraction } from "../generator/design/sample-format.ts";
import type { Design } from "../generator/design/schema.ts";
import type { Geometry } from "../generator/ir/geometry.ts";
import type { Calibration } from "../generator/ir/ranges.ts";
import { calibrate } from "../golden/calibrate.ts";

/** Batches the golden model trains on, and how many samples of the last one have their column sums counted. */
const CALIBRATION_BATCHES = 4;
const SUM_SAMPLES = 16;

/** Training samples that calibration reads. */
export const calibrationSamples = (design: Design): number =>
  CALIBRATION_BATCHES * Math.min(design.training.batch, 256);

/** Largest |column sum| over tiles and bit-planes of integer drives.
 *  @param drive signed integer drives of one sample, one for each driven line
 *  @param weight weight(driven, sampled), in conductance units
 *  @param tileOf tile of each driven line */
function largestSum(
  drive: Int32Array,
  sampled: number,
  planes: number,
  weight: (d: number, s: number) => number,
  tileOf: (d: number) => number,
  tiles: number,
): number {
  let largest = 0;
  const sums = new Float64Array(sampled * tiles);
  for (let p = 0; p < planes; p++) {
    sums.fill(0);
    for (let d = 0; d < drive.length; d++) {
      if (((Math.abs(drive[d]) >> p) & 1) === 0) continue;
      const sign = Math.sign(drive[d]);
      const base = tileOf(d) * sampled;
      for (let s = 0; s < sampled; s++) sums[base + s] += sign * weight(d, s);
    }
    for (const sum of sums) largest = Math.max(largest, Math.abs(sum));
  }
  return largest;
}

/** Integer drives of a real vector whose full scale is `top`. */
function drives(vector: Float64Array, top: number, planes: number): Int32Array {
  const limit = 2 ** planes - 1;
  return Int32Array.from(vector, (v) => Math.max(-limit, Math.min(limit, Math.round((v / top) * 2 ** planes))));
}

const powerAbove = (v: number): number => 2 ** Math.ceil(Math.log2(Math.max(v, 2 ** -40)));

/** Ranges of a design over the first samples of its data. */
export function calibration(
  design: Design,
  geo: Geometry,
  initial: readonly Float64Array[],
  head: DatasetHead,
): Calibration {
  const kept: { x: Float64Array[]; delta: Float64Array[]; weights: Float64Array[] }[] = [];
  let seen = 0;
  const batch = Math.min(design.training.batch, head.samples.count);
  const stride = Math.max(1, Math.floor(batch / SUM_SAMPLES));
  const result = calibrate({
    design: { ...design, training: { ...design.training, batch } },
    data: head.samples,
    initial,
    batches: CALIBRATION_BATCHES,
    visit: (pass, weights) => {
      if (seen++ % stride !== 0) return;
      if (kept.length === SUM_SAMPLES) kept.shift();
      kept.push({
        x: pass.x.map((v) => v.slice()),
        delta: pass.delta.map((v) => v.slice()),
        weights: weights as Float64Array[],
      });
    },
  });
  const { weightOne } = geo.cell;
  const { activation } = design.network;
  const { inputBits, errorBits } = design.tile;
  const bits = sampleBits(design);
  const hidden = (l: number) => ({
    top: activation === "relu" ? powerAbove(result.layers[l - 1].maxActivation) : 1,
    planes: activation === "tanh" ? inputBits - 1 : inputBits,
  });
  const layers = result.layers.map((ranges, l) => {
    const grid = geo.grids[l];
    const { top, planes } = l > 0 ? hidden(l) : { top: 2 ** (bits - sampleFraction(bits)), planes: bits };
    let maxForwardSum = 0;
    let maxBackwardSum = 0;
    for (const { x, delta, weights } of kept) {
      const w = weights[l];
      const rows = grid.rowAdcs * grid.rowTiles;
      const cols = grid.colAdcs * grid.colTiles;
      const forward = (i: number, j: number) => w[i * grid.outputs + j] * weightOne;
      const rowTile = (i: number) => Math.floor((i % rows) / grid.rowAdcs);
      maxForwardSum = Math.max(
        maxForwardSum,
        largestSum(drives(x[l], top, planes), grid.outputs, planes, forward, rowTile, grid.rowTiles),
      );
      if (l === 0) continue;
      const largest = delta[l].reduce((m, v) => Math.max(m, Math.abs(v)), 2 ** -40);
      const drive = drives(delta[l], powerAbove(largest), errorBits - 1);
      const colTile = (j: number) => Math.floor((j % cols) / grid.colAdcs);
      const backward = (j: number, i: number) => w[i * grid.outputs + j] * weightOne;
      maxBackwardSum = Math.max(
        maxBackwardSum,
        largestSum(drive, grid.inputs, errorBits - 1, backward, colTile, grid.colTiles),
      );
    }
    return { ...ranges, maxForwardSum, maxBackwardSum };
  });
  return {
    layers,
    record: {
      data: head.name,
      samples: result.samples,
      layers,
      reason:
        "Pre-activations get four times the largest value seen, errors eight times, activations and column sums the next power of two: the last two have range registers that widen in training.",
    },
  };
}
