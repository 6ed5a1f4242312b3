/** The harness's view of one machine, beside its `registers.h`: constants and the list of what it dumps, as a C++
 *  header. */
import { programCycles } from "../generator/ir/hand-over.ts";
import type { Ir } from "../generator/ir/ir.ts";
import { cellsPerTile, countsPulses } from "../generator/ir/lines.ts";
import { type RegisterIr, reachesCell } from "../generator/ir/registers.ts";

/** An array of the RTL that is compared after each batch. */
export interface StateItem {
  readonly scope: string;
  readonly variable: string;
}

export const itemName = (item: StateItem): string => `${item.scope}.${item.variable}`;

/** Every state that the RTL shows: conductances, buffers, LFSRs. */
export function stateItems(ir: Ir): StateItem[] {
  const items: StateItem[] = [];
  for (const layer of ir.layers) {
    const scope = `rankloom.layer_${layer.index}`;
    for (let r = 0; r < layer.rowTiles; r++)
      for (let c = 0; c < layer.colTiles; c++)
        for (const variable of ["cells", ...(countsPulses(ir) ? ["pulse_counts"] : [])])
          items.push({ scope: `${scope}.g_row[${r}].g_col[${c}].tile.macro`, variable });
    for (const bank of ir.lowRank ? [".bank_0", ".bank_1"] : [""])
      for (const buffer of ["x_buffer", "delta_buffer"])
        items.push({ scope: `${scope}.${buffer}${bank}`, variable: "mem" });
    for (const memory of ir.lowRank ? ["factors", ...(ir.lowRank.slots > 0 ? ["samples"] : [])] : [])
      for (const side of ["x", "d"]) items.push({ scope: `${scope}.${side}_${memory}`, variable: "mem" });
    if (layer.gradient.bufferWords > 0) items.push({ scope: `${scope}.gradient_buffer`, variable: "mem" });
  }
  return items;
}

/** Cycles after the last sample until the low-rank units are done with it. */
export function settleCycles(ir: Ir): number {
  return Math.max(...Array.from({ length: ir.batch }, (_, sample) => programCycles(ir, sample)));
}

/** Registers read at the end, in this order: all that can be read without a change of anything. */
export const finalRegisters = (ir: Ir): RegisterIr[] => ir.registers.filter((r) => !reachesCell(r));

export function harnessHeader(ir: Ir): string {
  const hex = (n: number) => `0x${n.toString(16)}`;
  const tiles = ir.layers.map((l) => l.rowTiles * l.colTiles);
  const cells = cellsPerTile(ir);
  return [
    "// Generated from the design's IR.",
    "#pragma once",
    "#include <cstdint>",
    '#include "registers.h"',
    "using namespace rankloom;",
    `static const int TILES[] = {${tiles.join(", ")}};`,
    `static const int CELLS_PER_TILE = ${cells};`,
    `static const int TOTAL_CELLS = ${tiles.reduce((a, b) => a + b, 0) * cells};`,
    `static const uint64_t BATCH = ${ir.batch};`,
    `static const uint64_t SETTLE_CYCLES = ${settleCycles(ir)};`,
    `static const uint64_t BEATS_PER_SAMPLE = ${ir.sampleBeats + 1};`,
    `static const int BEAT_BYTES = ${ir.streamBits / 8};`,
    `static const uint32_t FINAL_REGISTERS[] = {${finalRegisters(ir)
      .map((r) => hex(r.address))
      .join(", ")}};`,
    "template <class Dump> static void dumpStates(Dump dump) {",
    ...stateItems(ir).map((item) => `    dump("${item.scope}", "${item.variable}");`),
    "}",
    "",
  ].join("\n");
}
