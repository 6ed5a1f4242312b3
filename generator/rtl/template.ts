/** Fills the files of `rtl-templates/`. Strict: a name that the data do not have is an error. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import Handlebars from "handlebars";

const templateFolder = fileURLToPath(new URL("../../rtl-templates/", import.meta.url));
const partialFolder = `${templateFolder}partials/`;

/** Range of a bus of so many elements of so many bits, in a column of its own. */
function bus(...factors: unknown[]): string {
  const bits = factors.slice(0, -1).reduce<number>((product, factor) => product * Number(factor), 1);
  return `[${bits - 1}:0]`.padEnd(10);
}

const handlebars = Handlebars.create();
handlebars.registerHelper("bus", bus);
for (const name of readdirSync(partialFolder).sort())
  handlebars.registerPartial(name.replace(/\.hbs$/, ""), readFileSync(partialFolder + name, "utf8"));

const compiled = new Map<string, Handlebars.TemplateDelegate>();

/** @param name of the template's file, without `.hbs` */
export function fillTemplate(name: string, data: unknown): string {
  let template = compiled.get(name);
  if (!template) {
    const text = readFileSync(`${templateFolder}${name}.hbs`, "utf8");
    template = handlebars.compile(text, { strict: true, noEscape: true });
    compiled.set(name, template);
  }
  return template(data);
}
