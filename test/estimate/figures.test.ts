/** The tree of figures: exact sums, explanations that end, and figures that move as theory says. */
import { fc, it as prop } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { breakdownsOf, type Estimate, figuresOf } from "../../estimate/estimate-design.ts";
import { estimateJson } from "../../estimate/json.ts";
import { savings } from "../../estimate/savings.ts";
import { explain, type Figure } from "../../estimate/tree.ts";
import { estimateOf, machine } from "./machines.ts";

const total = (figures: Readonly<Record<string, Figure>>) =>
  Object.values(figures).reduce((sum, { value }) => sum + value, 0);

const METHODS = ["sgd", "mbgd", "sbpca", "nmf", "lrt"];
const design = fc.record({
  method: fc.constantFrom(...METHODS),
  node: fc.integer({ min: 7, max: 180 }),
  gates: fc.double({ min: 0, max: 1e6, noNaN: true }),
  scale: fc.integer({ min: 0, max: 1000 }),
  clock: fc.option(fc.double({ min: 1, max: 5000, noNaN: true }), { nil: undefined }),
});

const of = ({ method, node, gates, scale, clock }: typeof design extends fc.Arbitrary<infer D> ? D : never): Estimate =>
  estimateOf(machine([`gradient.method=${method}`]), { nodeNm: node, gates, scale, clockMhz: clock });

describe("every breakdown", () => {
  prop.prop([design], { numRuns: 25 })("adds up to the whole, exactly, by layer, unit and kind", (choice) => {
    for (const { total: whole, byLayer, byUnit, byKind } of Object.values(breakdownsOf(of(choice)))) {
      expect(Number.isSafeInteger(whole.value)).toBe(true);
      expect([total(byLayer), total(byUnit), total(byKind)]).toEqual([whole.value, whole.value, whole.value]);
    }
  });
});

describe("an explanation", () => {
  prop.prop([design], { numRuns: 10 })("of every figure ends in inputs and constants with their sources", (choice) => {
    for (const figure of figuresOf(of(choice)).values()) {
      const { id, parts, inputs, constants, formula } = figure;
      expect(formula).not.toBe("");
      // A sum of nothing is 0, and needs no more.
      if (parts.length + inputs.length + constants.length === 0) expect([id, figure.value]).toEqual([id, 0]);
      for (const { source } of constants) expect(source).not.toBe("");
      for (const { from } of inputs) expect(from).not.toBe("");
    }
  });

  it("names formula, inputs, constants and their sources, down to the last", () => {
    const result = estimateOf(machine());
    const text = explain(result.area.total);
    expect(text).toMatch(/^area = .* µm²: area$/m);
    expect(text).toMatch(/gates = [\d.,]+ \(made up, the generic library\)/);
    expect(text).toMatch(/digital\.nand2Area\(45 nm\) = 0\.798 um2 \[Nangate/);
    expect(text).toMatch(/sram\.peripheryCells = 20 cells \[assumption: /);
    for (const { id } of Object.values(result.area.byLayer)) expect(text).toContain(`    ${id} = `);
  });
});

describe("JSON", () => {
  it("has every figure with its unit, and breakdowns and parts that name figures in it", () => {
    const own = estimateOf(machine(["gradient.method=lrt"]));
    const base = estimateOf(machine());
    const compared = { mbgd: savings(own, base, "mbgd") };
    const json = JSON.parse(JSON.stringify(estimateJson(own, compared)));
    const names = new Set(Object.keys(json.figures));
    for (const id of figuresOf(own).keys()) expect(names).toContain(id);
    for (const { parts, unit, value } of Object.values<{ parts: string[]; unit: string; value: number }>(
      json.figures,
    )) {
      expect(typeof unit).toBe("string");
      expect(typeof value).toBe("number");
      for (const part of parts) expect(names).toContain(part);
    }
    for (const { total: id, byLayer, byUnit } of Object.values<Record<string, unknown>>(json.breakdowns) as never[])
      for (const named of [id, ...Object.values(byLayer), ...Object.values(byUnit)]) expect(names).toContain(named);
    for (const id of json.savings.mbgd) expect(names).toContain(id);
  });
});

describe("savings", () => {
  it("are the ratios of both estimates' own figures", () => {
    const [own, base] = [estimateOf(machine(["gradient.method=lrt"])), estimateOf(machine())];
    const of = (key: string) => savings(own, base, "mbgd").find(({ id }) => id === `savings.mbgd.${key}`)?.value;
    expect(of("gradientMemory")).toBe(own.memory.gradientBits.value / base.memory.gradientBits.value);
    expect(of("area")).toBe(own.area.total.value / base.area.total.value);
  });

  it("leave out what the other method has none of", () => {
    const sgd = estimateOf(machine(["gradient.method=sgd"]));
    expect(sgd.memory.gradientBits.value).toBe(0);
    const ids = savings(estimateOf(machine()), sgd, "sgd").map(({ id }) => id);
    expect(ids).not.toContain("savings.sgd.gradientMemory");
    expect(ids).toContain("savings.sgd.area");
  });
});

describe("a figure moves as theory says", () => {
  const part = (result: Estimate, id: string) => figuresOf(result).get(id)?.value ?? 0;

  it("half the clock doubles the time, and leaves the energy of the arithmetic", () => {
    const [fast, slow] = [200, 100].map((clockMhz) => estimateOf(machine(), { clockMhz }));
    expect(slow.time.sample.total.value / fast.time.sample.total.value).toBeCloseTo(2, 3);
    const arithmetic = "energy.sample.layer_0.gradient_unit.arithmetic";
    expect(part(slow, arithmetic)).toBe(part(fast, arithmetic));
    expect(part(slow, "energy.sample.layer_0.update_unit.leakage")).toBeGreaterThan(
      1.9 * part(fast, "energy.sample.layer_0.update_unit.leakage"),
    );
  });

  it("twice the pulses take twice the energy in the cells and half the life", () => {
    const [one, two] = [100, 200].map((scale) => estimateOf(machine(), { scale }));
    const pulses = "energy.sample.layer_0.crossbar_cells.set";
    expect(part(two, pulses) / part(one, pulses)).toBeCloseTo(2, 2);
    expect(two.endurance.years.value / one.endurance.years.value).toBeCloseTo(0.5, 9);
  });

  it("a device's own resistance and pulses stand for the ideal device's", () => {
    const sets = ["device.preset=ag-a-si"];
    const real = estimateOf(machine(sets), { scale: 1e6 });
    const set = figuresOf(real).get("energy.sample.layer_0.crossbar_cells.set") as Figure;
    expect(set.constants.map(({ name, value }) => [name, value])).toContainEqual(["device.pulse.set.volts", 3.2]);
    // 5e6 pulses and 2e6 of conductance in 8 samples: V² t Σ G, by hand.
    const siemens = (5e6 / 8 / 12.5 + (2e6 / 8) * (1 - 1 / 12.5)) / 26e6;
    expect(set.value).toBeCloseTo(3.2 ** 2 * 300e-6 * siemens * 1e15, -2);
    const ideal = figuresOf(estimateOf(machine())).get("energy.sample.layer_0.crossbar_cells.set") as Figure;
    expect(ideal.constants.map(({ name }) => name)).toContain("cell.pulseVolts");
  });
});
