/** The Pareto front, by its definition. */
import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { expect, it } from "vitest";
import { aimsOf, paretoFront } from "../../sweep/pareto.ts";
import { refusalOf } from "../cli/refusal.ts";

const rows = fc.array(fc.record({ accuracy: fc.integer({ min: 0, max: 6 }), memory: fc.integer({ min: 0, max: 6 }) }), {
  maxLength: 40,
});

test.prop([rows])("has the rows that no other beats, and no other row", (list) => {
  const front = paretoFront(list, aimsOf("accuracy,memory"));
  const beats = (a: (typeof list)[0], b: (typeof list)[0]) =>
    a.accuracy >= b.accuracy && a.memory <= b.memory && (a.accuracy > b.accuracy || a.memory < b.memory);
  for (const row of list) expect(front.includes(row)).toBe(!list.some((other) => beats(other, row)));
});

it("asks which is better where no work says, and leaves out rows without a value", () => {
  expect(refusalOf(() => aimsOf("hue"))).toMatch(
    /^hue: whether more or less of it is better is not known; write hue:more or hue:less$/,
  );
  expect(refusalOf(() => aimsOf("accuracy,"))).toMatch(/^--pareto: "" is not allowed; /);
  expect(aimsOf("hue:less, seconds")).toEqual([
    { column: "hue", better: "less" },
    { column: "seconds", better: "less" },
  ]);
  expect(paretoFront([{ accuracy: null }, { accuracy: 1 }], aimsOf("accuracy"))).toEqual([{ accuracy: 1 }]);
});
