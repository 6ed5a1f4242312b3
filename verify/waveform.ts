/** Turns the RTL's waveform, read as it is written, into architectural events. */
import type { Readable } from "node:stream";
import type { Ir } from "../generator/ir/ir.ts";
import { readVcd } from "./vcd-reader.ts";

/** Reads a whole VCD whose time is the cycle.
 *  @param top path of the top module in the VCD, e.g. `TOP.rankloom`
 *  @param event called for each event, channel by channel in order of cycles
 *  @returns the signals of the channels that the VCD does not have */
export async function readWaveform(
  ir: Ir,
  stream: Readable,
  top: string,
  event: (channel: number, cycle: number, value: bigint) => void,
): Promise<string[]> {
  const values = new Map<number, bigint>();
  const missing: string[] = [];
  /** By channel: its fields. */
  let fields: { code: number; shift: bigint }[][] = [];
  /** Channels by the code of their strobe, and of their only field where they have none. */
  const byStrobe = new Map<number, number[]>();
  const byLevel = new Map<number, number[]>();
  const active = new Set<number>();
  const changed = new Set<number>();
  let now = -1;
  let fresh = false;

  const bind = (codes: ReadonlyMap<string, number>): Set<number> => {
    const codeOf = (scope: string, name: string) => {
      const code = codes.get(`${top}.${scope}.${name}`);
      if (code === undefined) missing.push(`${scope}.${name}`);
      return code ?? -1;
    };
    fields = ir.channels.map(({ scope, fields: declared }) => {
      let shift = 0;
      return declared.map(({ name, bits }) => {
        const at = BigInt(shift);
        shift += bits;
        return { code: codeOf(scope, name), shift: at };
      });
    });
    ir.channels.forEach(({ scope, strobe }, channel) => {
      const [map, code] = strobe ? [byStrobe, codeOf(scope, strobe)] : [byLevel, fields[channel][0].code];
      map.set(code, [...(map.get(code) ?? []), channel]);
    });
    return new Set([...byStrobe.keys(), ...fields.flatMap((declared) => declared.map(({ code }) => code))]);
  };
  const eventValue = (channel: number): bigint => {
    let value = 0n;
    for (const { code, shift } of fields[channel]) value |= (values.get(code) ?? 0n) << shift;
    return value;
  };
  /** Gives the events of all cycles from `now` up to `until`, which is not among them. */
  const flush = (until: number) => {
    if (now < 0) return;
    for (const channel of changed) event(channel, now, eventValue(channel));
    changed.clear();
    for (const channel of active) {
      const value = eventValue(channel);
      for (let cycle = now; cycle < until; cycle++) event(channel, cycle, value);
    }
  };

  await readVcd(stream, {
    declared: bind,
    time: (t) => {
      flush(t);
      now = t;
      fresh = false;
    },
    change: (code, value) => {
      fresh = true;
      values.set(code, value);
      for (const channel of byStrobe.get(code) ?? []) {
        if (value === 1n) active.add(channel);
        else active.delete(channel);
      }
      for (const channel of byLevel.get(code) ?? []) changed.add(channel);
    },
  });
  // A last time without changes closes the dump; one with changes is its last cycle.
  flush(fresh ? now + 1 : now);
  return missing;
}
