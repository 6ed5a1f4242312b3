import { fc, it } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { loadDataset, loadHead } from "../../data/dataset.ts";
import { findIdxFiles, loadIdx } from "../../data/idx.ts";
import { codes, compressed, idx, idxFiles, labels, refusal, shape, withFiles } from "./folders.ts";

/** Loads the small data set with some of its files replaced (or, given null, left out). */
function loadWith(changes: Record<string, Buffer | null>, wanted = shape) {
  const files = Object.fromEntries(
    Object.entries({ ...idxFiles(), ...changes }).filter((entry): entry is [string, Buffer] => entry[1] !== null),
  );
  return withFiles(files, (folder) => {
    const { message, exitCode } = refusal(() => loadDataset(wanted, { path: folder }));
    return { message: message.replaceAll(`${folder}/`, "").replaceAll(folder, "folder"), exitCode };
  });
}

describe("a directory of IDX files", () => {
  it("gives the samples it holds", () => {
    withFiles(idxFiles(), (folder) => {
      const data = loadDataset(shape, { path: folder });
      expect([data.train.count, data.test.count, data.inputs, data.outputs]).toEqual([5, 2, 6, 3]);
      expect([...data.train.codes]).toEqual(codes.train);
      expect([...data.test.codes]).toEqual(codes.test);
      expect([...data.train.labels]).toEqual(labels.train);
      expect([...data.test.labels]).toEqual(labels.test);
    });
  });

  it("gives the same samples and checksum from compressed files, and from those of another name", () => {
    const plain = withFiles(idxFiles(), (folder) => loadDataset(shape, { path: folder }));
    const gzip = withFiles(compressed(idxFiles()), (folder) => loadDataset(shape, { path: folder }));
    const renamed = Object.fromEntries(
      Object.entries(idxFiles()).map(([name, content]) => [`letters-${name.replace("t10k", "test")}`, content]),
    );
    const other = withFiles(renamed, (folder) => loadDataset(shape, { path: folder }));
    expect(gzip).toEqual({ ...plain, name: gzip.name, source: gzip.source });
    expect(other.sha256).toBe(plain.sha256);
  });

  it("prefers a plain file to the compressed file of the same name", () => {
    withFiles({ ...idxFiles(), "train-images-idx3-ubyte.gz": Buffer.from("no gzip") }, (folder) => {
      expect(loadDataset(shape, { path: folder }).train.count).toBe(5);
    });
  });

  it.prop([fc.integer({ min: 1, max: 8 }), fc.boolean()])("gives its first samples alone", (count, gzip) => {
    withFiles(gzip ? compressed(idxFiles()) : idxFiles(), (folder) => {
      const { samples, verified } = loadHead(shape, { path: folder }, count);
      const whole = loadDataset(shape, { path: folder }).train;
      expect(samples.count).toBe(Math.min(count, 5));
      expect([...samples.codes]).toEqual([...whole.codes.subarray(0, samples.count * 6)]);
      expect([...samples.labels]).toEqual([...whole.labels.subarray(0, samples.count)]);
      expect(verified).toBe(false);
    });
  });

  it("gives the first samples of a compressed file longer than a block, without its end", () => {
    const pixels = Uint8Array.from({ length: 20_000 * 6 }, (_, n) => Math.imul(n, 2654435761) >>> 24);
    const files = compressed({
      ...idxFiles(),
      "train-images-idx3-ubyte": idx([20_000, 2, 3], pixels),
      "train-labels-idx1-ubyte": idx([20_000], new Uint8Array(20_000)),
    });
    // Cut off: only what the first samples need can have been read.
    files["train-images-idx3-ubyte.gz"] = files["train-images-idx3-ubyte.gz"].subarray(0, 8000);
    withFiles(files, (folder) => {
      const { samples } = loadHead(shape, { path: folder }, 500);
      expect([...samples.codes]).toEqual([...pixels.subarray(0, 3000)]);
    });
  });
});

describe("a wrong IDX file is refused:", () => {
  const images = idxFiles()["train-images-idx3-ubyte"];
  const labelFile = idxFiles()["train-labels-idx1-ubyte"];

  it("truncated images", () => {
    expect(loadWith({ "train-images-idx3-ubyte": images.subarray(0, 40) })).toEqual({
      message: "train-images-idx3-ubyte: is truncated: 40 bytes where 5 × 2 × 3 elements take 46; download it again",
      exitCode: 2,
    });
  });

  it("bytes left over", () => {
    const { message } = loadWith({ "train-images-idx3-ubyte": Buffer.concat([images, Buffer.alloc(1)]) });
    expect(message).toContain("train-images-idx3-ubyte: has bytes left over: 47 bytes");
  });

  it("a header that is cut off, and an empty file", () => {
    expect(loadWith({ "train-images-idx3-ubyte": images.subarray(0, 9) }).message).toContain("inside its header");
    expect(loadWith({ "train-images-idx3-ubyte": images.subarray(0, 3) }).message).toContain("too few");
    expect(loadWith({ "train-images-idx3-ubyte": Buffer.alloc(0) }).message).toContain("is empty");
    expect(loadWith({ "train-images-idx3-ubyte": idx([0, 2, 3], []) }).message).toContain("is empty (0 × 2 × 3)");
  });

  it("a wrong magic number", () => {
    const wrong = Buffer.from(images);
    wrong[2] = 0x0d;
    expect(loadWith({ "train-images-idx3-ubyte": wrong }).message).toBe(
      "train-images-idx3-ubyte: starts with 0x00000d03, not with the IDX magic number of images, 0x00000803",
    );
  });

  it("images and labels exchanged", () => {
    const { message } = loadWith({ "train-images-idx3-ubyte": labelFile, "train-labels-idx1-ubyte": images });
    expect(message).toBe(
      "train-images-idx3-ubyte: is an IDX file of labels (0x00000801) where images (0x00000803) belong; are the two files exchanged?",
    );
  });

  it("counts that differ", () => {
    expect(loadWith({ "train-labels-idx1-ubyte": idx([4], [0, 1, 2, 1]) }).message).toBe(
      "train-labels-idx1-ubyte: has 4 labels, but train-images-idx3-ubyte has 5 images; they must be equal",
    );
  });

  it("a label out of range", () => {
    expect(loadWith({ "t10k-labels-idx1-ubyte": idx([2], [2, 3]) }).message).toBe(
      "t10k-labels-idx1-ubyte: label 3 of sample 1 is outside 0 to 2; the network's last layer needs 4 outputs",
    );
  });

  it("images of another size than the network's first layer", () => {
    expect(loadWith({}, { inputs: 7, outputs: 3 }).message).toBe(
      "train-images-idx3-ubyte: images have 6 pixels (2 × 3), but the network's first layer has 7 inputs; use 6",
    );
  });

  it("a missing file, as a matter of the environment", () => {
    const { message, exitCode } = loadWith({ "t10k-labels-idx1-ubyte": null });
    expect(message).toBe(
      "folder: holds no t10k-labels-idx1-ubyte (or t10k-labels-idx1-ubyte.gz); put the four IDX files there",
    );
    expect(exitCode).toBe(3);
  });

  it("two files that could each be meant", () => {
    expect(loadWith({ "test-labels-idx1-ubyte": idx([2], [0, 0]) }).message).toContain("could each be");
  });

  it("a broken gzip file", () => {
    const gzip = compressed({ images })["images.gz"];
    const { message } = loadWith({
      "train-images-idx3-ubyte": null,
      "train-images-idx3-ubyte.gz": gzip.subarray(0, 30),
    });
    expect(message).toContain("train-images-idx3-ubyte.gz: is not a whole gzip file");
  });

  it("a content with another checksum", () => {
    withFiles(idxFiles(), (folder) => {
      const files = findIdxFiles(folder);
      const md5 = "d41d8cd98f00b204e9800998ecf8427e";
      const wrong = { trainImages: md5, trainLabels: md5, testImages: md5, testLabels: md5 };
      expect(refusal(() => loadIdx(files, shape, wrong)).message).toMatch(
        /train-images-idx3-ubyte: has the MD5 sum .*, not d41d8/,
      );
    });
  });

  it.prop([fc.nat({ max: 45 }), fc.integer({ min: 1, max: 255 })])(
    "or, whichever byte of it changes, it is refused or read with only that pixel changed",
    (position, change) => {
      const wrong = Buffer.from(images);
      wrong[position] ^= change;
      withFiles({ ...idxFiles(), "train-images-idx3-ubyte": wrong }, (folder) => {
        if (position < 16) expect(refusal(() => loadDataset(shape, { path: folder })).exitCode).toBe(2);
        else {
          const changed = [...codes.train];
          changed[position - 16] ^= change;
          expect([...loadDataset(shape, { path: folder }).train.codes]).toEqual(changed);
        }
      });
    },
  );
});
