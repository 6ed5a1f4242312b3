/** Names of the Verilog templates that share one module: which each of them declares, and which it takes from the others. */
import { readdirSync, readFileSync } from "node:fs";

const FOLDER = "rtl-templates/";

const KEYWORDS = new Set(
  "localparam parameter wire reg integer genvar function endfunction task endtask input output signed assign always posedge negedge if else begin end generate endgenerate for case endcase default or not initial module endmodule".split(
    " ",
  ),
);

/** Verilog below the module's ports alone: no comments, numbers, texts, system functions and braces of the template. */
function verilogOf(template: string): string {
  return template
    .replace(/^[\s\S]*?\n\);\n/, "")
    .replace(/\{\{!--[\s\S]*?--\}\}/g, "")
    .replace(/\/\/.*$/gm, "")
    .replace(/\{\{[^}]*\}\}/g, " ")
    .replace(/"[^"]*"/g, "")
    .replace(/\d*'s?[bdh][0-9a-fA-F_]+/g, " ")
    .replace(/\$[a-z]\w*/g, " ");
}

/** First name of each part between commas that are in no brackets. */
function namesOf(list: string): string[] {
  let depth = 0;
  const parts = [""];
  for (const c of list) {
    if ("([{".includes(c)) depth++;
    if (")]}".includes(c)) depth--;
    if (c === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += c;
  }
  return parts.flatMap((part) => /[A-Za-z_]\w*/.exec(part)?.[0] ?? []);
}

/** Names that a text declares, those of its blocks among them. */
function declaredIn(verilog: string): Set<string> {
  const declarations =
    /\b(?:wire|reg|localparam|integer|genvar|function|task|input|output)\b(?: +(?:signed|wire|reg))*(?:\s*\[[^\]]*\])*\s*([^;]*);/g;
  return new Set([...verilog.matchAll(declarations)].flatMap(([, list]) => namesOf(list)));
}

/** Names that stand anywhere but as a port of an instance. */
const usedIn = (verilog: string): Set<string> =>
  new Set(
    [...verilog.matchAll(/(?<!\.)\b[A-Za-z_]\w*\b/g)].map(([name]) => name).filter((name) => !KEYWORDS.has(name)),
  );

export interface Scope {
  /** Template of the module. */
  readonly host: string;
  readonly partials: readonly string[];
}

export const scopes: readonly Scope[] = (
  [
    ["layer.v.hbs", "layer_"],
    ["vector_unit.v.hbs", "vector_"],
    ["crossbar_macro.v.hbs", "macro_"],
  ] as const
).map(([host, prefix]) => ({
  host,
  partials: readdirSync(`${FOLDER}partials`).filter((name) => name.startsWith(prefix)),
}));

/** What a partial says of itself, as it must stand in its first lines. */
export function headOf({ host, partials }: Scope, partial: string): string {
  const verilog = (name: string) => verilogOf(readFileSync(FOLDER + name, "utf8"));
  const others = [host, ...partials.filter((name) => name !== partial).map((name) => `partials/${name}`)].map(verilog);
  const own = verilog(`partials/${partial}`);
  const declared = declaredIn(own);
  const foreign = new Set(others.flatMap((text) => [...declaredIn(text)]));
  const wanted = new Set(others.flatMap((text) => [...usedIn(text)].filter((name) => !declaredIn(text).has(name))));
  const takes = [...usedIn(own)].filter((name) => !declared.has(name) && foreign.has(name));
  const defines = [...declared].filter((name) => wanted.has(name));
  const lines = [
    `In the scope of ${host.replace(/\.v\.hbs$/, "")}, of which it takes parameters and ports.`,
    `Takes: ${takes.length > 0 ? takes.join(", ") : "nothing else"}.`,
    `Defines for others: ${defines.length > 0 ? defines.join(", ") : "nothing"}.`,
  ];
  return `{{!-- ${lines.flatMap((line) => wrapped(line)).join("\n      ")} --}}\n`;
}

/** A line in lines of at most 110 characters, broken at spaces. */
function wrapped(line: string): string[] {
  const lines = [""];
  for (const word of line.split(" ")) {
    const last = lines[lines.length - 1];
    if (last.length + word.length + 1 > 110) lines.push(`  ${word}`);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines;
}
