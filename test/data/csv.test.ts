import { gzipSync } from "node:zlib";
import { fc, it } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { type DataOptions, loadDataset, loadHead, type Samples } from "../../data/dataset.ts";
import { refusal, withFiles } from "./folders.ts";

type Row = readonly (string | number)[];

const load = (text: string, shape = { inputs: 2, outputs: 2 }, options: DataOptions = {}) =>
  withFiles({ "data.csv": text }, (folder) => loadDataset(shape, { path: `${folder}/data.csv`, ...options }));

const refused = (text: string, shape = { inputs: 2, outputs: 2 }, options: DataOptions = {}) =>
  withFiles({ "data.csv": text }, (folder) => {
    const { message, exitCode } = refusal(() => loadDataset(shape, { path: `${folder}/data.csv`, ...options }));
    return { message: message.replace(`${folder}/`, ""), exitCode };
  });

const csv = (...rows: Row[]) => `${rows.map((row) => row.join(",")).join("\n")}\n`;
const simple = csv(["a", "b", "label"], [0, 5, "x"], [1, 5, "y"], [2, 5, "x"], [3, 5, "y"], [4, 5, "x"]);

const rowsOf = ({ count, codes, labels }: Samples, inputs: number) =>
  Array.from({ length: count }, (_, n) => [labels[n], ...codes.subarray(n * inputs, (n + 1) * inputs)]);

describe("a CSV file", () => {
  it("is split into disjoint parts of the stated size, which together are the whole", () => {
    // Every row is a class of its own.
    const text = csv(["a", "class"], ...Array.from({ length: 50 }, (_, n) => [n, n]));
    const { train, test } = load(text, { inputs: 1, outputs: 50 }, { testFraction: 0.3 });
    expect([train.count, test.count]).toEqual([35, 15]);
    expect(new Set([...train.labels, ...test.labels]).size).toBe(50);
  });

  it("is split the same way by the same seed only", () => {
    const text = csv(["a", "label"], ...Array.from({ length: 40 }, (_, n) => [n, n % 2]));
    const at = (splitSeed?: number) => load(text, { inputs: 1, outputs: 2 }, { splitSeed }).sha256;
    expect(at(1)).toBe(at());
    expect(at(2)).not.toBe(at(1));
  });

  it.prop([fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 30 }), fc.nat()])(
    "is scaled to round(255 · (v − min) / (max − min)) by the training part's range, to which the test part is clipped",
    (values, splitSeed) => {
      // Every row is a class of its own, so that the labels tell which rows are in which part.
      const text = csv(["value", "label"], ...values.map((value, n) => [value, n]));
      const { train, test } = load(text, { inputs: 1, outputs: values.length }, { splitSeed });
      const trained = [...train.labels].map((row) => values[row]);
      const smallest = Math.min(...trained);
      const range = Math.max(...trained) - smallest;
      for (const { codes, labels } of [train, test]) {
        codes.forEach((code, n) => {
          const scaled = range === 0 ? 0 : (255 * (values[labels[n]] - smallest)) / range;
          expect(Math.abs(code - Math.min(Math.max(scaled, 0), 255))).toBeLessThanOrEqual(0.5 + 1e-9);
        });
      }
      expect([...train.labels, ...test.labels].sort((a, b) => a - b)).toEqual(values.map((_, n) => n));
    },
  );

  it("clips an outlier that was held out to 255, or to 0", () => {
    const values = [10, 20, 30, 40, 50, 60, 70, 80, -1000, 1000];
    const text = csv(["value", "label"], ...values.map((value, n) => [value, n]));
    const clipped = new Set<number>();
    for (let splitSeed = 0; splitSeed < 30; splitSeed++) {
      const { test } = load(text, { inputs: 1, outputs: 10 }, { splitSeed });
      test.labels.forEach((row, n) => {
        if (row >= 8) clipped.add(test.codes[n]);
      });
    }
    expect(clipped).toEqual(new Set([0, 255]));
  });

  it("gives 0 for a column that is constant", () => {
    const { train, test } = load(simple);
    expect([...rowsOf(train, 2), ...rowsOf(test, 2)].map((row) => row[2])).toEqual([0, 0, 0, 0, 0]);
  });

  it("numbers classes by value where all are numbers, else by their letters", () => {
    const numeric = load(csv(["label", "a"], [10, 0], [9, 1], [9, 1], [10, 0], [10, 0]), { inputs: 1, outputs: 2 });
    for (const [label, code] of [...rowsOf(numeric.train, 1), ...rowsOf(numeric.test, 1)]) {
      expect(label).toBe(code === 255 ? 0 : 1);
    }
    const named = load(csv(["label", "a"], ["10b", 0], ["9", 1], ["9", 1], ["10b", 0], ["10b", 0]), {
      inputs: 1,
      outputs: 2,
    });
    for (const [label, code] of [...rowsOf(named.train, 1), ...rowsOf(named.test, 1)]) {
      expect(label).toBe(code === 255 ? 1 : 0);
    }
  });

  it("finds its labels in the column called label, class or target, in the named one, else in the last", () => {
    const rows: Row[] = [0, 1, 0, 1, 0].map((bit, n) => [bit, n, n]);
    const shape = { inputs: 2, outputs: 2 };
    expect(load(csv(["Target", "p", "q"], ...rows), shape).train.count).toBe(4);
    expect(load(csv(["kind", "p", "q"], ...rows), shape, { labelColumn: "kind" }).train.count).toBe(4);
    expect(load(csv(["kind", "p", "q"], ...rows), { inputs: 2, outputs: 5 }).train.count).toBe(4);
  });

  it("may be compressed, have a byte order mark, quotes, blank lines and Windows line ends", () => {
    const plain = load(simple);
    const odd = `\ufeff"a", b ,label\r\n0,5,x\r\n\r\n1,"5",y\r\n2,5,x\r\n3,5,"y"\r\n4,5,x`;
    expect(load(odd).sha256).toBe(plain.sha256);
    withFiles({ "data.csv.gz": gzipSync(simple) }, (folder) => {
      const data = loadDataset({ inputs: 2, outputs: 2 }, { path: `${folder}/data.csv.gz` });
      expect([data.sha256, data.name]).toEqual([plain.sha256, "data"]);
    });
  });

  it("gives its first training samples alone", () => {
    withFiles({ "data.csv": simple }, (folder) => {
      const { samples, verified } = loadHead({ inputs: 2, outputs: 2 }, { path: `${folder}/data.csv` }, 3);
      expect(rowsOf(samples, 2)).toEqual(rowsOf(load(simple).train, 2).slice(0, 3));
      expect(verified).toBe(true);
    });
  });
});

describe("a wrong CSV file is refused:", () => {
  it("a cell that is no number, with its row and column", () => {
    const expected = 'data.csv: row 2, column "b" holds "five"; a number is expected';
    expect(refused(simple.replace("1,5,y", "1,five,y"))).toEqual({ message: expected, exitCode: 2 });
    expect(refused(simple.replace("1,5,y", "1,,y")).message).toContain('row 2, column "b" is empty');
    expect(refused(simple.replace("1,5,y", "1,NaN,y")).message).toContain('holds "NaN"');
    expect(refused(simple.replace("1,5,y", "1,1e999,y")).message).toContain('holds "1e999"');
    expect(refused(simple.replace("1,5,y", "1,5,")).message).toContain('row 2, column "label" is empty');
  });

  it("a row of another length", () => {
    expect(refused(simple.replace("2,5,x", "2,5")).message).toBe("data.csv: row 3 has 2 cells where the header has 3");
  });

  it("an empty one, and one without enough samples to hold some out", () => {
    expect(refused("").message).toContain("data.csv: is empty");
    expect(refused("a,b,label\n").message).toContain("has 0 samples below its header");
    expect(refused("a,b,label\n1,2,x\n").message).toContain("has 1 samples below its header");
  });

  it("another number of features or classes than the network has", () => {
    expect(refused(simple, { inputs: 3, outputs: 2 }).message).toBe(
      "data.csv: has 2 feature columns, but the network's first layer has 3 inputs; use 2",
    );
    expect(refused(simple, { inputs: 2, outputs: 3 }).message).toContain(
      'column "label" has 2 classes (x, y), but the network\'s last layer has 3 outputs; use 2',
    );
  });

  it("an unknown label column, a test fraction out of range, a broken quote", () => {
    expect(refused(simple, undefined, { labelColumn: "kind" }).message).toBe(
      'data.csv: has no column "kind"; its columns are a, b, label',
    );
    expect(refused(simple, undefined, { testFraction: 1 }).message).toContain("testFraction: 1 is not between 0 and 1");
    expect(refused(simple.replace("1,5,y", '1,"5,y')).message).toContain("data.csv: is not a CSV file");
  });

  it("one that does not exist, as a matter of the environment", () => {
    const { message, exitCode } = refusal(() => loadDataset({ inputs: 2, outputs: 2 }, { path: "nowhere/data.csv" }));
    expect(message).toContain("nowhere/data.csv: does not exist");
    expect(exitCode).toBe(3);
  });
});
