/** Architecture IR → text of the generated files: fills `rtl-templates/`. Which modules a machine has is said here; what
 *  stands in them, in context.ts. Values are looked up and bits of indices counted; every other number comes from the
 *  IR. */
import type { Ir } from "../ir/ir.ts";
import { context } from "./context.ts";
import { registerExports } from "./register-exports.ts";
import { fillTemplate } from "./template.ts";

/** Behavioural models of the macros, with what they are made of. */
const macros: readonly string[] = ["column_adc", "crossbar_macro", "sram_1r1w"];

/** Modules that only a low-rank gradient needs, from the leaves. */
const lowRankModules: readonly string[] = [
  "double_buffer",
  "float_multiplier",
  "float_adder",
  "float_converter",
  "function_unit",
  "scalar_unit",
  "vector_unit",
  "low_rank_unit",
  "low_rank_program",
  "rank_sum_unit",
];

/** Modules of programming by coincidence, and those that only programming by row needs. */
const coincidenceModules: readonly string[] = ["normaliser", "threshold_unit", "line_driver", "pulse_train_unit"];
const rowModules: readonly string[] = ["pulse_programmer", "rank_sum_unit", "stochastic_round", "update_unit"];

/** The other modules, from the leaves to the top. */
const modules: readonly string[] = [
  "pulse_programmer",
  "crossbar_tile",
  "latch_select",
  "read_engine",
  "shift_add",
  "activation_unit",
  "derivative_unit",
  "error_scaler",
  "gradient_unit",
  "lfsr",
  "divider",
  ...lowRankModules,
  "square_root",
  ...coincidenceModules,
  "stochastic_round",
  "update_unit",
  "range_register",
  "layer",
  "exponential",
  "error_unit",
  "sample_input",
  "sequencer",
  "host_registers",
  "rankloom",
];

/** Generates every file of a design but `design.json`.
 *  @returns text by file name, relative to the design's folder */
export function emitRtl(ir: Ir): Map<string, string> {
  const values = context(ir);
  const { lowRank, coincidence } = values;
  const needed: Record<string, boolean> = {
    ...Object.fromEntries(lowRankModules.map((name) => [name, lowRank])),
    ...Object.fromEntries(coincidenceModules.map((name) => [name, coincidence])),
    ...(coincidence ? Object.fromEntries(rowModules.map((name) => [name, false])) : {}),
    lfsr: values.stochastic || lowRank,
    exponential: values.softmax,
    divider: values.softmax || coincidence,
    square_root: coincidence,
    gradient_unit: !lowRank && !coincidence,
  };
  const used = (name: string) => needed[name] ?? true;
  const logic = modules.filter(used).map((name) => `rtl/${name}.v`);
  const models = macros.map((name) => `rtl/${name}.v`);
  const data = { ...values, logic, models, sources: [...models, ...logic] };
  const files = new Map<string, string>();
  for (const name of [...models, ...logic]) files.set(name, fillTemplate(name.slice("rtl/".length), data));
  for (const name of ["macros_blackbox.v", "rankloom.f", "rankloom.core", "constraints.sdc"])
    files.set(name, fillTemplate(name, data));
  for (const [name, text] of registerExports(ir)) files.set(name, text);
  return files;
}
