/** A machine's memories in figures: read back from its Verilog, by name and layer, and beside the yardstick. */

import { EXIT, Refusal } from "../generator/base/errors.ts";
import type { Design } from "../generator/design/schema.ts";
import type { Ir, MemoryIr } from "../generator/ir/ir.ts";
import { countsOf, yardstick } from "../generator/ir/yardstick.ts";
import { emitRtl } from "../generator/rtl/emit.ts";
import { prepareMachine } from "../prepare/machine.ts";
import { differences, type Memory, memoriesOf, type NamedBits, stagesOf, tablesOf } from "../verify/memories.ts";
import { netlistOf } from "../verify/netlist.ts";

export type Bits = Readonly<Record<string, number>>;

/** Memories that only a batch's gradient needs, in groups. */
const GROUPS: readonly (readonly [RegExp, string])[] = [
  [/^gradient_buffer$/, "full gradient"],
  [/^[xd]_factors$/, "factors"],
  [/^[xd]_samples$/, "samples"],
  [/\.bank_1$/, "second banks"],
  [/^[xd]_coefficients$/, "coefficients"],
  [/^scalar_memory_[abc]$/, "scalar memories"],
  [/^strengths$/, "strengths"],
  [/^[xd]_held(_factor)?$/, "held words"],
  [/^[xd]_row_sums$/, "row sums"],
];

/** Names of groups and of what is beyond the yardstick, in the order of a table. */
export const ORDER: readonly string[] = [
  "full gradient",
  "factors",
  "samples",
  "unused lanes",
  "copied factors",
  "no spare pair",
  "second banks",
  "coefficients",
  "scalar memories",
  "strengths",
  "held words",
  "row sums",
];

const groupOf = (name: string): string => GROUPS.find(([pattern]) => pattern.test(name))?.[1] ?? name;

export interface LayerFigures {
  readonly layer: number;
  /** What only the gradient needs, by group. */
  readonly groups: Bits;
  readonly gradient: number;
  readonly yardstick: { readonly words: number; readonly bits: number };
  /** The difference of both, by what it is for. */
  readonly beyond: Bits;
}

export interface MemoryFigures {
  readonly memories: readonly (Memory & Pick<MemoryIr, "gradient" | "purpose">)[];
  /** Registers that are stages of the gradient's arithmetic. */
  readonly stages: readonly NamedBits[];
  /** Tables in logic. */
  readonly tables: readonly NamedBits[];
  readonly layers: readonly LayerFigures[];
}

/** @param data a data set's path; the design's own if absent
 *  @throws Refusal where the Verilog has other memories than the list says */
export async function memoryFigures(design: Design, data: string | undefined): Promise<MemoryFigures> {
  const { ir } = prepareMachine(design, { data });
  const netlist = await netlistOf(emitRtl(ir));
  const found = memoriesOf(netlist);
  const wrong = differences(ir.memories, found);
  if (wrong.length > 0)
    throw new Refusal(`${design.name}: the Verilog has other memories than the list: ${wrong[0]}`, EXIT.failedCheck);
  const memories = found.map((memory) => {
    const { gradient = false, purpose = "" } =
      ir.memories.find((m) => m.layer === memory.layer && m.name === memory.name) ?? {};
    return { ...memory, gradient, purpose };
  });
  return {
    memories,
    stages: stagesOf(netlist),
    tables: tablesOf(netlist),
    layers: ir.layers.map((_, l) =>
      layerFigures(
        ir,
        l,
        memories.filter((m) => m.layer === l && m.gradient),
      ),
    ),
  };
}

function layerFigures(ir: Ir, l: number, memories: readonly Memory[]): LayerFigures {
  const layer = ir.layers[l];
  const groups = sums(memories.map(({ name, bits }) => [groupOf(name), bits]));
  const parts = yardstick(ir, layer);
  const total = (key: "words" | "bits") => Object.values(parts).reduce((sum, part) => sum + part[key], 0);
  const { "full gradient": full = 0, factors = 0, samples = 0, "scalar memories": scalars = 0, ...rest } = groups;
  const pairBits = ir.lowRank ? ir.lowRank.factorBits * (layer.inputs + layer.outputs) : 0;
  const [stored, asked] = ir.lowRank ? [ir.lowRank.columns, countsOf(ir).pairs] : [0, 0];
  const beyond = {
    "unused lanes": full - parts.gradient.bits + factors - stored * pairBits + samples - parts.samples.bits,
    // lrt's spare pair never exists: a combination is made word by word.
    [stored < asked ? "no spare pair" : "copied factors"]: (stored - asked) * pairBits,
    // The strengths of the method are in it.
    "scalar memories": scalars - parts.strengths.bits,
    ...rest,
  };
  return {
    layer: l,
    groups,
    gradient: memories.reduce((sum, { bits }) => sum + bits, 0),
    yardstick: { words: total("words"), bits: total("bits") },
    beyond: Object.fromEntries(Object.entries(beyond).filter(([, bits]) => bits !== 0)),
  };
}

/** Adds up what has the same name, in the order of the first. */
export function sums(entries: readonly (readonly [string, number])[]): Record<string, number> {
  const result: Record<string, number> = {};
  for (const [name, bits] of entries) result[name] = (result[name] ?? 0) + bits;
  return result;
}
