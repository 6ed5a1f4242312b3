/** Keys of data: by its content, wherever it lies and however often it changes. */
import { copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { EXIT, Refusal } from "../../generator/base/errors.ts";
import { dataKey, filesKey } from "../../kept/data.ts";
import { temporaryFolder } from "../cli/rankloom.ts";

const shape = { inputs: 2, outputs: 2 };
const table = (first: number) =>
  `a,b,label\n${first},2,0\n${Array.from({ length: 9 }, (_, n) => `${n},1,${n % 2}`).join("\n")}\n`;

it("names a content: the same wherever it lies, another one when it changes, in one process, too", () => {
  const folder = temporaryFolder();
  const [one, other] = [join(folder, "one.csv"), join(folder, "other.csv")];
  writeFileSync(one, table(1));
  copyFileSync(one, other);
  const key = dataKey(shape, { path: one });
  expect(dataKey(shape, { path: other })).toBe(key);
  // As long as it was, in the place where it was.
  writeFileSync(other, table(2));
  renameSync(other, one);
  const changed = dataKey(shape, { path: one });
  expect(changed).not.toBe(key);
  // And at once again, in the same file.
  writeFileSync(one, table(1));
  expect(dataKey(shape, { path: one })).toBe(key);
  expect(dataKey(shape, { path: one, splitSeed: 2 })).not.toBe(key);
});

it("is of the data that RANKLOOM_DATA names where none is given", () => {
  const file = join(temporaryFolder(), "own.csv");
  writeFileSync(file, table(1));
  const before = process.env.RANKLOOM_DATA;
  onTestFinished(() => {
    if (before === undefined) delete process.env.RANKLOOM_DATA;
    else process.env.RANKLOOM_DATA = before;
  });
  delete process.env.RANKLOOM_DATA;
  const generated = dataKey(shape);
  process.env.RANKLOOM_DATA = file;
  expect(dataKey(shape)).toBe(dataKey(shape, { path: file }));
  expect(dataKey(shape)).not.toBe(generated);
});

it("of generated data is that of its shape", () => {
  expect(dataKey(shape)).toBe(dataKey({ ...shape }));
  expect(dataKey({ ...shape, inputs: 3 })).not.toBe(dataKey(shape));
});

it("of four files tells which is which", () => {
  const folder = temporaryFolder();
  const names = ["train-images", "train-labels", "t10k-images", "t10k-labels"];
  names.forEach((name, n) => {
    writeFileSync(join(folder, name), String(n));
  });
  const key = dataKey(shape, { path: folder });
  const [first, , third] = names.map((name) => readFileSync(join(folder, name)));
  writeFileSync(join(folder, names[0]), third);
  writeFileSync(join(folder, names[2]), first);
  expect(dataKey(shape, { path: folder })).not.toBe(key);
});

it("is refused where there is nothing", () => {
  expect(() => dataKey(shape, { path: "nowhere.csv" })).toThrow(
    new Refusal("nowhere.csv: does not exist; give a directory of IDX files or a CSV file", EXIT.environment),
  );
});

it("of other files is of them all, with all that is in folders; what is missing is told from what is empty", () => {
  const folder = temporaryFolder();
  const file = join(folder, "rtl", "a.v");
  const key = filesKey([folder]);
  mkdirSync(join(folder, "rtl"));
  writeFileSync(file, "module a; endmodule");
  const filled = filesKey([folder]);
  writeFileSync(file, "module b; endmodule");
  expect(new Set([key, filled, filesKey([folder]), filesKey([]), filesKey([join(folder, "none")])]).size).toBe(5);
});
