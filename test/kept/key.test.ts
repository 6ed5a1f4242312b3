/** Keys: one for each content, whatever order its names come in. */
import { fc, it } from "@fast-check/vitest";
import { describe, expect, it as plain } from "vitest";
import { contentKey } from "../../kept/key.ts";

const values = fc.jsonValue({ maxDepth: 3 });
const contents = fc.dictionary(
  fc.string().filter((name) => name !== "__proto__"),
  values,
);

/** The same content with the names of every object the other way round. */
const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, inner]) => [name, reversed(inner)]),
  );
};

describe("a key", () => {
  it.prop([contents])("is 32 digits, and the same for names in another order", (content) => {
    expect(contentKey(content)).toMatch(/^[0-9a-f]{32}$/);
    expect(contentKey(reversed(content) as typeof content)).toBe(contentKey(content));
  });

  it.prop([contents, contents])("is another one for another content", (one, other) => {
    // Numbers as JSON has them: 0 for -0.
    const equal = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
    expect(contentKey(one) === contentKey(other)).toBe(equal);
  });

  it.prop([contents, fc.string(), values])("changes with each setting that is added", (content, name, value) => {
    fc.pre(!Object.hasOwn(content, name) && name !== "__proto__");
    expect(contentKey({ ...content, [name]: value })).not.toBe(contentKey(content));
    expect(contentKey({ ...content, [name]: undefined })).toBe(contentKey(content));
  });

  plain("has maps by their entries and typed arrays by their elements", () => {
    const map = new Map([
      ["a", 1],
      ["b", 2],
    ]);
    expect(contentKey({ map })).toBe(contentKey({ map: new Map([...map].reverse()) }));
    expect(contentKey({ map })).not.toBe(contentKey({ map: new Map([["a", 1]]) }));
    expect(contentKey({ list: new Int16Array([1, 2]) })).toBe(contentKey({ list: [1, 2] }));
    expect(contentKey({ list: new Int16Array([1, 2]) })).not.toBe(contentKey({ list: new Int16Array([2, 1]) }));
  });

  plain.each([Number.NaN, Number.POSITIVE_INFINITY, new Set([1]), () => 1, 1n])(
    "refuses %s, which another content would share a text with",
    (value) => {
      expect(() => contentKey({ value })).toThrow();
    },
  );
});

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, inner]) => ({ [name]: sorted(inner) }));
};
