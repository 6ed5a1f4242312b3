/** Waveforms of a window, against the waveform of the whole run. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { presets } from "../../generator/design/presets.ts";
import { validateDesign } from "../../generator/design/schema.ts";
import { train } from "../../sim/train.ts";
import { vcdText } from "../../sim/vcd.ts";
import type { Window } from "../../sim/waveform.ts";
import { vcdValues } from "./vcd-values.ts";

const folder = mkdtempSync(join(tmpdir(), "rankloom-vcd-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const design = validateDesign({ ...presets.tiny, training: { batch: 4, learningRate: 0.5 } }, "tiny");
const run = (vcd?: { file: string } & Window) =>
  train({
    ...{ design, epochs: 1, samples: 24, testSamples: 4, threads: 1 },
    window: vcd && { ...vcd, take: (waveform) => writeFileSync(vcd.file, vcdText(waveform)) },
  });

describe("a waveform's window", () => {
  it("shows what the whole waveform shows in those cycles, and changes nothing of the training", async () => {
    const whole = join(folder, "whole.vcd");
    const plain = await run();
    const all = await run({ file: whole, from: 0, cycles: plain.cycles.total });
    expect(all.stateHash).toBe(plain.stateHash);
    expect(all.cycles).toEqual(plain.cycles);
    const reference = vcdValues(readFileSync(whole, "utf8"));
    expect(reference.size).toBe(plain.cycles.total);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: plain.cycles.total - 200 }),
        fc.integer({ min: 1, max: 200 }),
        async (from, cycles) => {
          const file = join(folder, "window.vcd");
          const part = await run({ file, from, cycles });
          expect(part.stateHash).toBe(plain.stateHash);
          const window = vcdValues(readFileSync(file, "utf8"));
          expect([...window.keys()]).toEqual(Array.from({ length: cycles }, (_, k) => from + k));
          for (const [cycle, seen] of window)
            for (const [name, value] of seen) {
              // Data is compared where its strobe is up; strobes, levels and what every sample writes always.
              if (
                /phase|layer$|range|write$|start$|valid$|pulse$/.test(name) &&
                reference.get(cycle)?.get(name) !== value
              )
                expect.fail(
                  `cycle ${cycle}, ${name}: ${value} in the window, ${reference.get(cycle)?.get(name)} in the whole`,
                );
            }
        },
      ),
      { numRuns: 15 },
    );
  });
});
