/** A few faults; `npm run mutate` runs several for every module (docs/mutations.md). */
import { describe, expect, it } from "vitest";
import { allMutations, judge, mutationDesigns, rtlFiles } from "./run.ts";

describe("a fault in the RTL", () => {
  const rtlOf = mutationDesigns.map(rtlFiles);
  const all = allMutations(rtlOf, 8);

  it("can be made in every module", () => {
    const modules = new Set(rtlOf.flatMap((rtl) => [...rtl.keys()].map((name) => name.replace(/\.v$/, ""))));
    expect(new Set(all.map((m) => m.module))).toEqual(modules);
    expect(all.length).toBeGreaterThanOrEqual(60);
  });

  for (const [module, operator] of [
    ["column_adc", "wrong gate"],
    ["sequencer", "wrong comparison"],
    ["range_register", "missing reset"],
    ["crossbar_macro", "swapped operands"],
  ])
    it(`of ${module} (${operator}) is caught`, async () => {
      const fault = all.find((m) => m.module === module && m.operator === operator);
      if (!fault) throw new Error("no such fault");
      expect((await judge(fault, rtlOf)).caughtBy).not.toBeNull();
    });
});
