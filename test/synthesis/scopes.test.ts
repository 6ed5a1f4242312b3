/** Templates that are put into one module share its names: each says which it takes and which it defines. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { headOf, scopes } from "./scopes.ts";

describe("a part of a module's template", () => {
  it.each(scopes.flatMap((scope) => scope.partials.map((partial) => ({ scope, partial }))))(
    "$partial says in its first lines which names it takes from its module, and which it defines for others",
    ({ scope, partial }) => {
      const text = readFileSync(`rtl-templates/partials/${partial}`, "utf8");
      expect(text.slice(0, text.indexOf("--}}\n") + 5)).toBe(headOf(scope, partial));
    },
  );
});
