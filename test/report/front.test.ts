/** The Pareto front that a picture draws, against the one that queries give. */
import { test } from "@fast-check/vitest";
import fc from "fast-check";
import * as vega from "vega";
import { expect } from "vitest";
import { frontOf } from "../../report/training-pictures.ts";
import { aimsOf, paretoFront } from "../../sweep/pareto.ts";

const rows = fc.array(fc.record({ accuracy: fc.integer({ min: 0, max: 6 }), memory: fc.integer({ min: 0, max: 6 }) }), {
  maxLength: 30,
});

test.prop([rows], { numRuns: 60 })("has the values of the rows that no other beats", async (list) => {
  const { compile } = await import("vega-lite");
  const { spec } = compile({
    data: { values: list },
    transform: frontOf("memory", "accuracy"),
    mark: "point",
    encoding: { x: { field: "memory", type: "quantitative" }, y: { field: "accuracy", type: "quantitative" } },
  } as never);
  const view = new vega.View(vega.parse(spec), { renderer: "none", logLevel: vega.Error });
  await view.runAsync();
  const names = spec.data?.map(({ name }) => name) ?? [];
  const drawn: { memory: number; accuracy: number }[] = view.data(names[names.length - 1]);
  const points = (found: readonly { memory: number; accuracy: number }[]) =>
    [...new Set(found.map(({ memory, accuracy }) => `${memory} ${accuracy}`))].sort();
  expect(points(drawn)).toEqual(points(paretoFront(list, aimsOf("accuracy,memory"))));
});
