import { fc, it } from "@fast-check/vitest";
import { afterEach, describe, expect } from "vitest";
import { loadDataset, loadHead } from "../../data/dataset.ts";
import { idxFiles, refusal, shape, withFiles } from "./folders.ts";

// The choice of a data set is what is tested here: not that of whoever runs the tests.
delete process.env.RANKLOOM_DATA;
afterEach(() => {
  delete process.env.RANKLOOM_DATA;
});

const mnist = { inputs: 784, outputs: 10 };

describe("MNIST", () => {
  it("is what a design of 784 inputs and 10 outputs gets, with the four original files' checksums", () => {
    const data = loadDataset(mnist);
    expect([data.name, data.train.count, data.test.count]).toEqual(["mnist", 60_000, 10_000]);
    expect([...data.train.labels.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    expect([...data.test.labels.subarray(0, 10)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
    expect(data.sha256).toBe("a7085375450025df72849b9670dc1a6c0d7a118e2747584885b8f87c91ac4d98");
    // Mean of the training pixels, as commonly used to normalise: 0.1307 of 255.
    expect(data.train.codes.reduce((sum, code) => sum + code, 0) / data.train.codes.length / 255).toBeCloseTo(
      0.1307,
      4,
    );
  });

  it("gives its first samples without reading the others", () => {
    const { samples, verified } = loadHead(mnist, {}, 512);
    const whole = loadDataset(mnist).train;
    expect(Buffer.from(samples.codes).equals(whole.codes.subarray(0, 512 * 784))).toBe(true);
    expect(samples.labels).toEqual(whole.labels.slice(0, 512));
    expect(verified).toBe(false);
  });
});

describe("a data set", () => {
  it("comes from the path, else from RANKLOOM_DATA, whose mistakes are refused the same way", () => {
    withFiles(idxFiles(), (folder) => {
      process.env.RANKLOOM_DATA = folder;
      expect(loadDataset(shape).source).toBe(folder);
      expect(refusal(() => loadDataset(mnist)).message).toContain("images have 6 pixels");
      process.env.RANKLOOM_DATA = "nowhere";
      expect(loadDataset(shape, { path: folder }).train.count).toBe(5);
      expect(refusal(() => loadDataset(shape))).toEqual({
        message: "nowhere: does not exist; give a directory of IDX files or a CSV file",
        exitCode: 3,
      });
    });
  });
});

describe("a generated data set", () => {
  const shapes = fc.record({ inputs: fc.integer({ min: 1, max: 40 }), outputs: fc.integer({ min: 1, max: 12 }) });

  it.prop([shapes], { numRuns: 20 })("has the shape that is asked for, and is the same every time", (wanted) => {
    const data = loadDataset(wanted);
    expect([data.name, data.train.count, data.test.count]).toEqual(["generated", 4096, 1024]);
    expect(data.train.codes.length).toBe(4096 * wanted.inputs);
    expect(data.train.labels.every((label) => label < wanted.outputs)).toBe(true);
    expect(new Set(data.train.labels).size).toBe(wanted.outputs);
    expect(loadDataset(wanted).sha256).toBe(data.sha256);
  });

  it.prop([shapes, fc.integer({ min: 1, max: 5000 })], { numRuns: 20 })(
    "begins with what loadHead gives",
    (wanted, n) => {
      const { samples } = loadHead(wanted, {}, n);
      const { train } = loadDataset(wanted);
      expect(samples.count).toBe(Math.min(n, 4096));
      expect(Buffer.from(samples.codes).equals(train.codes.subarray(0, samples.count * wanted.inputs))).toBe(true);
      expect(samples.labels).toEqual(train.labels.slice(0, samples.count));
    },
  );

  it("has many codes of zero and classes that the nearest class mean tells apart", () => {
    const [inputs, outputs] = [64, 10];
    const { train, test } = loadDataset({ inputs, outputs });
    expect(train.codes.filter((code) => code === 0).length / train.codes.length).toBeGreaterThan(0.5);
    const means = Array.from({ length: outputs }, () => new Float64Array(inputs));
    const counts = new Float64Array(outputs);
    train.labels.forEach((label, n) => {
      counts[label]++;
      for (let i = 0; i < inputs; i++) means[label][i] += train.codes[n * inputs + i];
    });
    let right = 0;
    test.labels.forEach((label, n) => {
      const distances = means.map((mean, c) =>
        mean.reduce((sum, value, i) => sum + (value / counts[c] - test.codes[n * inputs + i]) ** 2, 0),
      );
      if (distances.indexOf(Math.min(...distances)) === label) right++;
    });
    expect(right / test.count).toBeGreaterThan(0.99);
  });
});
