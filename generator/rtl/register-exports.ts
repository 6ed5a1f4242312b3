/** The host's registers for those who talk to them: a table, a header for C and C++, SystemRDL and IP-XACT. */
import { version } from "../base/version.ts";
import type { Ir } from "../ir/ir.ts";
import { ADDRESS_BITS, ID_VALUE, REGISTER_BITS, type RegisterFieldIr, reachesCell, SIGNALS } from "../ir/registers.ts";
import { fillTemplate } from "./template.ts";
import { hex } from "./values.ts";

const plainHex = (value: number): string => `0x${value.toString(16)}`;

const inXml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** Text between the quotes of a SystemRDL string. */
const inRdl = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll('"', '\\"');

/** How the hardware reaches a field: constants not at all, what the host writes by reading. */
const HARDWARE = { constant: "na", host: "r", counter: "w", machine: "w", layer: "w", cell: "rw" } as const;

function fieldContext(field: RegisterFieldIr) {
  const { name, high, low, access, reset, description, signal } = field;
  const bits = high - low + 1;
  const mask = (2 ** bits - 1) * 2 ** low;
  return {
    name,
    high,
    low,
    bits,
    access,
    mask: `0x${hex(mask, REGISTER_BITS / 4)}`,
    range: high === low ? `${low}` : `${high}:${low}`,
    hasReset: reset !== null,
    reset: reset === null ? "none" : plainHex(reset),
    description,
    rdlDescription: inRdl(description),
    xmlDescription: inXml(description),
    software: access === "rw" ? "rw" : "r",
    hardware: HARDWARE[SIGNALS[signal]],
    xmlAccess: access === "rw" ? "read-write" : "read-only",
    /** Whether it may read something else than was written. */
    volatile: !["constant", "host"].includes(SIGNALS[signal]),
  };
}

function exportContext(ir: Ir) {
  const registers = ir.registers.map((r) => {
    const fields = r.fields.map(fieldContext);
    return {
      name: r.name,
      address: `0x${hex(r.address, ADDRESS_BITS / 4)}`,
      access: r.access,
      reset: r.reset === null ? "none" : plainHex(r.reset),
      description: r.description,
      rdlDescription: inRdl(r.description),
      xmlDescription: inXml(r.description),
      /** Its accesses do more than read and write what it holds. */
      external: reachesCell(r),
      fields,
      /** Several fields have a line of their own each; a single one shares the register's. */
      single: fields.length === 1 ? fields[0] : null,
    };
  });
  return {
    design: ir.name,
    identifier: ir.name.replaceAll("-", "_"),
    version,
    registers,
    registerBits: REGISTER_BITS,
    windowBytes: plainHex(2 ** ADDRESS_BITS),
    id: plainHex(ID_VALUE),
    numbers: [
      { name: "LAYERS", value: ir.layers.length, meaning: "" },
      { name: "STREAM_BITS", value: ir.streamBits, meaning: "" },
      { name: "SAMPLE_BEATS", value: ir.sampleBeats, meaning: "Data beats of a sample; a label beat follows." },
      { name: "TILE_ROWS", value: ir.tileRows, meaning: "" },
      { name: "TILE_COLS", value: ir.tileCols, meaning: "" },
      { name: "CELL_REFERENCE", value: ir.cell.reference, meaning: "" },
      { name: "CELL_FULL", value: ir.cell.full, meaning: "" },
    ],
    rowTiles: ir.layers.map((l) => l.rowTiles).join(", "),
    colTiles: ir.layers.map((l) => l.colTiles).join(", "),
  };
}

/** The header for C and C++, which the harness of `verify` is compiled with as well. */
export const registerHeader = (ir: Ir): string => fillTemplate("registers.h", exportContext(ir));

/** @returns text by file name */
export function registerExports(ir: Ir): Map<string, string> {
  const context = exportContext(ir);
  return new Map([
    ["register_map.md", fillTemplate("register_map.md", context)],
    ["registers.h", registerHeader(ir)],
    [`${ir.name}.rdl`, fillTemplate("registers.rdl", context)],
    ["component.xml", fillTemplate("component.xml", context)],
  ]);
}
