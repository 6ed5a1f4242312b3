/** Conditions between fields: as JavaScript computes them, and as SQL treats what is absent. */
import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExpressionProblem, parseExpression, type Value } from "../../sweep/expression.ts";

const value = (text: string, fields: Record<string, Value> = {}) =>
  parseExpression(text).evaluate((field) => fields[field] ?? null);

/** Text that both languages read alike: every operation in parentheses or in the order of both. */
const arithmetic = fc.letrec<{ sum: string; leaf: string }>((tie) => ({
  leaf: fc.oneof(fc.nat(50).map(String), fc.constantFrom("a.b", "c")),
  sum: fc.oneof(
    { maxDepth: 4 },
    tie("leaf"),
    fc.tuple(tie("sum"), fc.constantFrom("+", "-", "*"), tie("sum")).map(([l, o, r]) => `${l} ${o} ${r}`),
    fc.tuple(tie("sum")).map(([inner]) => `(${inner})`),
  ),
})).sum;

describe("a condition", () => {
  test.prop([arithmetic, arithmetic, fc.constantFrom("<", "<=", ">", ">=", "==", "!="), fc.integer(), fc.integer()])(
    "is what JavaScript computes",
    (left, right, operation, b, c) => {
      const text = `${left} ${operation} ${right}`;
      const expected = Function("a", "c", `return ${text}`)({ b }, c);
      expect(value(text, { "a.b": b, c })).toBe(expected);
    },
  );

  test.prop([fc.constantFrom(true, false, null), fc.constantFrom(true, false, null)])(
    "joins what is known with what is not",
    (p, q) => {
      const known = (v: boolean | null) => (v === null ? [true, false] : [v]);
      /** Decided where all that the unknown could be give the same. */
      const over = (of: (p: boolean, q: boolean) => boolean) => {
        const results = new Set(known(p).flatMap((a) => known(q).map((b) => of(a, b))));
        return results.size === 1 ? [...results][0] : null;
      };
      expect(value("p && q", { p, q })).toBe(over((a, b) => a && b));
      expect(value("p || q", { p, q })).toBe(over((a, b) => a || b));
    },
  );

  it.each([
    ["x <= 3", {}, null],
    ["x = null", {}, true],
    ["!(x < 3)", {}, null],
    ["m in ['lrt', 'sbpca'] && k > 1", { m: "lrt", k: 2 }, true],
    ["m = 'lrt'", { m: "sgd" }, false],
    ["-2 + 5 % 3 = 0", {}, true],
    ["1e-3 < 0.01", {}, true],
  ] as const)("%s of %j is %s", (text, fields, expected) => {
    expect(value(text, fields as Record<string, Value>)).toBe(expected);
  });

  it.each([
    ["a <", /its end where a value is expected/],
    ["a < 3 )", /\) after the end/],
    ["(a < 3", /its end where \) is expected/],
    ["a # 3", /"#" is not expected/],
    ["a in 3", /3 where \[ is expected/],
    ["'open", /"'" is not expected/],
  ] as const)("%s is refused", (text, message) => {
    expect(() => parseExpression(text)).toThrow(ExpressionProblem);
    expect(() => parseExpression(text)).toThrow(message);
  });
});
