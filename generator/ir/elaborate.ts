/** Design → architecture IR: puts together every number of the machine, each computed once, by subject: geometry.ts,
 *  vectors.ts, reads.ts, gradient.ts, update.ts, error-unit.ts. Validation of the file is in design/schema.ts, the ranges
 *  of real data come from prepare/calibration.ts; what the numbers mean is in docs/machine.md. */
import { Refusal } from "../base/errors.ts";
import { bitLength, scale } from "../base/fixed.ts";
import { mix } from "../base/mix.ts";
import type { Design } from "../design/schema.ts";
import { lowRankIr } from "../methods/low-rank/build.ts";
import type { LowRankIr } from "../methods/low-rank/unit.ts";
import { methodOf } from "../methods/registry.ts";
import { activationTable } from "./activation-table.ts";
import { channels } from "./channels.ts";
import { coincidenceUnits, edges } from "./coincidence.ts";
import { errorScales, errorUnit } from "./error-unit.ts";
import { type Geometry, geometry, tileKeys } from "./geometry.ts";
import { errorBound, gradientIr } from "./gradient.ts";
import type { CoincidenceIr, ErrorUnitIr, Ir, LayerIr, VectorIr } from "./ir.ts";
import { memories } from "./memories.ts";
import type { Calibration } from "./ranges.ts";
import { reads } from "./reads.ts";
import { registerMap } from "./registers.ts";
import { phases } from "./schedule.ts";
import { updateIr } from "./update.ts";
import { magnitudeBits, vectors as vectorsOf, Z_BITS, zFractions } from "./vectors.ts";
import { WIDEST } from "./widest.ts";

/** Steps that the range of a rectified activation has, and saturations that it tolerates: one in so many codes. */
const RELU_RANGE_STEPS = 8;
const ACTIVATION_TOLERANCE = 1024;
const EXPONENT_BITS = 10;

type Refuse = (path: string, why: string) => never;

/** Elaborates a validated design.
 *  @throws Refusal where a combination of legal fields makes a number too wide or too small for the machine */
export function elaborate(design: Design, calibration: Calibration): Ir {
  const { tile, network, gradient, training } = design;
  const refuse: Refuse = (path, why) => {
    throw new Refusal(`${design.name}: ${path}: ${why}`);
  };
  const geo = geometry(design);
  const { keeps } = methodOf(gradient.method);
  const vectors = vectorsOf(design, geo, calibration.layers);
  const lowRank = keeps === "factors" ? lowRankUnits(design, vectors) : null;
  const coincidence = gradient.programming === "coincidence" ? coincidenceUnits(design, lowRank) : null;
  const zs = zFractions(calibration.layers);
  const unit = errorUnit(design, vectors, zs[zs.length - 1]);
  const layers = layersOf(design, geo, calibration, vectors, unit, lowRank, coincidence, refuse);
  const { table, fraction } = activationTable(design);
  const base = {
    format: 1 as const,
    name: design.name,
    design,
    tileRows: tile.rows,
    tileCols: tile.cols,
    readCycles: tile.readCycles,
    pulseCycles: design.device.pulseCycles,
    readBacks: design.device.verify,
    batch: training.batch,
    activation: network.activation,
    method: gradient.method,
    keeps,
    rounding: gradient.rounding,
    errorBits: tile.errorBits,
    streamBits: 8 * Math.max(vectors[0].lanes, Math.ceil(unit.labelBits / 8)),
    sampleBeats: vectors[0].words,
    cell: geo.cell,
    ...(lowRank ? { lowRank } : {}),
    ...(coincidence ? { coincidence } : {}),
    vectors,
    layers,
    errorUnit: unit,
    activationTable: table,
    activationTableFraction: fraction,
    registers: registerMap(layers, training.batch, coincidence !== null),
    calibration: calibration.record,
  };
  return deepFreeze({ ...base, phases: phases(base), memories: memories(base), channels: channels(base) });
}

function layersOf(
  design: Design,
  { cell, grids }: Geometry,
  calibration: Calibration,
  vectors: readonly VectorIr[],
  unit: ErrorUnitIr,
  lowRank: LowRankIr | null,
  coincidence: CoincidenceIr | null,
  refuse: Refuse,
): LayerIr[] {
  const { network, training, tile } = design;
  const { keeps } = methodOf(design.gradient.method);
  const scales = errorScales(design, cell, vectors);
  const last = grids.length - 1;
  const rangeMax = (v: number) => (network.activation === "relu" && v > 0 && v <= last ? RELU_RANGE_STEPS : 0);
  const layers = grids.map((grid, l): LayerIr => {
    const [input, output, seen] = [vectors[l], vectors[l + 1], calibration.layers[l]];
    const { forward, backward } = reads(design, cell, grid, input, output, seen, l === 0);
    const zFraction = zFractions(calibration.layers)[l];
    const requant = scale(2 ** (zFraction - input.fraction) / cell.weightOne, forward.rangeMax + rangeMax(l), WIDEST);
    if (forward.accumulatorBits + bitLength(requant.multiplier) + 1 > WIDEST)
      refuse(
        "network.layers",
        `layer ${l}'s sums need more than ${WIDEST} bits; use fewer inputs or a device of fewer levels`,
      );
    const error = { bound: errorBound(design, seen.maxError, l === last), scale: scales[l] };
    const gradient = gradientIr(design, keeps, grid, input, output, error, lowRank);
    const update = updateIr(
      design,
      cell,
      {
        index: l,
        grid,
        input,
        output,
        gradient,
        errorScale: scales[l],
        inputRangeMax: rangeMax(l),
        unit: lowRank,
        byRow: coincidence === null,
      },
      refuse,
    );
    return {
      index: l,
      inputs: grid.inputs,
      outputs: grid.outputs,
      rowTiles: grid.rowTiles,
      colTiles: grid.colTiles,
      rowGroup: grid.rowAdcs * grid.rowTiles,
      rowAdcs: grid.rowAdcs,
      linesPerAdc: tile.columnsPerAdc,
      forward,
      backward,
      requantMultiplier: requant.multiplier,
      requantShift: requant.shift,
      zBits: Z_BITS,
      zFraction,
      activationRangeMax: rangeMax(l + 1),
      activationRangeLimit: Math.floor((training.batch * grid.outputs) / ACTIVATION_TOLERANCE),
      activationRangeFollows: rangeMax(l + 1) > 0,
      rawBits: 0,
      exponentBits: EXPONENT_BITS,
      errorScale: scales[l],
      gradient,
      update,
      ...(coincidence ? { edges: edges(training.seed, l, grid, input, output) } : {}),
      ...(cell.device ? { tileKeys: tileKeys(cell.device.seed, grids, l) } : {}),
    };
  });
  // Raw errors of a layer: the transposed sums of the next one, times the derivative.
  return layers.map((layer, l) => {
    const next = layers[l + 1]?.backward;
    const rawBits = next ? next.accumulatorBits + vectors[l + 1].derivativeBits : unit.rawBits;
    if (rawBits > WIDEST - 1)
      refuse("network.layers", `layer ${l}'s errors need ${rawBits} bits; use fewer outputs in layer ${l + 1}`);
    return { ...layer, rawBits };
  });
}

/** Stream of `mix` that the seeds of the low-rank units come from. */
const LOW_RANK_STREAM = 900;

function lowRankUnits(design: Design, vectors: readonly VectorIr[]): LowRankIr {
  const { gradient, training, network, tile } = design;
  const [inputs, outputs] = [vectors.slice(0, -1), vectors.slice(1)];
  const longest = (of: (v: VectorIr) => number) => ({
    x: Math.max(...inputs.map(of)),
    d: Math.max(...outputs.map(of)),
  });
  return lowRankIr(
    gradient,
    training.batch,
    {
      words: longest((v) => v.words),
      elements: longest((v) => v.size),
      codeBits: { x: Math.max(...inputs.map(magnitudeBits)), d: tile.errorBits - 1 },
    },
    network.layers.slice(1).map((_, l) => mix(training.seed, LOW_RANK_STREAM + l)),
  );
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}
