/** Work `estimate`: what a sweep keeps of an estimate. */
import { expect, it } from "vitest";
import { yosysVersion } from "../../estimate/synthesis/yosys.ts";
import { workVersion } from "../../sweep/program.ts";
import { estimateFigures, estimate as work } from "../../sweep/works/estimate-work.ts";
import { estimateOf, machine } from "../estimate/machines.ts";

const sets = ["gradient.method=mbgd"];

it("has a figure for every column, in the column's unit", () => {
  const result = estimateOf(machine(sets));
  const figures = estimateFigures(result);
  expect(Object.keys(figures)).toEqual(Object.keys(work.figures));
  const { area, memory, time, energy, clock } = result;
  const [, digital] = memory.gradientShare.parts;
  // In mm², µs, µJ and MHz, from nm², ps and fJ.
  expect(figures.area).toBeCloseTo(area.total.value * 1e-12, 12);
  expect(figures.timePerSample).toBeCloseTo(time.sample.total.value * 1e-6, 9);
  expect(figures.energyPerSample).toBeCloseTo(energy.sample.total.value * 1e-9, 12);
  expect(figures.clock).toBeCloseTo(1e6 / clock.period.value, 0);
  expect(figures.gradientShare).toBeCloseTo(memory.gradientArea.value / digital.value, 12);
  expect(figures.gradientShare).toBeCloseTo((figures.gradientArea as number) / (figures.digitalArea as number), 12);
  expect(Number.isInteger(figures.gradientBits)).toBe(true);
  expect(figures.tool).toBe("made up");
});

it("takes the node and the clock of the command, and no other settings", () => {
  expect(work.settings.parse({ kind: "estimate" })).toEqual({ kind: "estimate" });
  expect(work.settings.parse({ kind: "estimate", nodeNm: 32, clockMhz: 200 }).clockMhz).toBe(200);
  for (const wrong of [{ nodeNm: 0 }, { nodeNm: 4.5 }, { clockMhz: 0 }, { clockMhz: -1 }, { liberty: "cells.lib" }])
    expect(work.settings.safeParse({ kind: "estimate", ...wrong }).success).toBe(false);
});

it("has another version with another Yosys", () => {
  expect(workVersion("estimate").split(" with ")[1]).toBe(yosysVersion());
});
