/** The reader of the RTL's waveform, on a waveform cut into chunks at any place. */
import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadHead } from "../../data/dataset.ts";
import { prepareMachine } from "../../generator/prepare.ts";
import { presets } from "../../generator/presets.ts";
import { validateDesign } from "../../generator/schema.ts";
import { Machine } from "../../sim/machine.ts";
import { PlainSamplePath } from "../../sim/sample-path.ts";
import { createState } from "../../sim/state.ts";
import { Tracer } from "../../sim/trace.ts";
import { HostStalls, inputCodes } from "../../sim/units/sample-input.ts";
import { vcdText } from "../../sim/vcd.ts";
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
  return { events, text: vcdText(ir, { from: 0, cycles: tracer.cycle }, events) };
}

const order = (events: readonly [number, number, bigint][]) =>
  ir.channels.map((_, channel) => events.filter((e) => e[0] === channel).map((e) => `${e[1]}:${e[2]}`));

describe("a waveform", () => {
  const { events, text } = batch();

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
      { numRuns: 20 },
    );
  });

  it("that lacks a signal is told apart", async () => {
    const renamed = text.replace(" exp_write $end", " exp_wrote $end");
    const missing = await readWaveform(ir, Readable.from([Buffer.from(renamed)]), ir.name, () => {});
    expect(missing).toEqual(["error_unit.exp_write"]);
  });
});
