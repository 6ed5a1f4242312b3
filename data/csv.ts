/** Reads a data set from a CSV file: a header, one sample a row, one column of class labels, the others features.
 *  Features are scaled to codes column by column, with the range that the training part has. */
import { parse } from "csv-parse/sync";
import { Refusal } from "../generator/base/errors.ts";
import { oneLine, readBytes } from "./files.ts";
import { Random, shuffled, stream } from "./random.ts";
import type { Samples, Shape, SplitSamples } from "./samples.ts";

export interface CsvOptions {
  /** Name of the label column; without it the first named label, class or target, else the last column. */
  readonly labelColumn?: string;
  /** Seed of the split into training and test part. */
  readonly splitSeed: number;
  /** Part of the samples held out for the test, in (0, 1). */
  readonly testFraction: number;
}

const usualNames = ["label", "class", "target"];
const largestCode = 255;

export function loadCsv(file: string, shape: Shape, options: CsvOptions): SplitSamples {
  const [header, ...rows] = readRows(file);
  if (header === undefined) throw new Refusal(`${file}: is empty; a header and samples are expected`);
  if (rows.length < 2) {
    throw new Refusal(`${file}: has ${rows.length} samples below its header; at least 2 are needed to hold some out`);
  }
  const labelIndex = findLabelColumn(file, header, options.labelColumn);
  const inputs = header.length - 1;
  if (inputs !== shape.inputs) {
    throw new Refusal(
      `${file}: has ${inputs} feature columns, but the network's first layer has ${shape.inputs} inputs; use ${inputs}`,
    );
  }
  const features = readFeatures(file, header, rows, labelIndex);
  const labels = numberClasses(file, header[labelIndex], rows, labelIndex, shape);
  const { train, test } = split(rows.length, options.splitSeed, options.testFraction);
  const scale = scalingOf(features, inputs, train);
  const take = (part: Uint32Array): Samples => ({
    count: part.length,
    codes: encode(features, inputs, part, scale),
    labels: Uint16Array.from(part, (row) => labels[row]),
  });
  return { train: take(train), test: take(test) };
}

export function readRows(file: string): string[][] {
  const { bytes } = readBytes(file);
  try {
    return parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
      bom: true,
      skip_empty_lines: true,
      relax_column_count: true,
      trim: true,
    });
  } catch (error) {
    throw new Refusal(`${file}: is not a CSV file (${oneLine(error)})`);
  }
}

function findLabelColumn(file: string, header: readonly string[], wanted: string | undefined): number {
  if (wanted !== undefined) {
    const index = header.indexOf(wanted);
    if (index >= 0) return index;
    throw new Refusal(`${file}: has no column "${wanted}"; its columns are ${shortened(header)}`);
  }
  const index = header.findIndex((name) => usualNames.includes(name.toLowerCase()));
  return index >= 0 ? index : header.length - 1;
}

/** Rows are counted from 1, the header not counted. */
function readFeatures(
  file: string,
  header: readonly string[],
  rows: readonly (readonly string[])[],
  labelIndex: number,
): Float64Array {
  const inputs = header.length - 1;
  const features = new Float64Array(rows.length * inputs);
  rows.forEach((row, r) => {
    if (row.length !== header.length) {
      throw new Refusal(`${file}: row ${r + 1} has ${row.length} cells where the header has ${header.length}`);
    }
    let feature = 0;
    row.forEach((cell, c) => {
      if (c === labelIndex) return;
      const value = Number(cell);
      if (cell === "" || !Number.isFinite(value)) {
        const what = cell === "" ? "is empty" : `holds "${shortText(cell)}"`;
        throw new Refusal(`${file}: row ${r + 1}, column "${header[c]}" ${what}; a number is expected`);
      }
      features[r * inputs + feature++] = value;
    });
  });
  return features;
}

/** Class number of every row: the position of its label among the labels that occur, sorted (by value if every one
 *  is a number). */
function numberClasses(
  file: string,
  column: string,
  rows: readonly (readonly string[])[],
  labelIndex: number,
  shape: Shape,
): Uint16Array {
  const names = new Set<string>();
  rows.forEach((row, r) => {
    if (row[labelIndex] === "")
      throw new Refusal(`${file}: row ${r + 1}, column "${column}" is empty; a label is expected`);
    names.add(row[labelIndex]);
  });
  const numeric = [...names].every((name) => Number.isFinite(Number(name)));
  const sorted = numeric ? [...names].sort((a, b) => Number(a) - Number(b)) : [...names].sort();
  if (sorted.length !== shape.outputs) {
    throw new Refusal(
      `${file}: column "${column}" has ${sorted.length} classes (${shortened(sorted)}), but the network's last layer has ${shape.outputs} outputs; use ${sorted.length}, or name the right label column`,
    );
  }
  const numbers = new Map(sorted.map((name, number) => [name, number]));
  return Uint16Array.from(rows, (row) => numbers.get(row[labelIndex]) as number);
}

/** Row numbers of the training and the test part; each has at least one. */
function split(count: number, seed: number, testFraction: number): { train: Uint32Array; test: Uint32Array } {
  if (!(testFraction > 0 && testFraction < 1)) {
    throw new Refusal(`testFraction: ${testFraction} is not between 0 and 1; use 0.2`);
  }
  const order = shuffled(count, new Random(stream.split, seed));
  const held = Math.min(Math.max(Math.round(count * testFraction), 1), count - 1);
  return { train: order.subarray(held), test: order.subarray(0, held) };
}

interface Scaling {
  readonly smallest: Float64Array;
  readonly largest: Float64Array;
}

function scalingOf(features: Float64Array, inputs: number, part: Uint32Array): Scaling {
  const smallest = new Float64Array(inputs).fill(Number.POSITIVE_INFINITY);
  const largest = new Float64Array(inputs).fill(Number.NEGATIVE_INFINITY);
  for (const row of part) {
    for (let i = 0; i < inputs; i++) {
      const value = features[row * inputs + i];
      if (value < smallest[i]) smallest[i] = value;
      if (value > largest[i]) largest[i] = value;
    }
  }
  return { smallest, largest };
}

/** code = round(255 · (v − min) / (max − min)), clipped to 0 … 255; 0 in a constant column. */
function encode(features: Float64Array, inputs: number, part: Uint32Array, scaling: Scaling): Uint8Array {
  const codes = new Uint8Array(part.length * inputs);
  part.forEach((row, r) => {
    for (let i = 0; i < inputs; i++) {
      const range = scaling.largest[i] - scaling.smallest[i];
      if (range === 0) continue;
      const part01 = (features[row * inputs + i] - scaling.smallest[i]) / range;
      codes[r * inputs + i] = Math.round(largestCode * Math.min(Math.max(part01, 0), 1));
    }
  });
  return codes;
}

export function shortText(text: string): string {
  return text.length <= 24 ? text : `${text.slice(0, 24)}…`;
}

export function shortened(names: readonly string[]): string {
  const shown = names.slice(0, 8).map(shortText).join(", ");
  return names.length <= 8 ? shown : `${shown}, … (${names.length} in all)`;
}
