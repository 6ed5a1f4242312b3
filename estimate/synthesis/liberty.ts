/** Reads a Liberty file: each cell's area, pins and delays, as far as mapping and timing need them. */
import { Refusal } from "../../generator/base/errors.ts";
import { truthTable } from "./liberty-logic.ts";
import { type Group, readLibrary } from "./liberty-reader.ts";

/** One file of a library, with its name for messages. */
export interface LibertyFile {
  readonly name: string;
  readonly text: string;
}

/** Delay or slope by slope of the input and load; either axis may be missing. */
export interface Table {
  readonly slopes: readonly number[];
  readonly loads: readonly number[];
  /** [slope][load] */
  readonly values: readonly (readonly number[])[];
}

interface Arc {
  readonly from: string;
  readonly delays: readonly Table[];
  readonly slopes: readonly Table[];
}

export interface LibertyCell {
  readonly name: string;
  /** In the library's own unit: µm², or NAND2 gates in the generic one. */
  readonly area: number;
  /** Input capacitances, by pin. */
  readonly inputs: ReadonlyMap<string, number>;
  /** Arcs by output pin. */
  readonly outputs: ReadonlyMap<string, readonly Arc[]>;
  /** Logic function of the only output; "" where there are more, or none. */
  readonly function: string;
  /** A flip-flop of rising clock that takes D: `plain` with nothing but D and clock, `held` with inputs that clear or
   *  preset it, which are tied off; null if none. */
  readonly flop: "plain" | "held" | null;
}

export interface Liberty {
  readonly name: string;
  readonly cells: ReadonlyMap<string, LibertyCell>;
  /** Picoseconds of one unit of time. */
  readonly timeUnitPs: number;
  /** Two-input NAND of the smallest area, flip-flop of the smallest area, inverter of the smallest area. */
  readonly nand: LibertyCell;
  readonly flop: LibertyCell;
  readonly inverter: LibertyCell;
  /** Text with only what mapping needs. */
  readonly text: string;
}

/** Groups and attributes that Yosys and ABC look at. */
const KEPT_GROUPS = [
  ..."library cell pin timing ff latch statetable lu_table_template".split(" "),
  ..."cell_rise cell_fall rise_transition fall_transition rise_constraint fall_constraint".split(" "),
];
const KEPT_ATTRIBUTES = [
  ..."area direction function capacitance rise_capacitance fall_capacitance max_capacitance max_transition".split(" "),
  ..."clock clocked_on next_state enable data_in clear preset three_state related_pin timing_sense timing_type when dont_use".split(
    " ",
  ),
  ..."index_1 index_2 values variable_1 variable_2 time_unit capacitive_load_unit default_max_transition".split(" "),
  ..."delay_model nom_process nom_voltage nom_temperature leakage_power_unit voltage_unit current_unit".split(" "),
  ..."pulling_resistance_unit default_output_pin_cap default_input_pin_cap default_inout_pin_cap".split(" "),
];

const numbersOf = (texts: readonly string[] | undefined): number[] =>
  (texts ?? []).flatMap((text) =>
    text
      .split(/[\s,]+/)
      .filter(Boolean)
      .map(Number),
  );

/** @param files of one library; most have one, some have one for each kind of cells
 *  @throws Refusal where one cannot be read, where their units differ, or where there is no NAND2, inverter or flip-flop */
export function parseLiberty(files: readonly LibertyFile[]): Liberty {
  const libraries = files.map(({ name, text }) => readLibrary(text, name));
  const [first] = libraries;
  for (const key of ["time_unit", "capacitive_load_unit"])
    libraries.forEach((library, n) => {
      if (unitText(library, key) !== unitText(first, key))
        throw new Refusal(
          `${files[n].name}: ${key} is ${unitText(library, key)}, in ${files[0].name} ${unitText(first, key)}; use files of one library`,
        );
    });
  const cells = new Map(
    libraries.flatMap((library) => {
      const templates = templatesOf(library);
      return cellGroups(library).map((g) => [g.args[0], cellOf(g, templates)] as const);
    }),
  );
  const names = files.map(({ name }) => name).join(", ");
  const smallest = (what: string, fits: (cell: LibertyCell) => boolean): LibertyCell => {
    const found = [...cells.values()].filter((cell) => cell.area > 0 && fits(cell));
    if (found.length === 0)
      throw new Refusal(`${names}: has no ${what} with an area; use the Liberty file of a standard-cell library`);
    return found.reduce((a, b) => (b.area < a.area ? b : a));
  };
  const is = (table: readonly boolean[]) => (cell: LibertyCell) =>
    cell.function !== "" &&
    2 ** cell.inputs.size === table.length &&
    sameTable(truthTable(cell.function, [...cell.inputs.keys()]), table);
  const plain = [...cells.values()].some((cell) => cell.area > 0 && cell.flop === "plain");
  return {
    name: first.args[0] ?? "",
    cells,
    timeUnitPs: timeUnit(first),
    nand: smallest("two-input NAND", is([true, true, true, false])),
    inverter: smallest("inverter", is([true, false])),
    flop: smallest("D flip-flop", (cell) => cell.flop === (plain ? "plain" : "held")),
    text: shortened(libraries),
  };
}

const unitText = (library: Group, key: string): string =>
  (library.attributes.get(key) ?? []).join("").replace(/\s/g, "").toLowerCase();

const cellGroups = (library: Group): Group[] =>
  library.groups.filter((g) => g.name === "cell" && g.attributes.get("dont_use")?.[0] !== "true");

const templatesOf = (library: Group): ReadonlyMap<string, Group> =>
  new Map(library.groups.filter((g) => g.name === "lu_table_template").map((g) => [g.args[0], g]));

const sameTable = (a: readonly boolean[] | null, b: readonly boolean[]): boolean =>
  a?.length === b.length && a.every((value, n) => value === b[n]);

function timeUnit(library: Group): number {
  const [, digits = "1", prefix = "n"] =
    /^([\d.]+)\s*([fpnum]?)s$/.exec(library.attributes.get("time_unit")?.[0] ?? "1ns") ?? [];
  return (
    Number(digits) * { f: 1e-3, p: 1, n: 1e3, u: 1e6, m: 1e9, "": 1e12 }[prefix as "f" | "p" | "n" | "u" | "m" | ""]
  );
}

function cellOf(group: Group, templates: ReadonlyMap<string, Group>): LibertyCell {
  const pins = group.groups.filter((g) => g.name === "pin");
  const value = (g: Group, key: string) => g.attributes.get(key)?.[0] ?? "";
  const inputs = new Map<string, number>();
  const outputs = new Map<string, Arc[]>();
  let logic = "";
  for (const pin of pins) {
    if (value(pin, "direction") === "input") inputs.set(pin.args[0], Number(value(pin, "capacitance") || 0));
    if (value(pin, "direction") !== "output") continue;
    logic = outputs.size === 0 ? value(pin, "function") : "";
    outputs.set(
      pin.args[0],
      pin.groups
        .filter((g) => g.name === "timing" && !/^(setup|hold|recovery|removal|min_pulse)/.test(value(g, "timing_type")))
        .map((g) => arcOf(g, templates)),
    );
  }
  const ff = group.groups.find((g) => g.name === "ff");
  const pinOf = (key: string, inverted: boolean) =>
    ff && [...inputs.keys()].find((pin) => isPin(value(ff, key), pin, [...inputs.keys()], inverted));
  const next = pinOf("next_state", false) ?? pinOf("next_state", true);
  const clock = pinOf("clocked_on", false);
  return {
    name: group.args[0],
    area: Number(value(group, "area") || 0),
    inputs,
    outputs,
    function: ff ? "" : logic,
    flop: next === undefined || clock === undefined || next === clock ? null : inputs.size === 2 ? "plain" : "held",
  };
}

/** Whether a function is a pin of these, or its inverse. */
const isPin = (logic: string, pin: string, pins: readonly string[], inverted: boolean): boolean =>
  sameTable(
    truthTable(logic, pins),
    Array.from({ length: 2 ** pins.length }, (_, row) => (((row >> pins.indexOf(pin)) & 1) === 1) !== inverted),
  );

function arcOf(timing: Group, templates: ReadonlyMap<string, Group>): Arc {
  const tables = (names: readonly string[]) =>
    timing.groups.filter((g) => names.includes(g.name)).map((g) => tableOf(g, templates.get(g.args[0])));
  return {
    from: timing.attributes.get("related_pin")?.[0].split(/\s+/)[0] ?? "",
    delays: tables(["cell_rise", "cell_fall"]),
    slopes: tables(["rise_transition", "fall_transition"]),
  };
}

function tableOf(group: Group, template: Group | undefined): Table {
  const rows = (group.attributes.get("values") ?? []).map((text) => numbersOf([text]));
  const first = template?.attributes.get("variable_1")?.[0] ?? "";
  const axis = (key: "index_1" | "index_2") => numbersOf(group.attributes.get(key) ?? template?.attributes.get(key));
  const [one, two] = [axis("index_1"), axis("index_2")];
  if (!first.startsWith("total_output")) return { slopes: one, loads: two, values: rows };
  // The load comes first; a table of one row has no slope.
  return {
    slopes: two,
    loads: one,
    values: two.length === 0 ? rows : two.map((_, s) => one.map((__, l) => rows[l]?.[s] ?? 0)),
  };
}

/** The value of a table, by straight lines between its points and beyond them. */
export function lookUp({ slopes, loads, values }: Table, slope: number, load: number): number {
  if (values.length === 0) return 0;
  const [s, sPart] = place(slopes, slope, values.length);
  const row = (n: number): number => {
    const list = values[n];
    const [l, lPart] = place(loads, load, list.length);
    return l + 1 < list.length ? list[l] + (list[l + 1] - list[l]) * lPart : list[l];
  };
  return s + 1 < values.length ? row(s) + (row(s + 1) - row(s)) * sPart : row(s);
}

/** The interval of an axis that a value lies in or next to, and how far along. */
function place(axis: readonly number[], value: number, count: number): [number, number] {
  if (count < 2 || axis.length < 2) return [0, 0];
  let n = 0;
  while (n < axis.length - 2 && value > axis[n + 1]) n++;
  return [n, (value - axis[n]) / (axis[n + 1] - axis[n])];
}

/** One library with only what Yosys and ABC look at: a tenth of what a foundry gives, and read once a cone. */
function shortened(libraries: readonly Group[]): string {
  const lines: string[] = [];
  const quote = (text: string) => (/^[\w.+-]+$/.test(text) ? text : `"${text}"`);
  const attribute = (key: string, values: readonly string[], indent: string): void => {
    const list = /^(index_|values|capacitive_load_unit)/.test(key);
    lines.push(
      list
        ? `${indent}${key} (${values.map((v) => (key === "capacitive_load_unit" ? v : `"${v}"`)).join(", ")});`
        : `${indent}${key} : ${quote(values[0] ?? "")};`,
    );
  };
  const open = ({ name, args, attributes }: Group, indent: string): void => {
    lines.push(`${indent}${name} (${args.map(quote).join(", ")}) {`);
    for (const [key, values] of attributes) if (KEPT_ATTRIBUTES.includes(key)) attribute(key, values, `${indent}  `);
  };
  const write = (group: Group, templates: ReadonlyMap<string, Group>, indent: string): void => {
    open(group, indent);
    // Its own axes: another file's template of that name may have others.
    const template = group.attributes.has("values") ? templates.get(group.args[0]) : undefined;
    for (const key of ["index_1", "index_2"]) {
      const axis = template?.attributes.get(key);
      if (axis && !group.attributes.has(key)) attribute(key, axis, `${indent}  `);
    }
    for (const inner of slowestArcs(group.groups))
      if (KEPT_GROUPS.includes(inner.name)) write(inner, templates, `${indent}  `);
    lines.push(`${indent}}`);
  };
  open(libraries[0], "");
  const all = new Map(libraries.toReversed().flatMap((library) => [...templatesOf(library)]));
  for (const template of all.values()) write(template, all, "  ");
  for (const library of libraries) for (const cell of cellGroups(library)) write(cell, templatesOf(library), "  ");
  lines.push("}");
  return `${lines.join("\n")}\n`;
}

/** Of a pin's arcs from the same pin in the same sense, which differ in the state of other pins, the slowest. */
function slowestArcs(groups: readonly Group[]): Group[] {
  const slowest = new Map<string, { group: Group; delay: number }>();
  for (const group of groups) {
    if (group.name !== "timing") continue;
    const key = ["related_pin", "timing_sense", "timing_type"].map((name) => group.attributes.get(name)?.[0]).join(" ");
    const delay = Math.max(
      ...group.groups
        .filter(({ name }) => name === "cell_rise" || name === "cell_fall")
        .map(({ attributes }) => numbersOf(attributes.get("values")).at(-1) ?? 0),
    );
    if (delay > (slowest.get(key)?.delay ?? Number.NEGATIVE_INFINITY) || !slowest.has(key))
      slowest.set(key, { group, delay });
  }
  const kept = new Set([...slowest.values()].map(({ group }) => group));
  return groups.filter((group) => group.name !== "timing" || kept.has(group));
}
