/** Timing diagrams and phases of a window, against the waveform's text and the whole training. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { presets } from "../../generator/design/presets.ts";
import { validateDesign } from "../../generator/design/schema.ts";
import { gridOf, timingSpec } from "../../report/timing-picture.ts";
import { train } from "../../sim/train.ts";
import { vcdText } from "../../sim/vcd.ts";
import { allSignals, PHASES, pathOf, phaseSpans, type Waveform } from "../../sim/waveform.ts";
import { vcdValues } from "./vcd-values.ts";

/** Cycles of more than one batch, whatever the method. */
const ALL = 6000;

const designs = {
  mbgd: { method: "mbgd", lanes: 4 },
  lrt: { method: "lrt", rank: 1, lanes: 4 },
};

async function waveformOf(gradient: object, from: number, cycles: number): Promise<Waveform> {
  const design = validateDesign({ ...presets.tiny, gradient, training: { batch: 2, learningRate: 0.5 } }, "tiny");
  const taken: Waveform[] = [];
  const take = (waveform: Waveform) => taken.push(waveform);
  await train({ design, epochs: 1, samples: 48, testSamples: 1, threads: 1, window: { from, cycles, take } });
  return taken[0];
}

interface Mark {
  row: string;
  from: number;
  to: number;
  label: string;
}

/** Bars of a signal's row, drawn so wide that everything is seen. */
function marksOf(waveform: Waveform, signal: string): Mark[] {
  const spec = timingSpec(waveform, {
    ...{ title: "", subtitle: "", first: waveform.from, grid: 100, width: 1000 * waveform.cycles },
    rows: [{ name: "row", signal, label: ({ first }) => `${first}` }],
  }) as unknown as { layer: { mark: { type: string }; data: { values: Mark[] } }[] };
  return spec.layer
    .filter(({ mark }) => mark.type === "rect")
    .flatMap(({ data }) => data.values.filter(({ row }) => row === "row"));
}

const anyWindow = fc.record({ from: fc.integer({ min: 0, max: ALL - 300 }), cycles: fc.integer({ min: 1, max: 300 }) });

describe.each(Object.entries(designs))("a window of %s", (_, gradient) => {
  it("has the phases of the whole training, cut to its cycles", async () => {
    const whole = phaseSpans(await waveformOf(gradient, 0, ALL));
    expect(new Set(whole.map(({ phase }) => phase))).toEqual(new Set(PHASES.slice(1)));
    await fc.assert(
      fc.asyncProperty(anyWindow, async ({ from, cycles }) => {
        const end = from + cycles;
        const expected = whole
          .filter((span) => span.from < end && span.to > from)
          .map((span) => ({ ...span, from: Math.max(from, span.from), to: Math.min(end, span.to) }));
        expect(phaseSpans(await waveformOf(gradient, from, cycles))).toEqual(expected);
      }),
      { numRuns: 12 },
    );
  });

  it("is drawn as its waveform says: a bar where a strobe is 1, a bar for each value", async () => {
    await fc.assert(
      fc.asyncProperty(anyWindow, fc.nat(), async ({ from, cycles }, choice) => {
        const waveform = await waveformOf(gradient, from, cycles);
        const strobes = new Set(waveform.ir.channels.map(({ scope, strobe }) => `${scope}.${strobe}`));
        const known = new Set(waveform.events.map(([channel]) => channel));
        const signals = allSignals(waveform.ir).map(pathOf);
        const values = vcdValues(vcdText(waveform));
        for (let k = 0; k < 8; k++) {
          const signal = signals[(choice + 7 * k) % signals.length];
          const marks = marksOf(waveform, signal);
          for (const [cycle, now] of values) {
            const seen = marks.filter((mark) => mark.from <= cycle && cycle < mark.to);
            const value = BigInt(`0b${now.get(`tiny.${signal}`)}`);
            if (strobes.has(signal)) expect(seen.length).toBe(Number(value));
            else if (seen.length === 0) expect(value).toBe(0n);
            else expect(BigInt(seen[0].label)).toBe(value);
          }
        }
        expect(known.size).toBeGreaterThan(0);
      }),
      { numRuns: 12 },
    );
  });
});

it("what is closer than half a pixel is drawn as one bar", async () => {
  const waveform = await waveformOf(designs.mbgd, 0, ALL);
  const spec = timingSpec(waveform, {
    ...{ title: "", subtitle: "", first: 0, grid: 100, width: 20 },
    rows: allSignals(waveform.ir).map((signal) => ({ name: pathOf(signal), signal: pathOf(signal) })),
  }) as unknown as { layer: { mark: { type: string }; data: { values: Mark[] } }[] };
  const rows = spec.layer.slice(1).flatMap(({ data, mark }) => (mark.type === "rect" ? data.values : []));
  for (const signal of allSignals(waveform.ir))
    expect(rows.filter(({ row }) => row === pathOf(signal)).length).toBeLessThanOrEqual(2 * 20 * 2 + 1);
});

it("the axis has round numbers, and no more than it has room for", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 4, max: 20 }), (cycles, parts) => {
      const step = gridOf(cycles, parts);
      expect(String(step)).toMatch(/^[125]0*$/);
      expect(cycles / step).toBeLessThanOrEqual(parts);
      // The next finer one would be too fine.
      if (step > 1) expect(cycles / (step / 2.5)).toBeGreaterThan(parts);
    }),
  );
});
