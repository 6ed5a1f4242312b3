/** Yosys, from its npm package, on a machine's synthesis view: its logic, with blackboxes in the macros' places. */
import { basename } from "node:path";
import { Exit, runYosys } from "@yowasp/yosys";

interface Module {
  readonly attributes: Readonly<Record<string, string>>;
  readonly ports: Readonly<Record<string, { readonly bits: readonly unknown[] }>>;
  readonly cells: Readonly<
    Record<string, { readonly type: string; readonly parameters: Readonly<Record<string, string>> }>
  >;
}

export interface Synthesis {
  /** Warnings and errors, empty if there are none. */
  readonly messages: string;
  /** What the script wrote with `write_json netlist.json`, by module; empty if it did not. */
  readonly netlist: Readonly<Record<string, Module>>;
}

/** Models of the macros, with what they are made of. */
const MODELS = ["column_adc", "crossbar_macro", "sram_1r1w"];

/** The files of a generated set that are to be synthesized. */
export const logicOf = (rtl: ReadonlyMap<string, string>): string[] =>
  [...rtl.keys()].filter((name) => name.startsWith("rtl/") && !MODELS.includes(basename(name, ".v")));

/** @param rtl a generated set of files
 *  @param script commands after the sources were read */
export async function synthesise(rtl: ReadonlyMap<string, string>, script: string): Promise<Synthesis> {
  const sources: Record<string, string> = {};
  for (const name of ["macros_blackbox.v", ...logicOf(rtl)]) sources[basename(name)] = rtl.get(name) ?? "";
  const decoder = new TextDecoder();
  let messages = "";
  const listen = (bytes: Uint8Array | null) => {
    if (bytes) messages += decoder.decode(bytes, { stream: true });
  };
  const read = `read_verilog -defer ${Object.keys(sources).join(" ")}`;
  try {
    const written = await runYosys(["-q", "-p", `${read}; ${script}`], sources, { stdout: listen, stderr: listen });
    const json = written?.["netlist.json"];
    if (json === undefined) return { messages, netlist: {} };
    const text = typeof json === "string" ? json : decoder.decode(json as Uint8Array);
    return { messages, netlist: JSON.parse(text).modules };
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    return { messages: `${messages}Yosys ended with code ${error.code}`, netlist: {} };
  }
}

/** A module's name in its source, without the parameters that Yosys puts in front. */
export const moduleName = (type: string): string => type.replace(/^.*\\/, "");

/** Every cell below a module, by its path, with its type. */
export function* cellsOf(
  netlist: Synthesis["netlist"],
  type: string,
  path = "",
): Generator<{ path: string; type: string; width: number }> {
  for (const [name, { type: inner, parameters }] of Object.entries(netlist[type].cells)) {
    const here = path === "" ? name : `${path}.${name}`;
    yield { path: here, type: inner, width: Number.parseInt(parameters.WIDTH ?? "0", 2) };
    if (netlist[inner]) yield* cellsOf(netlist, inner, here);
  }
}
