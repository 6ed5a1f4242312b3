/** The netlist that Verilator elaborates from generated Verilog: each instance, with its module's parameters, variables
 *  and tables. Read from Verilator's XML, which has one element a line. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EXIT, Refusal } from "../generator/base/errors.ts";
import { inFolder } from "./lint.ts";
import { run } from "./tools.ts";

const TOP = "rankloom";

export interface Module {
  /** Its name in the source. */
  readonly name: string;
  /** Values of parameters, as far as a number holds them. */
  readonly parameters: ReadonlyMap<string, number>;
  /** Bits of each variable and constant; those of a generate block added up over its copies. */
  readonly widths: ReadonlyMap<string, number>;
  /** Variables that a clock edge assigns. */
  readonly registers: ReadonlySet<string>;
  /** Entries of the functions that are tables. */
  readonly entries: ReadonlyMap<string, number>;
  /** Instances in it: path, and the elaborated module's name. */
  readonly instances: readonly (readonly [string, string])[];
}

export interface Instance {
  /** Below the top, e.g. `layer_0.x_factors` or `layer_0.g_row_edge[1].driver`. */
  readonly path: string;
  readonly module: Module;
}

/** @param files a generated set */
export const netlistOf = (files: ReadonlyMap<string, string>): Promise<Instance[]> =>
  inFolder(files, async (folder) => {
    const xml = join(folder, "netlist.xml");
    const args = ["--xml-only", "--xml-output", xml, "--top-module", TOP, "-f", "rankloom.f"];
    const { code, output } = await run("verilator", args, folder);
    if (code !== 0)
      throw new Refusal(`verilator cannot read the generated Verilog: ${output.trim()}`, EXIT.failedCheck);
    return instancesOf(tree(readFileSync(xml, "utf8")));
  });

interface Element {
  readonly tag: string;
  readonly line: string;
  readonly children: Element[];
}

const attribute = ({ line }: Element, name: string): string | undefined =>
  new RegExp(` ${name}="([^"]*)"`).exec(line)?.[1];

function tree(xml: string): Element {
  const root: Element = { tag: "", line: "", children: [] };
  const open = [root];
  for (const [, line, end, tag, leaf] of xml.matchAll(/^ *(<(\/?)(\w+)[^>]*?(\/?)>)$/gm)) {
    if (end === "/") open.pop();
    else {
      const element: Element = { tag, line, children: [] };
      open[open.length - 1].children.push(element);
      if (leaf === "") open.push(element);
    }
  }
  return root;
}

function child(element: Element, tag: string): Element {
  const found = element.children.find((c) => c.tag === tag);
  if (!found) throw new Error(`verilator's XML has no ${tag} in ${element.tag || "it"}`);
  return found;
}

function* below(element: Element): Generator<Element> {
  for (const c of element.children) {
    yield c;
    yield* below(c);
  }
}

function instancesOf(root: Element): Instance[] {
  const netlist = child(child(root, "verilator_xml"), "netlist");
  const bits = new Map(
    child(netlist, "typetable")
      .children.filter((type) => type.tag === "basicdtype")
      .map((type) => {
        const range = Number(attribute(type, "left") ?? 0) - Number(attribute(type, "right") ?? 0);
        return [attribute(type, "id"), Math.abs(range) + 1];
      }),
  );
  const modules = new Map(
    netlist.children.filter((m) => m.tag === "module").map((m) => [attribute(m, "name"), moduleOf(m, bits)]),
  );
  const list: Instance[] = [];
  const enter = (name: string, path: string): void => {
    const module = modules.get(name);
    if (!module) throw new Error(`verilator's XML has no module ${name}`);
    if (path !== "") list.push({ path, module });
    for (const [inner, type] of module.instances) enter(type, path === "" ? inner : `${path}.${inner}`);
  };
  enter(TOP, "");
  return list;
}

function moduleOf(module: Element, bits: ReadonlyMap<string | undefined, number>): Module {
  const parameters = new Map<string, number>();
  const widths = new Map<string, number>();
  const registers = new Set<string>();
  const entries = new Map<string, number>();
  const instances: [string, string][] = [];
  const visit = (element: Element, block: string): void => {
    const name = attribute(element, "name") ?? "";
    switch (element.tag) {
      case "var": {
        widths.set(name, (widths.get(name) ?? 0) + (bits.get(attribute(element, "dtype_id")) ?? 0));
        const value = element.children.find((c) => c.tag === "const");
        if (value && attribute(element, "param")) parameters.set(name, numberOf(attribute(value, "name") ?? ""));
        return;
      }
      case "func": {
        const items = [...below(element)].filter((e) => e.tag === "caseitem" && e.children[0]?.tag === "const");
        if (items.length > 0) entries.set(name, items.length);
        const result = element.children.find((c) => c.tag === "var" && attribute(c, "dir") === "output");
        if (result) widths.set(name, bits.get(attribute(result, "dtype_id")) ?? 0);
        return;
      }
      case "assigndly":
        for (const target of targets(element.children[element.children.length - 1])) registers.add(target);
        return;
      case "instance":
        instances.push([block + name, attribute(element, "defName") ?? ""]);
        return;
      default: {
        const inner = element.tag === "begin" && name !== "" ? `${block}${name}.` : block;
        for (const c of element.children) visit(c, inner);
      }
    }
  };
  for (const c of module.children) visit(c, "");
  return { name: attribute(module, "origName") ?? "", parameters, widths, registers, entries, instances };
}

/** Variables on the left of an assignment: of a selection its first operand, of a concatenation all. */
function* targets(element: Element): Generator<string> {
  if (element.tag === "varref") yield attribute(element, "name") ?? "";
  else if (element.tag === "concat") for (const c of element.children) yield* targets(c);
  else yield* targets(element.children[0]);
}

/** A sized number of Verilog, e.g. 32'sh1c. */
function numberOf(text: string): number {
  const [, signed, digits] = /^\d+&apos;(s?)h([0-9a-f]+)$/.exec(text) ?? [];
  if (digits === undefined) return Number.NaN;
  const value = Number.parseInt(digits, 16);
  return signed && value >= 2 ** 31 ? value - 2 ** 32 : value;
}
