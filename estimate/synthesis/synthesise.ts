/** From a generated set of Verilog to gates: each module's area and the slowest path between registers. What was
 *  synthesised once is kept by its content in `out/cache/synthesis`. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { writeFileWhole } from "../../generator/base/write.ts";
import { cacheDir } from "../../kept/cache.ts";
import { contentKey } from "../../kept/key.ts";
import { programVersion } from "../../kept/program.ts";
import { type CutModule, cut } from "./cones.ts";
import { type MappedCone, mappedCones } from "./gates.ts";
import type { Liberty } from "./liberty.ts";
import type { YosysModule } from "./netlist.ts";
import { libraryTimes, type ModuleTiming, type Path, type PortTimes, timeModule } from "./timing.ts";
import { openYosys, type Yosys } from "./yosys.ts";

/** A module with one set of parameters. Areas in the library's unit, without the modules in it. */
interface SynthesisedModule {
  /** Its name in the source. */
  readonly name: string;
  /** Cells and area of logic, of registers, and of the inverters that carry nets of many readers. */
  readonly logic: Amount;
  readonly registers: Amount;
  readonly trees: Amount;
  /** Modules in it: name of the instance, and index of the module. */
  readonly children: readonly (readonly [string, number])[];
  /** Between two registers, as far as this module closes the path. */
  readonly slowest: Path | null;
}

export interface Amount {
  readonly cells: number;
  readonly area: number;
}

export interface Synthesis {
  readonly tool: string;
  /** From the leaves; the last is the top. */
  readonly modules: readonly SynthesisedModule[];
  /** In the library's units. */
  readonly slowest: Path & { readonly module: string };
  readonly cones: number;
  readonly distinctCones: number;
}

export interface SynthesisOptions {
  readonly threads: number;
  readonly onProgress?: (done: number, of: number) => void;
}

/** Models of the macros, with what they are made of. */
const MODELS = ["column_adc", "crossbar_macro", "sram_1r1w"];
const MACROS = ["crossbar_macro", "sram_1r1w"];

/** As little as leaves registers and logic apart: the rest is done once a cone. Tables stay multiplexers. */
const FRONT_END = [
  "hierarchy -top rankloom; proc -norom; opt_expr; opt_merge; clean -purge",
  "setattr -unset src -unset full_case -unset parallel_case */w:* */c:*; write_json design.json",
].join("; ");

/** Mapping of one cone: as Yosys's own `synth` and `abc -liberty`, without what is for sequential logic. */
const MAP = [
  "read_json cones.json; opt_expr; opt_clean; wreduce; peepopt; opt_clean; alumacc; opt -fast; techmap; opt -fast",
  "abc -liberty cells.lib -script +strash;&get,-n;&fraig,-x;&put;dc2;strash;&get,-n;&nf;&put;buffer,-c;topo;upsize;dnsize",
  "opt_clean; write_blif -gates mapped.blif",
].join("; ");

/** What makes a mapped cone of what Yosys wrote. */
const GATES = new URL("./gates.ts", import.meta.url).href;

/** A batch for Yosys ends when its cells have so many bits on their ports: some seconds' work. */
const BATCH_BITS = 12000;

export async function synthesise(
  rtl: ReadonlyMap<string, string>,
  library: Liberty,
  options: SynthesisOptions,
): Promise<Synthesis> {
  const sources = Object.fromEntries(
    [...rtl]
      .filter(
        ([name]) => name === "macros_blackbox.v" || (name.startsWith("rtl/") && !MODELS.includes(basename(name, ".v"))),
      )
      .map(([name, text]) => [basename(name), text]),
  );
  const yosys = openYosys(options.threads);
  try {
    const mapping = { tool: yosys.version, script: MAP, library, version: programVersion(GATES) };
    const store = join(cacheDir, "synthesis", contentKey(mapping));
    const own = { ...mapping, frontEnd: FRONT_END, sources, version: programVersion(import.meta.url) };
    const whole = join(store, `design-${contentKey(own)}.json`);
    if (existsSync(whole)) return JSON.parse(readFileSync(whole, "utf8")) as Synthesis;
    mkdirSync(store, { recursive: true });
    options.onProgress?.(0, 1);
    const read = `read_verilog -defer ${Object.keys(sources).join(" ")}`;
    const json = await yosys.run(`${read}; ${FRONT_END}`, sources, "design.json");
    const result = await mapDesign(JSON.parse(json).modules, library, yosys, store, options);
    writeFileWhole(whole, `${JSON.stringify(result)}\n`);
    return result;
  } finally {
    await yosys.close();
  }
}

type Netlist = Readonly<Record<string, YosysModule & { readonly netnames?: Readonly<Record<string, NetName>> }>>;

interface NetName {
  readonly hide_name: number;
  readonly bits: readonly (number | string)[];
}

async function mapDesign(
  netlist: Netlist,
  library: Liberty,
  yosys: Yosys,
  store: string,
  options: SynthesisOptions,
): Promise<Synthesis> {
  const order = fromLeaves(netlist);
  const logic = new Map<string, YosysModule>();
  const cuts = new Map(order.map((type) => [type, cut(netlist[type], logic)]));
  const cones = await mapCones(logic, library, yosys, store, options);
  const times = libraryTimes(library);
  const ports = new Map<string, PortTimes>(
    MACROS.flatMap((macro) => macroPorts(netlist, macro, times.clockToOutput, times.setUp)),
  );
  const index = new Map(order.map((type, n) => [type, n]));
  let slowest: Synthesis["slowest"] | null = null;
  const modules = order.map((type): SynthesisedModule => {
    const module = cuts.get(type) as CutModule;
    const name = nameOf(type);
    const timing = timeModule(module, cones, ports, times, netNames(netlist[type]));
    ports.set(type, timing.ports);
    if (timing.slowest && (!slowest || timing.slowest.time > slowest.time))
      slowest = { ...timing.slowest, module: name };
    return {
      name,
      ...amounts(module, cones, timing, library),
      children: childrenOf(module, index),
      slowest: timing.slowest,
    };
  });
  return {
    tool: yosys.version,
    modules,
    slowest: slowest ?? { time: 0, from: "", to: "", module: "" },
    cones: [...cuts.values()].reduce((sum, m) => sum + m.cones.length, 0),
    distinctCones: logic.size,
  };
}

function amounts(module: CutModule, cones: ReadonlyMap<string, MappedCone>, timing: ModuleTiming, library: Liberty) {
  const sum = (of: (cone: MappedCone) => number) =>
    module.cones.reduce((total, { key }) => total + of(cones.get(key) as MappedCone), 0);
  const bits = module.flops.reduce((total, { q }) => total + q.length, 0);
  const inverters = timing.treeInverters;
  return {
    logic: { cells: sum((cone) => cone.cells), area: sum((cone) => cone.area) },
    registers: { cells: bits, area: bits * library.flop.area },
    trees: { cells: inverters, area: inverters * library.inverter.area },
  };
}

const childrenOf = (module: CutModule, index: ReadonlyMap<string, number>): (readonly [string, number])[] =>
  module.instances.flatMap(({ name, type }) => {
    const child = index.get(type);
    return child === undefined ? [] : [[name, child] as const];
  });

/** Macros take and give their ports at clock edges. */
function macroPorts(netlist: Netlist, macro: string, out: number, into: number): [string, PortTimes][] {
  return Object.entries(netlist)
    .filter(([type]) => nameOf(type) === macro)
    .map(([type, { ports }]) => {
      const named = (direction: string, time: number) =>
        new Map(
          Object.entries(ports).flatMap(([name, port]) =>
            port.direction === direction ? [[name, time] as const] : [],
          ),
        );
      return [type, { in: named("input", into), out: named("output", out), through: new Map() }];
    });
}

/** A module's name in its source: Yosys puts parameters around it. */
function nameOf(type: string): string {
  const derived = /^\$paramod(?:\$[0-9a-f]+)?\\([^\\]+)/.exec(type);
  return derived ? derived[1] : type.replace(/^\\/, "");
}

/** Modules that the top has, each after those in it; without macros. */
function fromLeaves(netlist: Netlist): string[] {
  const order: string[] = [];
  const seen = new Set<string>();
  const visit = (type: string): void => {
    if (seen.has(type) || netlist[type] === undefined || MACROS.includes(nameOf(type))) return;
    seen.add(type);
    for (const cell of Object.values(netlist[type].cells)) visit(cell.type);
    order.push(type);
  };
  visit("rankloom");
  return order;
}

function netNames({ netnames = {} }: Netlist[string]): (net: number) => string {
  return (net) => {
    let hidden = "";
    for (const [name, { bits, hide_name }] of Object.entries(netnames)) {
      const bit = bits.indexOf(net);
      if (bit < 0) continue;
      const text = bits.length > 1 ? `${name}[${bit}]` : name;
      if (!hide_name) return text;
      hidden ||= text;
    }
    return hidden;
  };
}

/** Maps what is not in the store, in batches. */
async function mapCones(
  logic: ReadonlyMap<string, YosysModule>,
  library: Liberty,
  yosys: Yosys,
  store: string,
  { onProgress, threads }: SynthesisOptions,
): Promise<Map<string, MappedCone>> {
  const result = new Map<string, MappedCone>();
  const open: [string, YosysModule, number][] = [];
  for (const [key, module] of logic) {
    const file = join(store, `${key}.json`);
    if (existsSync(file)) result.set(key, JSON.parse(readFileSync(file, "utf8")) as MappedCone);
    else open.push([key, module, bitsOf(module)]);
  }
  // Long ones first, so that no thread is left with one at the end.
  open.sort(([a, , x], [b, , y]) => y - x || (a < b ? -1 : 1));
  const batches: Record<string, YosysModule>[] = [];
  let room = 0;
  for (const [key, module, bits] of open) {
    if (room < bits) {
      batches.push({});
      room = BATCH_BITS;
    }
    batches[batches.length - 1][key] = module;
    room -= bits;
  }
  let done = result.size;
  const next = async (): Promise<void> => {
    for (let batch = batches.shift(); batch; batch = batches.shift()) {
      const cones = JSON.stringify({ creator: "rankloom", modules: batch });
      const blif = await yosys.run(MAP, { "cones.json": cones, "cells.lib": library.text }, "mapped.blif");
      const mapped = mappedCones(blif, library);
      for (const key of Object.keys(batch)) {
        const cone = mapped.get(key);
        if (!cone) throw new Error(`Yosys lost the cone ${key}`);
        writeFileWhole(join(store, `${key}.json`), JSON.stringify(cone));
        result.set(key, cone);
      }
      done += Object.keys(batch).length;
      onProgress?.(done, logic.size);
    }
  };
  await Promise.all(Array.from({ length: threads }, next));
  return result;
}

const bitsOf = ({ cells }: YosysModule): number =>
  Object.values(cells).reduce(
    (sum, { connections }) => sum + Object.values(connections).reduce((bits, list) => bits + list.length, 0),
    0,
  );
