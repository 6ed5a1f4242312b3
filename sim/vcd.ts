/** A window of cycles as a value change dump (IEEE 1364-2005, clause 18): one time unit is one clock cycle. */
import type { ChannelIr } from "../generator/ir/ir.ts";
import { fieldsOf, type Signal, signalsOf, type Waveform } from "./waveform.ts";

interface Variable extends Signal {
  readonly id: string;
}

/** Printable identifiers, shortest first: the code characters of the standard. */
function identifier(index: number): string {
  let id = "";
  for (let n = index; n >= 0; n = Math.floor(n / 94) - 1) id = String.fromCharCode(33 + (n % 94)) + id;
  return id;
}

/** Variables of each channel. A name that two channels share is one variable. */
function variablesOf(channels: readonly ChannelIr[]): { byChannel: Variable[][]; scopes: Map<string, Variable[]> } {
  const scopes = new Map<string, Variable[]>();
  let count = 0;
  const byChannel = channels.map((channel) => {
    const known = scopes.get(channel.scope) ?? [];
    scopes.set(channel.scope, known);
    return signalsOf(channel).map((signal) => {
      const variable = known.find((v) => v.name === signal.name) ?? { id: identifier(count++), ...signal };
      if (!known.includes(variable)) known.push(variable);
      return variable;
    });
  });
  return { byChannel, scopes };
}

const change = ({ id, bits }: Variable, value: bigint) =>
  bits === 1 ? `${value}${id}` : `b${value.toString(2)} ${id}`;

/** Bits of a vector, as they stand behind its name. */
export const bounds = ({ bits }: Signal): string => `[${bits - 1}:0]`;

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
      lines.push(`$var wire ${v.bits} ${v.id} ${v.name}${v.bits > 1 ? ` ${bounds(v)}` : ""} $end`);
  }
  for (let k = open.length; k > 0; k--) lines.push("$upscope $end");
  lines.push("$upscope $end", "$enddefinitions $end");
  return lines;
}

/** The text of a waveform. */
export function vcdText({ ir, from, cycles, events }: Waveform): string {
  const { byChannel, scopes } = variablesOf(ir.channels);
  const end = from + cycles;
  const changes = new Map<number, Map<string, string>>();
  const initial = new Map<string, string>();
  for (const variables of byChannel) for (const v of variables) initial.set(v.id, change(v, 0n));
  const put = (cycle: number, v: Variable, value: bigint, overwrite: boolean) => {
    if (cycle >= end) return;
    const at = cycle < from ? initial : (changes.get(cycle) ?? new Map<string, string>());
    if (cycle >= from) changes.set(cycle, at);
    if (overwrite || !at.has(v.id)) at.set(v.id, change(v, value));
  };
  for (const [channel, cycle, value] of events) {
    const strobed = ir.channels[channel].strobe !== null;
    const variables = byChannel[channel];
    fieldsOf(ir.channels[channel], value).forEach((field, k) => {
      put(cycle, variables[k + (strobed ? 1 : 0)], field, true);
    });
    if (!strobed || cycle < from) continue;
    put(cycle, variables[0], 1n, true);
    // Falls in the next cycle, unless the next event keeps it up.
    put(cycle + 1, variables[0], 0n, false);
  }
  const lines = header(ir.name, scopes);
  lines.push(`#${from}`, "$dumpvars", ...initial.values(), "$end");
  for (const cycle of [...changes.keys()].sort((a, b) => a - b)) {
    if (cycle > from) lines.push(`#${cycle}`);
    lines.push(...(changes.get(cycle) as Map<string, string>).values());
  }
  lines.push(`#${end}`, "");
  return lines.join("\n");
}
