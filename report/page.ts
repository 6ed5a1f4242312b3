/** A report as one HTML file that needs nothing else: no network, no other file. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { compile } from "vega-lite";
import { type Picture, specOf, type Value } from "./picture.ts";
import type { Report, Section, Table } from "./report.ts";
import { CONFIG } from "./vega.ts";

/** A filter has at least two values, and no more than a row of boxes holds. */
const MOST_VALUES = 24;

const NAMES: Readonly<Record<string, string>> = { learningRate: "learning rate η" };

const STYLE = new URL("./page.css", import.meta.url);
const SCRIPT = new URL("./page-script.js", import.meta.url);

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** JSON inside a script element: no text in it may end the element. */
const embedded = (value: unknown): string => JSON.stringify(value).replaceAll("<", "\\u003c");

interface Filter {
  readonly field: string;
  readonly values: readonly Value[];
}

/** Columns with more than one value, over all pictures that they filter. */
function filtersOf(pictures: readonly Picture[]): Filter[] {
  const found = new Map<string, Set<Value>>();
  for (const { content, filters = [] } of pictures)
    if ("rows" in content)
      for (const field of filters) {
        const values = found.get(field) ?? new Set();
        for (const row of content.rows) if (field in row) values.add(row[field]);
        found.set(field, values);
      }
  return [...found]
    .map(([field, values]) => ({ field, values: [...values].toSorted(byValue) }))
    .filter(({ values }) => values.length > 1 && values.length <= MOST_VALUES);
}

function byValue(a: Value, b: Value): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return a === null ? -1 : b === null ? 1 : String(a) < String(b) ? -1 : 1;
}

export function page(report: Report): string {
  const pictures = report.sections.flatMap((section) => section.pictures);
  const filters = filtersOf(pictures);
  const plots = pictures.flatMap(({ id, content, filters: by = [], details }) =>
    "spec" in content
      ? [
          {
            id,
            spec: compile(specOf({ ...content, rows: [] }, CONFIG as object)).spec,
            rows: content.rows,
            filters: by,
            details,
          },
        ]
      : [],
  );
  const vega = readFileSync(join(dirname(createRequire(import.meta.url).resolve("vega")), "vega.min.js"), "utf8");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:">
<link rel="icon" href="data:,">
<title>${escaped(report.title)} · rankloom</title>
<style>
${readFileSync(STYLE, "utf8")}</style>
</head>
<body>
<h1>${escaped(report.title)}</h1>
${filters.length > 0 ? filterForm(filters) : ""}
${report.sections.map((section) => sectionHtml(section)).join("\n")}
${report.details ? '<aside id="details" hidden><button type="button">close</button><pre></pre></aside>' : ""}
<script>${vega.replaceAll("</script", "<\\/script")}</script>
<script id="report" type="application/json">${embedded({ plots, details: report.details ?? {} })}</script>
<script>
${readFileSync(SCRIPT, "utf8")}</script>
</body>
</html>
`;
}

function filterForm(filters: readonly Filter[]): string {
  const box = (field: string, value: Value) =>
    `<label><input type="checkbox" checked data-field="${escaped(field)}" value="${escaped(JSON.stringify(value))}"> ${escaped(value === null ? "none" : String(value))}</label>`;
  return `<form id="filters" aria-label="filters">
${filters.map(({ field, values }) => `<fieldset><legend>${escaped(NAMES[field] ?? field)}</legend>${values.map((value) => box(field, value)).join("")}</fieldset>`).join("\n")}
</form>`;
}

function sectionHtml({ title, text = [], tables = [], pictures, code = [] }: Section): string {
  return `<section>
<h2>${escaped(title)}</h2>
${text.map((line) => `<p>${escaped(line)}</p>`).join("\n")}
${tables.map(tableHtml).join("\n")}
${pictures.map(figureHtml).join("\n")}
${code.map(({ title: name, text: content }) => `<h3>${escaped(name)}</h3>\n<pre>${escaped(content)}</pre>`).join("\n")}
</section>`;
}

function figureHtml({ id, title, note, content }: Picture): string {
  return `<figure id="${escaped(id)}">
<figcaption><strong>${escaped(title)}</strong> <span class="save"><a href="#" data-save="svg">SVG</a> <a href="#" data-save="png">PNG</a></span><br>${escaped(note)}</figcaption>
<div class="picture">${"svg" in content ? content.svg : ""}</div>
</figure>`;
}

const isNumber = (text: string): boolean => /^[-+]?[\d,]*\.?\d+$/.test(text);

const tableHtml = ({ head, rows }: Table): string => `<div class="table"><table>
<thead><tr>${head.map((cell) => `<th>${escaped(cell)}</th>`).join("")}</tr></thead>
<tbody>
${rows.map((row) => `<tr>${row.map((cell) => `<td${isNumber(cell) ? ' class="number"' : ""}>${escaped(cell)}</td>`).join("")}</tr>`).join("\n")}
</tbody>
</table></div>`;
