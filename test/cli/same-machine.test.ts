/** What the comparison of two commits says: which names differ, where first, and whether that was expected. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { Comparison, firstDifference, REFUSAL } from "../../scripts/same-machine/comparison.ts";

const answer = fc.dictionary(fc.constantFrom("design.json", "rtl/layer.v", "registers.h"), fc.string(), { minKeys: 1 });
const mapOf = (texts: Record<string, string>) => new Map(Object.entries(texts));

function compared(a: Record<string, string>, b: Record<string, string>, expected: readonly string[] = []): Comparison {
  const comparison = new Comparison(expected);
  comparison.add("a command", mapOf(a), mapOf(b));
  return comparison;
}

describe("a comparison of two commits", () => {
  test.prop([answer])("finds equal answers equal", (texts) => {
    expect(compared(texts, { ...texts }).same).toBe(true);
  });

  test.prop([answer, fc.nat(), fc.string({ minLength: 1 })])(
    "finds one text that is longer, and allows it only where it was expected",
    (texts, index, more) => {
      const name = Object.keys(texts)[index % Object.keys(texts).length];
      const other = { ...texts, [name]: texts[name] + more };
      expect(compared(texts, other).same).toBe(false);
      expect(compared(texts, other, ["another"]).same).toBe(false);
      expect(compared(texts, other, [name]).same).toBe(true);
      expect(compared(texts, other, [name]).lines("file").join("\n")).toContain(`${name} of a command: line `);
    },
  );

  it("finds a file that only one of them has", () => {
    expect(compared({ a: "" }, { a: "", b: "" }).same).toBe(false);
    expect(compared({ a: "", b: "" }, { a: "" }).same).toBe(false);
  });

  it("takes two equal refusals for no answer", () => {
    const refusal = { [REFUSAL]: "unknown option --no-out" };
    expect(compared(refusal, refusal).same).toBe(false);
    expect(compared(refusal, refusal).lines("file").join("\n")).toContain("A  unknown option --no-out");
  });

  it("leaves out of the sums those of files that may differ, and no others", () => {
    const sums = (design: string, layer: string) => ({ SHA256SUMS: `${design}  design.json\n${layer}  rtl/layer.v\n` });
    expect(compared(sums("1", "2"), sums("3", "2"), ["design.json"]).same).toBe(true);
    expect(compared(sums("1", "2"), sums("1", "3"), ["design.json"]).same).toBe(false);
  });

  it("names the first line that differs, also where one text only goes on", () => {
    expect(firstDifference("a\nb\nc", "a\nx\ny")).toBe("line 2\n    A  b\n    B  x");
    expect(firstDifference("a", "a\nb")).toBe("line 2\n    A  (no such line)\n    B  b");
    expect(firstDifference(undefined, "")).toBe("is in B only");
  });
});
