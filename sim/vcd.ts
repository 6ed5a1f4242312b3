/** A window of cycles as a value change dump (IEEE 1364-2005, clause 18): one time unit is one clock cycle. */
import type { ChannelIr, Ir } from "../generator/ir.ts";
import { writeFileWhole } from "../generator/write.ts";
import { totalCycles } from "./cycles.ts";
import type { Machine } from "./machine.ts";
import type { PlainSamplePath } from "./sample-path.ts";
import { Tracer } from "./trace.ts";
import type { Trace, VcdWindow } from "./train.ts";
import { HostStalls } from "./units/sample-input.ts";

interface Variable {
  readonly id: string;
  readonly name: string;
  readonly bits: number;
}

/** Printable identifiers, shortest first: the code characters of the standard. */
function identifier(index: number): string {
  let id = "";
  for (let n = index; n >= 0; n = Math.floor(n / 94) - 1) id = String.fromCharCode(33 + (n % 94)) + id;
  return id;
}

/** Variables of each channel: its strobe, if it has one, then its fields. A name that two channels share is one variable. */
function variablesOf(channels: readonly ChannelIr[]): { byChannel: Variable[][]; scopes: Map<string, Variable[]> } {
  const scopes = new Map<string, Variable[]>();
  let count = 0;
  const byChannel = channels.map((channel) => {
    const known = scopes.get(channel.scope) ?? [];
    scopes.set(channel.scope, known);
    const signals = [...(channel.strobe ? [{ name: channel.strobe, bits: 1 }] : []), ...channel.fields];
    return signals.map(({ name, bits }) => {
      const variable = known.find((v) => v.name === name) ?? { id: identifier(count++), name, bits };
      if (!known.includes(variable)) known.push(variable);
      return variable;
    });
  });
  return { byChannel, scopes };
}

const change = ({ id, bits }: Variable, value: bigint) =>
  bits === 1 ? `${value}${id}` : `b${value.toString(2)} ${id}`;

/** Declarations, scope within scope. */
function header(name: string, scopes: ReadonlyMap<string, Variable[]>): string[] {
  const lines = [
    "$version Rankloom $end",
    "$comment one time unit is one clock cycle $end",
    "$timescale 1 ns $end",
    `$scope module ${name} $end`,
  ];
  let open: string[] = [];
  for (const [scope, variables] of [...scopes].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const path = scope.split(".");
    let common = 0;
    while (common < open.length && common < path.length && open[common] === path[common]) common++;
    for (let k = open.length; k > common; k--) lines.push("$upscope $end");
    for (const part of path.slice(common)) lines.push(`$scope module ${part} $end`);
    open = path;
    for (const v of variables)
      lines.push(`$var wire ${v.bits} ${v.id} ${v.name}${v.bits > 1 ? ` [${v.bits - 1}:0]` : ""} $end`);
  }
  for (let k = open.length; k > 0; k--) lines.push("$upscope $end");
  lines.push("$upscope $end", "$enddefinitions $end");
  return lines;
}

/** The text of a window from its events.
 *  @param events channel, cycle, value; in any order between channels, in order within one */
export function vcdText(
  ir: Ir,
  window: { from: number; cycles: number },
  events: readonly (readonly [number, number, bigint])[],
): string {
  const { byChannel, scopes } = variablesOf(ir.channels);
  const end = window.from + window.cycles;
  const changes = new Map<number, Map<string, string>>();
  const initial = new Map<string, string>();
  for (const variables of byChannel) for (const v of variables) initial.set(v.id, change(v, 0n));
  const put = (cycle: number, v: Variable, value: bigint, overwrite: boolean) => {
    if (cycle >= end) return;
    const at = cycle < window.from ? initial : (changes.get(cycle) ?? new Map<string, string>());
    if (cycle >= window.from) changes.set(cycle, at);
    if (overwrite || !at.has(v.id)) at.set(v.id, change(v, value));
  };
  for (const [channel, cycle, value] of [...events].sort((a, b) => a[1] - b[1])) {
    const strobed = ir.channels[channel].strobe !== null;
    const variables = byChannel[channel];
    let rest = value;
    for (const v of variables.slice(strobed ? 1 : 0)) {
      put(cycle, v, rest & ((1n << BigInt(v.bits)) - 1n), true);
      rest >>= BigInt(v.bits);
    }
    if (!strobed) continue;
    put(cycle, variables[0], 1n, true);
    // Falls in the next cycle, unless the next event keeps it up.
    put(cycle + 1, variables[0], 0n, false);
  }
  const lines = header(ir.name, scopes);
  lines.push(`#${window.from}`, "$dumpvars", ...initial.values(), "$end");
  for (const cycle of [...changes.keys()].sort((a, b) => a - b)) {
    if (cycle > window.from) lines.push(`#${cycle}`);
    lines.push(...(changes.get(cycle) as Map<string, string>).values());
  }
  lines.push(`#${end}`, "");
  return lines.join("\n");
}

/** Begins a trace at the machine's present cycle; the file is written when it is closed. */
export function openTrace(machine: Machine, path: PlainSamplePath, vcd: VcdWindow): Trace {
  const events: [number, number, bigint][] = [];
  const lastLevel = new Map<number, [number, number, bigint]>();
  const { ir } = machine;
  const start = totalCycles(machine.cycles);
  const sink = (channel: number, cycle: number, value: bigint) => {
    if (cycle >= vcd.from && cycle < vcd.from + vcd.cycles) events.push([channel, cycle, value]);
    else if (cycle < vcd.from && ir.channels[channel].strobe === null) lastLevel.set(channel, [channel, cycle, value]);
  };
  const listener = new Tracer(ir, machine, path, new HostStalls(0), sink, start);
  return {
    listener,
    close: async () => {
      writeFileWhole(vcd.file, vcdText(ir, vcd, [...lastLevel.values(), ...events]));
    },
  };
}
