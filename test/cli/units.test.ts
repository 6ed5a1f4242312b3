/** The pages of docs/units name what the templates have: every module, and the ports and parameters of each. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SIGNALS } from "../../generator/ir/registers.ts";
import { ROOT } from "./rankloom.ts";

/** Texts of a folder's files, by name without its end. */
function files(folder: string, end: string): Map<string, string> {
  const list = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith(end));
  return new Map(list.map((name) => [name.slice(0, -end.length), readFileSync(join(ROOT, folder, name), "utf8")]));
}

const pages = files("docs/units", ".md");
/** With what only some designs have; a template of no module of its name holds copies of others' ports. */
const templates = new Map(
  [...files("rtl-templates", ".v.hbs")].filter(([name, text]) => text.includes(`module ${name} `)),
);
const modules = [...templates.keys()].sort();

const quoted = (text: string): string[] => [...text.matchAll(/`(\w+)`/g)].map(([, name]) => name);

/** Names in the first column of a text's tables of this head. */
const listed = (text: string, head: string): string[] =>
  [...text.matchAll(new RegExp(`^\\| ${head} \\|.*\\n\\|[-|]+\\n((?:\\|.*\\n)+)`, "gm"))].flatMap(([, rows]) =>
    rows.split("\n").flatMap((row) => quoted(row.split("|")[1] ?? "")),
  );

/** Every section whose heading names a module, or more than one. */
const sections = [...pages.values()].flatMap((page) =>
  page
    .split(/^(?=## )/m)
    .filter((text) => text.startsWith("## "))
    .map((text) => ({ about: quoted(text.split("\n", 1)[0]), text })),
);

it("every module has a section and a row in the list, and nothing else has", () => {
  expect([...new Set(sections.flatMap(({ about }) => about))].sort()).toEqual(modules);
  expect(listed(pages.get("README") ?? "", "module").sort()).toEqual(modules);
});

/** What a module declares. */
const declared = {
  port: /^ +(?:input|output) +(?:wire|reg)\b.*?(\w+),?$/gm,
  parameter: /^ +parameter\b.*?(\w+) += /gm,
};

/** A template with its loop over what a layer shows to the host as that many lines. */
const unrolled = (template: string): string =>
  template.replace(/^.*\{\{signal\}\},$/gm, (line) =>
    Object.entries(SIGNALS)
      .filter(([, source]) => source === "layer")
      .map(([signal]) => line.replace("{{signal}}", `${signal}_l`))
      .join("\n"),
  );

describe("a table has each name once, and no other:", () => {
  for (const { about, text } of sections)
    for (const kind of ["port", "parameter"] as const) {
      const table = listed(text, kind);
      if (about.length === 0 || table.length === 0) continue;
      it(`${kind}s of ${about.join(", ")}`, () => {
        expect(about).toHaveLength(1);
        const code = unrolled(templates.get(about[0]) ?? "").replaceAll("{{index}}", "l");
        const names = new Set([...code.matchAll(declared[kind])].map(([, name]) => name));
        expect(table.sort()).toEqual([...names].filter((name) => name !== "clk" && name !== "rst").sort());
      });
    }
});
