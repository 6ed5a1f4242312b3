/** Reads a Liberty file: each cell's area, pins and delays, as far as mapping and timing need them. */
import { Refusal } from "../../generator/errors.ts";

/** `name (args) { … }` of a Liberty file. */
interface Group {
  readonly name: string;
  readonly args: readonly string[];
  /** Values of `name : value;` and of `name (values);`. */
  readonly attributes: Map<string, string[]>;
  readonly groups: Group[];
}

/** Delay or slope by slope of the input and load; either axis may be missing. */
export interface Table {
  readonly slopes: readonly number[];
  readonly loads: readonly number[];
  /** [slope][load] */
  readonly values: readonly (readonly number[])[];
}

export interface Arc {
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
  /** A flip-flop of rising clock with nothing but D, clock and outputs. */
  readonly plainFlop: boolean;
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

class Reader {
  readonly #text: string;
  readonly #file: string;
  #at = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  fail(what: string): never {
    const line = this.#text.slice(0, this.#at).split("\n").length;
    throw new Refusal(`${this.#file}: line ${line}: ${what}; use a Liberty file (.lib) of a standard-cell library`);
  }

  #space(): void {
    const skip = /(?:\s|\\\r?\n|\/\*[\s\S]*?\*\/|\/\/[^\n]*)*/y;
    skip.lastIndex = this.#at;
    skip.exec(this.#text);
    this.#at = skip.lastIndex;
  }

  #take(pattern: RegExp): string | null {
    this.#space();
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return null;
    this.#at = pattern.lastIndex;
    return match[1] ?? match[0];
  }

  #expect(pattern: RegExp, what: string): string {
    return this.#take(pattern) ?? this.fail(`${what} expected`);
  }

  end(): boolean {
    this.#space();
    return this.#at >= this.#text.length;
  }

  #value(): string | null {
    return this.#take(/"((?:[^"\\]|\\[\s\S])*)"/y) ?? this.#take(/[^\s;{}(),:"]+/y);
  }

  #statement(into: Group): void {
    const name = this.#expect(/[\w.$]+(?:\[[\d:]+\])?/y, "a name");
    if (this.#take(/:/y) !== null) {
      // Some libraries write expressions, e.g. VDD + 0.3.
      const words: string[] = [];
      for (let word = this.#value(); word !== null; word = this.#value()) words.push(word);
      this.#take(/;/y);
      into.attributes.set(name, [words.join(" ")]);
      return;
    }
    this.#expect(/\(/y, "( or :");
    const args: string[] = [];
    while (this.#take(/\)/y) === null) {
      const word = this.#value();
      if (word !== null) args.push(word.replace(/\\\r?\n/g, " "));
      else if (this.#take(/[,:]/y) === null) this.fail(") expected");
    }
    if (this.#take(/\{/y) === null) {
      this.#take(/;/y);
      into.attributes.set(name, args);
      return;
    }
    into.groups.push(this.#body({ name, args, attributes: new Map(), groups: [] }));
    this.#take(/;/y);
  }

  #body(group: Group): Group {
    while (this.#take(/\}/y) === null) {
      if (this.end()) this.fail(`} of ${group.name} expected`);
      this.#statement(group);
    }
    return group;
  }

  library(): Group {
    const root: Group = { name: "", args: [], attributes: new Map(), groups: [] };
    if (this.end()) this.fail("library (…) { expected");
    this.#statement(root);
    const library = root.groups[0];
    if (library?.name !== "library") this.fail("library (…) { expected");
    return library;
  }
}

const numbersOf = (texts: readonly string[] | undefined): number[] =>
  (texts ?? []).flatMap((text) =>
    text
      .split(/[\s,]+/)
      .filter(Boolean)
      .map(Number),
  );

/** @param file its name, for messages
 *  @throws Refusal where it cannot be read, or has no NAND2, inverter or flip-flop */
export function parseLiberty(text: string, file: string): Liberty {
  const library = new Reader(text, file).library();
  const templates = new Map(library.groups.filter((g) => g.name === "lu_table_template").map((g) => [g.args[0], g]));
  const cells = new Map(
    library.groups
      .filter((g) => g.name === "cell" && g.attributes.get("dont_use")?.[0] !== "true")
      .map((g) => [g.args[0], cellOf(g, templates)]),
  );
  const smallest = (what: string, fits: (cell: LibertyCell) => boolean): LibertyCell => {
    const found = [...cells.values()].filter((cell) => cell.area > 0 && fits(cell));
    if (found.length === 0)
      throw new Refusal(`${file}: has no ${what} with an area; use the Liberty file of a standard-cell library`);
    return found.reduce((a, b) => (b.area < a.area ? b : a));
  };
  const is = (inputs: number, functions: RegExp) => (cell: LibertyCell) =>
    cell.inputs.size === inputs && functions.test(compact(cell.function));
  return {
    name: library.args[0] ?? "",
    cells,
    timeUnitPs: timeUnit(library),
    nand: smallest("two-input NAND", is(2, NAND2)),
    inverter: smallest("inverter", is(1, /^\(?(!\w+|\w+')\)?$/)),
    flop: smallest("plain D flip-flop", (cell) => cell.plainFlop),
    text: shortened(library),
  };
}

/** A function without spaces; a space alone is an AND. */
const compact = (logic: string): string =>
  logic
    .trim()
    .replace(/\s*([&|+*!()'])\s*/g, "$1")
    .replace(/\s+/g, "&");

/** Ways to write a NAND of two. */
const NAND2 = /^\(?(!\(\w+[&*]\w+\)|\(\w+[&*]\w+\)'|\(?!\w+\)?[|+]\(?!\w+\)?)\)?$/;

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
  const next = ff ? value(ff, "next_state").replace(/[\s()"]/g, "") : "";
  const clock = ff ? value(ff, "clocked_on").replace(/[\s()"]/g, "") : "";
  return {
    name: group.args[0],
    area: Number(value(group, "area") || 0),
    inputs,
    outputs,
    function: ff ? "" : logic,
    plainFlop: ff !== undefined && inputs.size === 2 && inputs.has(next) && inputs.has(clock),
  };
}

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

/** The library with only what Yosys and ABC look at: a tenth of what a foundry gives, and read once a cone. */
function shortened(library: Group): string {
  const lines: string[] = [];
  const quote = (text: string) => (/^[\w.+-]+$/.test(text) ? text : `"${text}"`);
  const write = (group: Group, indent: string): void => {
    lines.push(`${indent}${group.name} (${group.args.map(quote).join(", ")}) {`);
    for (const [key, values] of group.attributes) {
      if (!KEPT_ATTRIBUTES.includes(key)) continue;
      const list = /^(index_|values|capacitive_load_unit)/.test(key);
      lines.push(
        list
          ? `${indent}  ${key} (${values.map((v) => (key === "capacitive_load_unit" ? v : `"${v}"`)).join(", ")});`
          : `${indent}  ${key} : ${quote(values[0] ?? "")};`,
      );
    }
    for (const inner of group.groups)
      if (KEPT_GROUPS.includes(inner.name) && inner.attributes.get("dont_use")?.[0] !== "true")
        write(inner, `${indent}  `);
    lines.push(`${indent}}`);
  };
  write(library, "");
  return `${lines.join("\n")}\n`;
}
