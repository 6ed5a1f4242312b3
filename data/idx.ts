/** Reads data sets in the IDX format of MNIST: four files, two of images and two of labels, plain or gzip-compressed.
 *  Format (LeCun, "The MNIST database"): two zero bytes, the element type (0x08: unsigned byte), the number of
 *  dimensions, each dimension as a big-endian 32-bit number, then the elements, the last dimension fastest. */
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { Refusal } from "../generator/base/errors.ts";
import { type FileBytes, isCompressed, readBytes, readFirstBytes, unreadable } from "./files.ts";
import type { Samples, Shape, SplitSamples } from "./samples.ts";

export interface IdxFiles {
  readonly trainImages: string;
  readonly trainLabels: string;
  readonly testImages: string;
  readonly testLabels: string;
}

/** MD5 of each file's content, where the source publishes them. */
export type IdxChecksums = { readonly [file in keyof IdxFiles]: string };

const patterns: { readonly [file in keyof IdxFiles]: { readonly pattern: RegExp; readonly usual: string } } = {
  trainImages: { pattern: /(^|-)train-images/, usual: "train-images-idx3-ubyte" },
  trainLabels: { pattern: /(^|-)train-labels/, usual: "train-labels-idx1-ubyte" },
  testImages: { pattern: /(^|-)(t10k|test)-images/, usual: "t10k-images-idx3-ubyte" },
  testLabels: { pattern: /(^|-)(t10k|test)-labels/, usual: "t10k-labels-idx1-ubyte" },
};

/** Finds the four files of a directory by their names; of a plain and a compressed file of one name, the plain one. */
export function findIdxFiles(directory: string): IdxFiles {
  let names: string[];
  try {
    names = readdirSync(directory).sort();
  } catch (error) {
    throw unreadable(directory, error);
  }
  const find = (file: keyof IdxFiles): string => {
    const { pattern, usual } = patterns[file];
    const all = names.filter((name) => pattern.test(name));
    const found = all.filter((name) => !isCompressed(name) || !all.includes(name.slice(0, -".gz".length)));
    if (found.length === 0) {
      throw new Refusal(`${directory}: holds no ${usual} (or ${usual}.gz); put the four IDX files there`, 3);
    }
    if (found.length > 1) {
      throw new Refusal(`${directory}: ${found.join(" and ")} could each be ${usual}; leave only one of them`);
    }
    return join(directory, found[0]);
  };
  return {
    trainImages: find("trainImages"),
    trainLabels: find("trainLabels"),
    testImages: find("testImages"),
    testLabels: find("testLabels"),
  };
}

/** Both parts of a data set, checked; with `checksums`, the files' contents too. */
export function loadIdx(files: IdxFiles, shape: Shape, checksums?: IdxChecksums): SplitSamples {
  const part = (images: "trainImages" | "testImages", labels: "trainLabels" | "testLabels"): Samples => {
    const imageBytes = readBytes(files[images]);
    const labelBytes = readBytes(files[labels]);
    const samples = toSamples(files[images], imageBytes, files[labels], labelBytes, shape);
    if (checksums) {
      verify(files[images], imageBytes.bytes, checksums[images]);
      verify(files[labels], labelBytes.bytes, checksums[labels]);
    }
    return samples;
  };
  return { train: part("trainImages", "trainLabels"), test: part("testImages", "testLabels") };
}

/** The first `count` training samples (fewer if there are no more), without reading the rest of the images. */
export function loadIdxHead(files: IdxFiles, shape: Shape, count: number): Samples {
  const pixels = shape.crop === undefined ? shape.inputs : pixelsOf(files.trainImages);
  const images = readFirstBytes(files.trainImages, longestHeader + count * pixels);
  const labels = readBytes(files.trainLabels);
  return toSamples(files.trainImages, images, files.trainLabels, labels, shape, count);
}

const longestHeader = 4 + 4 * 255;

function pixelsOf(file: string): number {
  const [, ...sides] = parse(file, readFirstBytes(file, longestHeader), "images").dimensions;
  return sides.reduce((product, side) => product * side, 1);
}

interface IdxArray {
  readonly dimensions: readonly number[];
  /** The elements, or the first of them. */
  readonly elements: Uint8Array;
}

function parse(file: string, content: FileBytes, holds: "images" | "labels"): IdxArray {
  const { bytes, total } = content;
  if (bytes.length === 0) throw new Refusal(`${file}: is empty; an IDX file of ${holds} is expected`);
  if (bytes.length < 4) throw new Refusal(`${file}: has ${bytes.length} bytes, too few for an IDX header`);
  const magic = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const right = holds === "images" ? "00000803" : "00000801";
  if (bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 0x08 || bytes[3] === 0) {
    throw new Refusal(`${file}: starts with 0x${magic}, not with the IDX magic number of ${holds}, 0x${right}`);
  }
  const rank = bytes[3];
  if ((rank === 1) !== (holds === "labels")) {
    const other = holds === "labels" ? "images" : "labels";
    throw new Refusal(
      `${file}: is an IDX file of ${other} (0x${magic}) where ${holds} (0x${right}) belong; are the two files exchanged?`,
    );
  }
  const start = 4 + 4 * rank;
  if (bytes.length < start) throw new Refusal(`${file}: is cut off inside its header; download it again`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const dimensions = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  if (dimensions.includes(0)) throw new Refusal(`${file}: is empty (${dimensions.join(" × ")}); samples are expected`);
  const expected = start + dimensions.reduce((product, dimension) => product * dimension, 1);
  if (total !== null && total !== expected) {
    const what = total < expected ? "is truncated" : "has bytes left over";
    throw new Refusal(
      `${file}: ${what}: ${total} bytes where ${dimensions.join(" × ")} elements take ${expected}; download it again`,
    );
  }
  return { dimensions, elements: bytes.subarray(start) };
}

function toSamples(
  imageFile: string,
  imageBytes: FileBytes,
  labelFile: string,
  labelBytes: FileBytes,
  shape: Shape,
  first = Number.POSITIVE_INFINITY,
): Samples {
  const images = parse(imageFile, imageBytes, "images");
  const labels = parse(labelFile, labelBytes, "labels");
  const [whole, ...sides] = images.dimensions;
  const pixels = sides.reduce((product, side) => product * side, 1);
  if (whole !== labels.dimensions[0]) {
    throw new Refusal(
      `${labelFile}: has ${labels.dimensions[0]} labels, but ${basename(imageFile)} has ${whole} images; they must be equal`,
    );
  }
  if (shape.crop !== undefined) checkSquare(imageFile, sides, shape.crop);
  else if (pixels !== shape.inputs) {
    throw new Refusal(
      `${imageFile}: images have ${pixels} pixels (${sides.join(" × ")}), but the network's first layer has ${shape.inputs} inputs; use ${pixels}`,
    );
  }
  const largest = labels.elements.reduce((a, b) => Math.max(a, b), 0);
  if (largest >= shape.outputs) {
    const at = labels.elements.findIndex((label) => label >= shape.outputs);
    throw new Refusal(
      `${labelFile}: label ${labels.elements[at]} of sample ${at} is outside 0 to ${shape.outputs - 1}; the network's last layer needs ${largest + 1} outputs`,
    );
  }
  const count = Math.min(whole, first);
  if (images.elements.length < count * pixels) {
    throw new Refusal(`${imageFile}: is truncated: it ends before image ${count - 1}; download it again`);
  }
  const codes = images.elements.subarray(0, count * pixels);
  return {
    count,
    codes: shape.crop === undefined ? codes : cropped(codes, sides[0], shape.crop),
    labels: Uint16Array.from(labels.elements.subarray(0, count)),
  };
}

function checkSquare(file: string, sides: readonly number[], crop: number): void {
  if (sides.length === 2 && sides[0] === sides[1] && sides[0] >= crop) return;
  throw new Refusal(
    `${file}: images have ${sides.join(" × ")} pixels; network.crop ${crop} needs square ones of at least ${crop} × ${crop}`,
  );
}

/** The central pixels of square images. */
function cropped(codes: Uint8Array, side: number, crop: number): Uint8Array {
  const count = codes.length / side ** 2;
  const border = Math.floor((side - crop) / 2);
  const result = new Uint8Array(count * crop ** 2);
  for (let n = 0; n < count; n++)
    for (let row = 0; row < crop; row++) {
      const start = n * side ** 2 + (border + row) * side + border;
      result.set(codes.subarray(start, start + crop), (n * crop + row) * crop);
    }
  return result;
}

function verify(file: string, bytes: Uint8Array, md5: string): void {
  const found = createHash("md5").update(bytes).digest("hex");
  if (found !== md5) throw new Refusal(`${file}: has the MD5 sum ${found}, not ${md5}; install or download it again`);
}
