/** The reader of the RTL's waveform, on a waveform cut into chunks at any place, and beside another reader. */
import { createRequire } from "node:module";
import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadHead } from "../../data/dataset.ts";
import { presets } from "../../generator/design/presets.ts";
import { validateDesign } from "../../generator/design/schema.ts";
import { prepareMachine } from "../../prepare/machine.ts";
import { Machine } from "../../sim/machine.ts";
import { PlainSamplePath } from "../../sim/sample-path.ts";
import { createState } from "../../sim/state.ts";
import { Tracer } from "../../sim/trace.ts";
import { HostStalls, inputCodes } from "../../sim/units/sample-input.ts";
import { vcdText } from "../../sim/vcd.ts";
import { inOrder } from "../../sim/waveform.ts";
import { VcdReader } from "../../verify/vcd-reader.ts";
import { readWaveform } from "../../verify/waveform.ts";

const { ir, conductances } = prepareMachine(validateDesign(presets.tiny, "tiny"));

/** Events of one batch, and their waveform. */
function batch() {
  const events: [number, number, bigint][] = [];
  const state = createState(ir, conductances);
  const path = new PlainSamplePath(ir, state.layers);
  const machine = new Machine(ir, state, path);
  const tracer = new Tracer(ir, machine, path, new HostStalls(3), (...event) => events.push(event));
  machine.listener = tracer;
  const { samples } = loadHead({ inputs: 16, outputs: 4 }, {}, ir.batch);
  for (let s = 0; s < ir.batch; s++)
    machine.sample(inputCodes(samples.codes.subarray(16 * s, 16 * s + 16), 8), samples.labels[s], true);
  return { events, text: vcdText({ ir, from: 0, cycles: tracer.cycle, events: inOrder(events) }) };
}

const order = (events: readonly [number, number, bigint][]) =>
  ir.channels.map((_, channel) => events.filter((e) => e[0] === channel).map((e) => `${e[1]}:${e[2]}`));

const require = createRequire(import.meta.url);
const createVcd = require("vcd-stream/out/vcd.js") as () => Promise<unknown>;
const webVcdParser = require("vcd-stream/lib/web-vcd-parser.js") as (module: unknown) => Promise<VcdStream>;

/** What is used of vcd-stream's WebAssembly build. */
interface VcdStream {
  write(text: string): void;
  change: { any(listener: (id: string, time: bigint, command: number, value?: bigint) => void): void };
}
/** Its commands of a scalar that becomes 0 and 1. */
const SCALAR = [14, 15];

/** All changes of one dump, as `time:value`, by the order of first mention of their variables. */
const changesOf = (changes: readonly { id: string | number; time: number; value: bigint }[]) => {
  const of = new Map<string | number, string[]>();
  for (const { id, time, value } of changes) of.set(id, [...(of.get(id) ?? []), `${time}:${value}`]);
  return [...of.values()];
};

describe("a waveform", () => {
  const { events, text } = batch();

  it("shows vcd-stream the same changes", async () => {
    const parser = await webVcdParser(await createVcd());
    const theirs: { id: string; time: number; value: bigint }[] = [];
    parser.change.any((id, time, command, value) => {
      theirs.push({ id, time: Number(time), value: value ?? BigInt(SCALAR.indexOf(command)) });
    });
    parser.write(text);
    const ours: { id: number; time: number; value: bigint }[] = [];
    let now = 0;
    const reader = new VcdReader({
      declared: (codes) => new Set(codes.values()),
      time: (time) => {
        now = time;
      },
      change: (id, value) => ours.push({ id, time: now, value }),
    });
    reader.push(Buffer.from(text));
    expect(changesOf(ours)).toEqual(changesOf(theirs));
  });

  it("shows only the wanted changes, of any width, x and z as 0", () => {
    const wide = `1${"0".repeat(60)}1`;
    const dump = `$scope module a $end
$var wire 1 ! one $end
$var wire 62 " wide $end
$var wire 8 # other $end
$upscope $end
$enddefinitions $end
#0
x!
b${wide} "
b101 #
#7
1!
bx1Z1 "
b11 #
`;
    const seen: string[] = [];
    const reader = new VcdReader({
      declared: (codes) => new Set([codes.get("a.one") as number, codes.get("a.wide") as number]),
      time: (time) => seen.push(`#${time}`),
      change: (_, value) => seen.push(`${value}`),
    });
    reader.push(Buffer.from(dump));
    expect(seen).toEqual(["#0", "0", String(2n ** 61n + 1n), "#7", "1", "5"]);
    for (const chunk of ["\n", "\n\n#8\n\n"]) reader.push(Buffer.from(chunk));
    expect(seen.slice(6)).toEqual(["#8"]);
    expect(() => reader.push(Buffer.from("b1011\n"))).toThrow("no line of a value change dump: b1011");
  });

  it("gives back the events that it was written from, however it is cut into chunks", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 20 }), async (sizes) => {
        const chunks: Buffer[] = [];
        const bytes = Buffer.from(text);
        for (let at = 0, k = 0; at < bytes.length; at += sizes[k % sizes.length], k++)
          chunks.push(bytes.subarray(at, at + sizes[k % sizes.length]));
        const read: [number, number, bigint][] = [];
        const missing = await readWaveform(ir, Readable.from(chunks), ir.name, (...event) => read.push(event));
        expect(missing).toEqual([]);
        expect(order(read)).toEqual(order(events));
      }),
      { numRuns: 100 },
    );
  });

  it("gives the events up to its last whole cycle where its writer was stopped, at any place", async () => {
    const bytes = Buffer.from(text);
    const begin = text.indexOf("$enddefinitions");
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: begin, max: bytes.length }), async (cut) => {
        const read: [number, number, bigint][] = [];
        await readWaveform(ir, Readable.from([bytes.subarray(0, cut)]), ir.name, (...event) => read.push(event));
        const times = [...text.slice(0, cut).matchAll(/^#(\d+)\n/gm)].map(([, time]) => Number(time));
        const last = times[times.length - 1] ?? 0;
        const earlier = (all: typeof read) => order(all.filter(([, cycle]) => cycle < last));
        expect(earlier(read)).toEqual(earlier(events));
        expect(order(read.filter(([, cycle]) => cycle > last))).toEqual(order([]));
      }),
      { numRuns: 200 },
    );
  });

  it("that lacks a signal is told apart", async () => {
    const renamed = text.replace(" exp_write $end", " exp_wrote $end");
    const missing = await readWaveform(ir, Readable.from([Buffer.from(renamed)]), ir.name, () => {});
    expect(missing).toEqual(["error_unit.exp_write"]);
  });
});
