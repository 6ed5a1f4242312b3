import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { pageText, schemaText, withSweepTables } from "../../scripts/docs.ts";
import { ROOT } from "./rankloom.ts";
import { fields } from "./schema-walk.ts";

it("the JSON Schema and the page of the design file say what the schema says (npm run docs)", () => {
  expect(readFileSync(join(ROOT, "docs/design.schema.json"), "utf8")).toBe(schemaText());
  expect(readFileSync(join(ROOT, "docs/design-file.md"), "utf8")).toBe(pageText());
});

it("the page names every field", () => {
  for (const { path, node } of fields()) if (!node.properties) expect(pageText()).toContain(`| \`${path}\` |`);
});

it("the page of sweeps has the sweep file's fields and the figures as the schema has them (npm run docs)", () => {
  const page = readFileSync(join(ROOT, "docs/sweeps.md"), "utf8");
  expect(withSweepTables(page)).toBe(page);
  expect(page).toContain("| `constraints` |");
});
