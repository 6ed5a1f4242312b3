/** Leaf units of one design's RTL under Verilator, each stopped after its file's tests. */
import fc from "fast-check";
import { afterAll } from "vitest";
import type { Design } from "../../generator/design/schema.ts";
import { LeafUnit } from "../../verify/leaf.ts";
import { rtlFiles } from "../mutation/run.ts";

/** @returns starts a module, with the modules that it uses and values of its parameters */
export function leafUnits(design: Design) {
  const sources = rtlFiles(design);
  const units: LeafUnit[] = [];
  afterAll(() => {
    for (const unit of units) unit.stop();
  });
  return async (
    module: string,
    uses: readonly string[] = [],
    parameters: Record<string, number> = {},
  ): Promise<LeafUnit> => {
    const files = [module, ...uses].map((m) => [`${m}.v`, sources.get(`${m}.v`) as string] as const);
    const unit = await LeafUnit.start(module, new Map(files), parameters);
    units.push(unit);
    return unit;
  };
}

/** Thousands of stimuli in a few frames. */
export const stimuli = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: 1, maxLength: 2000, size: "max" });
