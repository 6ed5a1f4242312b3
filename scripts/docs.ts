/** Writes into docs/ what the code says: the JSON Schema for editors, a page that lists every field, the tables of sweeps
 *  and of the schedule. `npm run docs`; tests hold the files equal to it. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { writeFileWhole } from "../generator/base/write.ts";
import { presets } from "../generator/design/presets.ts";
import { designJsonSchema, type SchemaNode } from "../generator/design/schema.ts";
import { sweepParts } from "../sweep/schema.ts";
import type { Figure } from "../sweep/work.ts";
import { works } from "../sweep/works.ts";
import { withSchedule } from "./schedule-tables.ts";

const code = (value: unknown): string => `\`${JSON.stringify(value)}\``;

function range(low: string, high: number | undefined): string {
  return high === undefined ? low : `${low} to ${high}`;
}

/** What a field may be, in words. */
function allowed(node: SchemaNode): string {
  if (node.const !== undefined) return code(node.const);
  if (node.enum) return node.enum.map(code).join(", ");
  if (node.anyOf) return node.anyOf.map(allowed).join(", or ");
  switch (node.type) {
    case "integer":
      return `whole number, ${range(String(node.minimum), node.maximum)}`;
    case "number":
      return `number, ${range(node.exclusiveMinimum === undefined ? String(node.minimum) : `above ${node.exclusiveMinimum}`, node.maximum)}`;
    case "array":
      return `list of ${range(String(node.minItems ?? 0), node.maxItems)} elements, each a ${allowed(node.items ?? {})}`;
    case "string":
      return node.pattern ? `text like \`${node.pattern.replaceAll("|", "\\|")}\`` : "text";
    default:
      return node.type ?? "anything";
  }
}

function rows(node: SchemaNode, path: string): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, field]) => {
    const name = path === "" ? key : `${path}.${key}`;
    if (field.properties) return rows(field, name);
    const otherwise =
      field.default !== undefined ? code(field.default) : node.required?.includes(key) ? "required" : "optional";
    return [`| \`${name}\` | ${allowed(field)} | ${otherwise} | ${field.description ?? ""} |`];
  });
}

export function schemaText(): string {
  return `${JSON.stringify({ title: "Rankloom design", ...(designJsonSchema() as object) }, null, 2)}\n`;
}

export function pageText(): string {
  const names = Object.entries(presets).map(
    ([name, { network, tile, gradient }]) =>
      `| \`${name}\` | ${network.layers.join("-")} | ${tile.rows} × ${tile.cols} | ${network.activation} | \`${gradient.method}\` |`,
  );
  return `# The design file

<!-- Written by \`npm run docs\` from generator/design/schema.ts and generator/design/presets.ts: change those. -->

A design file is JSON without comments. Unknown keys, impossible values and contradictions are refused with the path,
the value and what would be right. For completion and checks while typing, point the editor to
[design.schema.json](design.schema.json): add \`"$schema"\` in its settings, not in the file, for example in
Visual Studio Code

    "json.schemas": [{ "fileMatch": ["*.design.json"], "url": "./docs/design.schema.json" }]

Each field can also be set on the command line: \`--set training.batch=32 --set network.layers=[784,64,10]\`.

## Fields

| field | allowed | if left out | meaning |
|---|---|---|---|
${rows(designJsonSchema(), "").join("\n")}

Rules between fields (divisors, widths that would overflow, settings that contradict each other) are checked when the
file is read; their messages say what to change.

## Presets

| name | layers | tile | activation | method |
|---|---|---|---|---|
${names.join("\n")}

A preset is a design by name: \`rankloom generate tiny\`.
`;
}

/** What the page of sweeps says of the sweep file's parts and of each work's settings and figures. */
export function sweepTables(): string {
  const part = (title: string, schema: z.ZodType) => {
    const { properties, required } = z.toJSONSchema(schema, { io: "input" }) as SchemaNode;
    const lines = Object.entries(properties ?? {}).map(([key, node]) => {
      const otherwise = required?.includes(key)
        ? "required"
        : node.default === undefined
          ? "optional"
          : code(node.default);
      return `| \`${key}\` | ${otherwise} | ${node.description ?? (node.const === undefined ? "" : `what this is: ${code(node.const)}`)} |`;
    });
    return [`${title}:`, "", "| field | if left out | meaning |", "|---|---|---|", ...lines, ""].join("\n");
  };
  const figures = Object.entries(works).flatMap(([kind, { does, settings, figures: all }]) => [
    part(`Work \`${kind}\` ${does}`, settings),
    ["| figure | better | meaning |", "|---|---|---|"].join("\n"),
    Object.entries(all as Readonly<Record<string, Figure>>)
      .map(([name, { better, meaning }]) => `| \`${name}\` | ${better ?? ""} | ${meaning} |`)
      .join("\n"),
    "",
  ]);
  return [...Object.entries(sweepParts).map(([title, schema]) => part(title, schema)), ...figures].join("\n");
}

const TABLES = /(<!-- tables: .* -->\n).*(?=<!-- end of tables -->)/s;

/** The page of sweeps with its tables as the schema has them now. */
export const withSweepTables = (page: string): string =>
  page.replace(TABLES, (_, start) => `${start}\n${sweepTables()}\n`);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileWhole("docs/design.schema.json", schemaText());
  writeFileWhole("docs/design-file.md", pageText());
  writeFileWhole("docs/machine.md", withSchedule(readFileSync("docs/machine.md", "utf8")));
  writeFileWhole("docs/sweeps.md", withSweepTables(readFileSync("docs/sweeps.md", "utf8")));
}
