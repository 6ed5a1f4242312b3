/** Temporary folders with data files for the loaders' tests. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** Writes the files into a new folder, hands its path over, and removes it afterwards. */
export function withFiles<T>(files: Record<string, Uint8Array | string>, use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "rankloom-data-"));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** An IDX file of unsigned bytes. */
export function idx(dimensions: readonly number[], elements: ArrayLike<number>): Buffer {
  const header = Buffer.alloc(4 + 4 * dimensions.length);
  header.writeUInt8(0x08, 2);
  header.writeUInt8(dimensions.length, 3);
  dimensions.forEach((dimension, i) => {
    header.writeUInt32BE(dimension, 4 + 4 * i);
  });
  return Buffer.concat([header, Buffer.from(Uint8Array.from(elements))]);
}

/** A data set of 2 × 3 pixels and 3 classes: five samples to train, two to test. */
export const codes = {
  train: Array.from({ length: 30 }, (_, n) => (n * 37) % 256),
  test: Array.from({ length: 12 }, (_, n) => n),
};
export const labels = { train: [0, 1, 2, 1, 0], test: [2, 0] };
export const shape = { inputs: 6, outputs: 3 };

export function idxFiles(): Record<string, Buffer> {
  return {
    "train-images-idx3-ubyte": idx([5, 2, 3], codes.train),
    "train-labels-idx1-ubyte": idx([5], labels.train),
    "t10k-images-idx3-ubyte": idx([2, 2, 3], codes.test),
    "t10k-labels-idx1-ubyte": idx([2], labels.test),
  };
}

export function compressed(files: Record<string, Buffer>): Record<string, Buffer> {
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [`${name}.gz`, gzipSync(content)]));
}

/** What a refusal says and its exit code; fails where nothing is refused. */
export function refusal(action: () => unknown): { message: string; exitCode: number } {
  try {
    action();
  } catch (error) {
    const { message, exitCode } = error as Error & { exitCode: number };
    if (message.includes("\n")) throw new Error(`a refusal is one line, not:\n${message}`);
    return { message, exitCode };
  }
  throw new Error("nothing was refused");
}
