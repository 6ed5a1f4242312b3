/** The memories of a machine, read back from its elaborated Verilog: proof of the list of `generator/ir/memories.ts`, and
 *  what the list leaves out, registers of arithmetic and tables in logic. */
import type { MemoryIr } from "../generator/ir/ir.ts";
import type { Instance, Module } from "./netlist.ts";

export type Memory = Pick<MemoryIr, "name" | "layer" | "words" | "wordBits" | "bits" | "kind">;

/** Registers from so many bits on are named; control has smaller ones. */
const NAMED_BITS = 64;

const parameter = (module: Module, name: string): number => {
  const value = module.parameters.get(name);
  if (value === undefined || Number.isNaN(value)) throw new Error(`${module.name} has no parameter ${name}`);
  return value;
};

/** Where an instance is, in words of the list: its layer, and the path below it. */
function placeOf(path: string): { layer: number | null; place: string } {
  const [, layer, place] = /^layer_(\d+)\.(.*)$/.exec(path) ?? [];
  return layer === undefined ? { layer: null, place: path } : { layer: Number(layer), place };
}

/** The side of the gradient that an instance belongs to. */
const sideOf = (place: string): string => /\b([xd])_vector_unit\b/.exec(place)?.[1] ?? "";
const edgeOf = (place: string): string => /\bg_(row|column)_edge\b/.exec(place)?.[1] ?? "";

/** A macro's name in the list: its own; banks and coefficients are instances of modules that serve two sides. */
function sramName(place: string): string {
  const name = place.slice(place.lastIndexOf(".") + 1);
  const bank = /(\w+)\.bank_([01])$/.exec(place);
  if (bank) return bank[2] === "0" ? bank[1] : `${bank[1]}.bank_1`;
  return name === "coefficient_buffer" ? `${sideOf(place)}_coefficients` : name;
}

/** Memories made of flip-flops: the variables of a module that they are, one word after the other. */
const REGISTERS: readonly {
  readonly module: string;
  readonly variables: readonly string[];
  readonly name: (place: string) => string;
  readonly words: (module: Module) => number;
}[] = [
  {
    module: "rank_sum_unit",
    variables: ["mantissas", "exponents"],
    name: () => "strengths",
    words: (m) => parameter(m, "OUTER"),
  },
  {
    module: "pulse_train_unit",
    variables: ["mantissas", "exponents"],
    name: () => "strengths",
    words: (m) => parameter(m, "PRODUCTS"),
  },
  {
    module: "vector_unit",
    variables: ["held_factor"],
    name: (place) => `${sideOf(place)}_held_factor`,
    words: () => 1,
  },
  {
    module: "vector_unit",
    variables: ["held"],
    name: (place) => `${sideOf(place)}_held`,
    words: (m) => parameter(m, "RANK") + 1,
  },
  {
    module: "vector_unit",
    variables: ["row_sums"],
    name: (place) => `${sideOf(place)}_row_sums`,
    words: (m) => parameter(m, "OUTER"),
  },
  {
    module: "pulse_programmer",
    variables: ["counts"],
    name: () => "pulse_latches",
    words: (m) => parameter(m, "COLS"),
  },
  {
    module: "line_driver",
    variables: ["thresholds"],
    name: (place) => `${edgeOf(place)}_thresholds`,
    words: (m) => parameter(m, "LINES"),
  },
  // Those of the edges; other LFSRs are single ones that round.
  {
    module: "lfsr",
    variables: ["state"],
    name: (place) => (edgeOf(place) ? `${edgeOf(place)}_lfsrs` : ""),
    words: () => 1,
  },
];

/** Every memory that the Verilog has, in its own order. */
export function memoriesOf(netlist: readonly Instance[]): Memory[] {
  const list: Memory[] = [];
  const memory = (
    layer: number | null,
    name: string,
    words: number,
    wordBits: number,
    kind: Memory["kind"],
  ): Memory => ({
    name,
    layer,
    words,
    wordBits,
    bits: words * wordBits,
    kind,
  });
  for (const { path, module } of netlist) {
    const { layer, place } = placeOf(path);
    if (module.name === "sram_1r1w")
      list.push(memory(layer, sramName(place), parameter(module, "WORDS"), parameter(module, "WORD_BITS"), "sram"));
    for (const entry of REGISTERS) {
      const name = entry.name(place);
      if (entry.module !== module.name || name === "" || !module.registers.has(entry.variables[0])) continue;
      const bits = entry.variables.reduce((sum, variable) => sum + (module.widths.get(variable) ?? 0), 0);
      const words = entry.words(module);
      // Tiles and edges have a part each of what is one memory of the layer.
      const part = list.findIndex((m) => m.layer === layer && m.name === name);
      const sum = words + (part < 0 ? 0 : list[part].words);
      const whole = memory(layer, name, sum, bits / words, "registers");
      if (part < 0) list.push(whole);
      else list[part] = whole;
    }
  }
  return list;
}

/** Where two lists of memories differ, in a line each; empty: nowhere. */
export function differences(listed: readonly Memory[], found: readonly Memory[]): string[] {
  const text = ({ layer, name, words, wordBits, bits, kind }: Memory) =>
    `${layer === null ? "" : `layer ${layer}: `}${name}: ${words} words of ${wordBits} bits, ${bits} in all, ${kind}`;
  const [a, b] = [listed.map(text), found.map(text)];
  return [
    ...a.filter((line) => !b.includes(line)).map((line) => `only in the list: ${line}`),
    ...b.filter((line) => !a.includes(line)).map((line) => `only in the Verilog: ${line}`),
    ...(a.length === b.length ? [] : [`${a.length} memories in the list, ${b.length} in the Verilog`]),
  ];
}

/** Units that only work on a batch's gradient. */
const GRADIENT_UNITS = [
  "gradient_unit",
  "low_rank_program",
  "low_rank_unit",
  "scalar_unit",
  "vector_unit",
  "function_unit",
  "rank_sum_unit",
];

export interface NamedBits {
  readonly name: string;
  readonly layer: number | null;
  readonly bits: number;
}

/** Registers of the gradient's units that are no memories: stages of their arithmetic, from 64 bits on. */
export function stagesOf(netlist: readonly Instance[]): NamedBits[] {
  return netlist.flatMap(({ path, module }) => {
    if (!GRADIENT_UNITS.includes(module.name)) return [];
    const { layer, place } = placeOf(path);
    const memories = REGISTERS.filter((entry) => entry.module === module.name).flatMap((entry) => entry.variables);
    return [...module.registers].flatMap((variable) => {
      const bits = module.widths.get(variable) ?? 0;
      return bits < NAMED_BITS || memories.includes(variable) ? [] : [{ name: `${place}.${variable}`, layer, bits }];
    });
  });
}

/** Functions and constants that are tables: the module, and the name in it. Functions hold an entry a case. */
const TABLES: readonly { readonly module: string; readonly variable: string; readonly name: string }[] = [
  { module: "low_rank_program", variable: "word", name: "instructions" },
  { module: "scalar_unit", variable: "constant", name: "constants" },
  { module: "function_unit", variable: "entry", name: "functions" },
  { module: "activation_unit", variable: "TABLE", name: "activation" },
  { module: "exponential", variable: "TABLE", name: "exponential" },
];

/** Tables in logic. */
export function tablesOf(netlist: readonly Instance[]): NamedBits[] {
  return netlist.flatMap(({ path, module }) =>
    TABLES.flatMap(({ variable, name, module: of }) => {
      const width = module.widths.get(variable);
      if (of !== module.name || width === undefined) return [];
      return [{ name, layer: placeOf(path).layer, bits: width * (module.entries.get(variable) ?? 1) }];
    }),
  );
}
