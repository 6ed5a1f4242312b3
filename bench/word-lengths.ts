/** What the low-rank units lose to their word lengths, against the golden model fed with the same samples:
 *  `node --import tsx bench/word-lengths.ts [rank]`. A Markdown table: largest angle between the columns' spans, largest
 *  error of a strength as a part of the largest strength, and distance of the gradients as a part of the golden one's
 *  norm; for nmf, which starts anywhere, the distance from the exact gradient, of the unit and of the golden model. */
import { loadDataset } from "../data/dataset.ts";
import { epochOrder } from "../data/order.ts";
import { Random } from "../data/random.ts";
import { loadDesign } from "../generator/design/load.ts";
import { addOuterProduct } from "../golden/linear.ts";
import { type LowRank, reconstruct } from "../golden/low-rank/low-rank.ts";
import { addSample, gradientOf as lrtGradient, newLrt, truncation } from "../golden/low-rank/lrt.ts";
import { addSubBatch, gradientOf as sbpcaGradient, sbpcaOf, startBatch } from "../golden/low-rank/sbpca.ts";
import { newGradientUnit } from "../golden/registry.ts";
import { svd } from "../golden/svd.ts";
import { dot, norm } from "../golden/vectors.ts";
import { prepareMachine } from "../prepare/machine.ts";
import { Machine } from "../sim/machine.ts";
import { PlainSamplePath } from "../sim/sample-path.ts";
import { createState } from "../sim/state.ts";
import { inputCodes } from "../sim/units/sample-input.ts";
import { reals, UnitAlone, type UnitSample } from "../verify/low-rank-alone.ts";

const WORD_LENGTHS = [6, 7, 8, 10, 12, 14, 16];
const BATCH = 128;
/** Batches before those that are fed, and how many are. */
const TRAINED = 40;
const FED = 4;
/** Of δ's magnitude. */
const ERROR_BITS = 8;

interface Source {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  /** The last one is measured; those before it are what sbpca and nmf carry over. */
  readonly batches: readonly (readonly UnitSample[])[];
}

/** Independent numbers of a bell curve: no rank is much stronger than another. */
function random(): Source {
  const [inputs, outputs] = [96, 40];
  const generator = new Random(1);
  const bell = () => 2 * (generator.uniform() + generator.uniform() + generator.uniform()) - 3;
  const codes = (size: number, scale: number, least: number) =>
    Int16Array.from({ length: size }, () => Math.min(255, Math.max(least, Math.round(scale * bell()))));
  const sample = () => ({ x: codes(inputs, 80, 0), delta: codes(outputs, 80, -255), exponent: -14 });
  const batches = Array.from({ length: FED }, () => Array.from({ length: BATCH }, sample));
  return { name: "random", inputs, outputs, batches };
}

/** Batches of MNIST at a layer of `mnist-mlp`, some way into its training. */
function mnist(layer: number): Source {
  const { design } = loadDesign("mnist-mlp", ["gradient.method=mbgd", "tile.adcBits=lossless"]);
  const { ir, conductances } = prepareMachine(design);
  const state = createState(ir, conductances);
  const path = new PlainSamplePath(ir, state.layers);
  const machine = new Machine(ir, state, path);
  const { train } = loadDataset({ inputs: ir.vectors[0].size, outputs: ir.errorUnit.outputs });
  const { size, bits } = ir.vectors[0];
  const samples: UnitSample[] = [];
  for (const index of epochOrder(train.count, 1, 0).subarray(0, (TRAINED + FED) * BATCH)) {
    machine.sample(inputCodes(train.codes.subarray(index * size, (index + 1) * size), bits), train.labels[index], true);
    if (state.batches * BATCH + state.inBatch <= TRAINED * BATCH) continue;
    const { x, delta, exponent } = path.scratch;
    samples.push({
      x: x[layer].slice(),
      delta: delta[layer].slice(),
      exponent: exponent[layer] - ir.layers[layer].gradient.exponentZero,
    });
  }
  const { inputs, outputs } = ir.layers[layer];
  const batches = Array.from({ length: FED }, (_, n) => samples.slice(n * BATCH, (n + 1) * BATCH));
  return { name: `MNIST, layer ${layer}`, inputs, outputs, batches };
}

/** Largest principal angle of two spans of orthonormal columns, in degrees. */
function angle(p: readonly Float64Array[], q: readonly Float64Array[]): number {
  const values = Float64Array.from(p.flatMap((a) => q.map((b) => dot(a, b) / (norm(a) * norm(b)))));
  const least = Math.min(...svd({ rows: p.length, cols: q.length, values }).singularValues);
  return (180 / Math.PI) * Math.acos(Math.min(1, least));
}

function distance(a: Float64Array, b: Float64Array): number {
  return norm(a.map((v, k) => v - b[k])) / norm(b);
}

const columns = (rank: number, size: number) =>
  Array.from({ length: rank }, (_, r) => Float64Array.from({ length: size }, (_, i) => (i === r ? 1 : 0)));

/** The golden model's columns from the same samples and start; strengths as the unit has them. */
function golden(method: "sbpca" | "lrt", rank: number, { inputs, outputs, batches }: Source): LowRank {
  if (method === "sbpca") {
    const state = sbpcaOf(columns(rank, inputs), columns(rank, outputs), new Float64Array(rank));
    for (const batch of batches) {
      startBatch(state);
      for (const { x, delta } of batch.map(reals)) addSubBatch(state, [x], [delta]);
    }
    return sbpcaGradient(state);
  }
  const state = newLrt(inputs, outputs, rank);
  for (const { x, delta } of batches[FED - 1].map(reals)) addSample(state, x, delta, truncation);
  const gradient = lrtGradient(state);
  return { ...gradient, strengths: gradient.strengths.map((s) => s * BATCH) };
}

const percent = (x: number): string => `${(100 * x).toPrecision(2)} %`;

function orthonormal(method: "sbpca" | "lrt", rank: number, source: Source): void {
  const { inputs, outputs, batches } = source;
  const expected = golden(method, rank, source);
  const sum = reconstruct(expected, new Float64Array(inputs * outputs));
  for (const factorBits of WORD_LENGTHS) {
    const sizes = { inputs, outputs, inputBits: 8, errorBits: ERROR_BITS };
    const unit = new UnitAlone({ method, rank, factorBits, subBatch: 1, unbiased: 0 }, BATCH, sizes);
    for (const batch of batches) unit.feed(batch);
    const { u, v, strengths } = unit.lowRank();
    const sorted = (list: Float64Array) => Float64Array.from(list, Math.abs).sort();
    const [own, wanted] = [sorted(strengths), sorted(expected.strengths)];
    const largest = wanted[rank - 1];
    const sigma = Math.max(...own.map((s, r) => Math.abs(s - wanted[r]) / largest));
    const angles = [angle(v, expected.v), angle(u, expected.u)].map((a) => `${a.toPrecision(2)}°`);
    row(source.name, method, factorBits, ...angles, percent(sigma), percent(distance(unit.gradient(), sum)), "");
  }
}

function nmf(rank: number, source: Source): void {
  const { inputs, outputs, batches } = source;
  const exact = new Float64Array(inputs * outputs);
  for (const { x, delta } of batches[FED - 1].map(reals)) addOuterProduct(exact, delta, x, 1 / BATCH);
  const frontEndRank = 2 * rank;
  const settings = {
    method: "nmf",
    frontEnd: "sbpca",
    rank,
    frontEndRank,
    subBatch: 1,
    iterations: 3,
    unbiased: 0,
  } as const;
  const model = newGradientUnit(settings, inputs, outputs, new Random(1));
  let best = new Float64Array(exact.length);
  for (const batch of batches) {
    for (const { x, delta } of batch.map(reals)) model.add(x, delta);
    best = reconstruct(model.finish(), best) as Float64Array<ArrayBuffer>;
  }
  for (const factorBits of WORD_LENGTHS) {
    const sizes = { inputs, outputs, inputBits: 8, errorBits: ERROR_BITS };
    const unit = new UnitAlone({ ...settings, factorBits }, BATCH, sizes);
    for (const batch of batches) unit.feed(batch);
    const both = `${percent(distance(unit.gradient(), exact))}, golden ${percent(distance(best, exact))}`;
    row(source.name, "nmf behind sbpca", factorBits, "", "", "", "", both);
  }
}

function row(...cells: (string | number)[]): void {
  console.log(`| ${cells.join(" | ")} |`);
}

const rank = Number(process.argv[2] ?? 3);
row("samples", "method", "bits", "angle of X", "angle of D", "σ", "gradient", "distance from the exact gradient");
row(...new Array<string>(8).fill("---"));
for (const source of [random(), mnist(0), mnist(1)]) {
  orthonormal("sbpca", rank, source);
  orthonormal("lrt", rank, source);
  nmf(rank, source);
}
