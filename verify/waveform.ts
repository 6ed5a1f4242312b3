/** Reads the RTL's VCD as it is written, with vcd-stream's WebAssembly build, and turns it into architectural events.
 *  (Its native build misreads every VCD on Node 20: the header's keywords are shifted by one.) */
import { createRequire } from "node:module";
import { type Readable, Transform, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Ir } from "../generator/ir.ts";

interface VcdNode {
  kind: "scope" | "var";
  name: string;
  link?: string;
  body?: VcdNode[];
}

interface VcdParser extends Writable {
  info: { wires: VcdNode };
  change: { any(listener: (id: string, time: bigint | number, command: number, value?: bigint) => void): void };
}

const require = createRequire(import.meta.url);
// Not the package's main module: it loads the native build, which need not exist.
const createVCD = require("vcd-stream/out/vcd.js") as () => Promise<unknown>;
const webVcdParser = require("vcd-stream/lib/web-vcd-parser.js") as (module: unknown) => Promise<VcdParser>;

/** Scalars come as commands: 14 is 0, 15 is 1. */
const SCALAR_ZERO = 14;
const SCALAR_ONE = 15;

/** Every variable's id by its path below the top module, e.g. `layer_0.x_write`. */
function wireIds(root: VcdNode): Map<string, string> {
  const ids = new Map<string, string>();
  const walk = (node: VcdNode, path: string) => {
    for (const child of node.body ?? []) {
      const name = child.name.replace(/\[\d+:\d+\]$/, "");
      const below = path === "" ? name : `${path}.${name}`;
      if (child.kind === "scope") walk(child, below);
      else if (child.link !== undefined) ids.set(below, child.link);
    }
  };
  walk(root, "");
  return ids;
}

/** Cuts the declarations at ends of lines: the parser misreads a declaration that two chunks share. (Values it reads
 *  across chunks.) */
function wholeDeclarations(): Transform {
  const end = "$enddefinitions";
  let held: Buffer | null = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (held === null) {
        done(null, chunk);
        return;
      }
      held = Buffer.concat([held, chunk]);
      const last = held.includes(end);
      const cut = last ? held.indexOf("\n", held.indexOf(end)) + 1 : held.lastIndexOf("\n") + 1;
      if (last && cut === 0) {
        done();
        return;
      }
      if (cut > 0) this.push(held.subarray(0, cut));
      if (last && cut < held.length) this.push(held.subarray(cut));
      held = last ? null : held.subarray(cut);
      done();
    },
    flush(done) {
      done(null, held?.length ? held : undefined);
    },
  });
}

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
  const parser = await webVcdParser(await createVCD());
  const values = new Map<string, bigint>();
  const missing: string[] = [];
  /** By channel: ids of strobe and fields. */
  let strobes: (string | null)[] = [];
  let fields: { id: string; shift: bigint }[][] = [];
  /** Channels by the id of their strobe, and of their only field where they have none. */
  const byStrobe = new Map<string, number[]>();
  const byLevel = new Map<string, number[]>();
  const active = new Set<number>();
  const changed = new Set<number>();
  let bound = false;
  let now = -1;

  const bind = () => {
    const ids = wireIds(parser.info.wires);
    const idOf = (scope: string, name: string) => {
      const path = `${top}.${scope}.${name}`;
      const id = ids.get(path);
      if (id === undefined) missing.push(`${scope}.${name}`);
      return id ?? "";
    };
    strobes = ir.channels.map((c) => (c.strobe ? idOf(c.scope, c.strobe) : null));
    fields = ir.channels.map((c) => {
      let shift = 0;
      return c.fields.map((f) => {
        const at = BigInt(shift);
        shift += f.bits;
        return { id: idOf(c.scope, f.name), shift: at };
      });
    });
    ir.channels.forEach((_, channel) => {
      const strobe = strobes[channel];
      const [map, key] = strobe !== null ? [byStrobe, strobe] : [byLevel, fields[channel][0].id];
      map.set(key, [...(map.get(key) ?? []), channel]);
    });
    bound = true;
  };
  const eventValue = (channel: number): bigint => {
    let value = 0n;
    for (const { id, shift } of fields[channel]) value |= (values.get(id) ?? 0n) << shift;
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

  const take = (id: string, time: bigint | number, command: number, value?: bigint) => {
    if (!bound) bind();
    const t = Number(time);
    if (t !== now) {
      flush(t);
      now = t;
    }
    if (command === SCALAR_ZERO || command === SCALAR_ONE) value = command === SCALAR_ONE ? 1n : 0n;
    const v = value ?? 0n;
    values.set(id, v);
    for (const channel of byStrobe.get(id) ?? []) {
      if (v === 1n) active.add(channel);
      else active.delete(channel);
    }
    for (const channel of byLevel.get(id) ?? []) changed.add(channel);
  };
  // An exception must not cross the parser's WebAssembly frames: the stream would wait for ever.
  parser.change.any((id, time, command, value) => {
    if (parser.destroyed) return;
    try {
      take(id, time, command, value);
    } catch (error) {
      parser.destroy(error as Error);
    }
  });
  await pipeline(stream, wholeDeclarations(), parser as Writable);
  flush(now + 1);
  return missing;
}
