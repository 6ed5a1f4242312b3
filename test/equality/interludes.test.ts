/** What a host may do between the samples of a batch: classify one without training, stop the machine. Training goes on
 *  as if nothing had been, also where a gradient is still being made of the sample before. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { loadHead } from "../../data/dataset.ts";
import { validateDesign } from "../../generator/design/schema.ts";
import { programCycles, sampleCycles } from "../../generator/ir/hand-over.ts";
import { emitRtl } from "../../generator/rtl/emit.ts";
import { cacheDir } from "../../kept/cache.ts";
import { prepareMachine } from "../../prepare/machine.ts";
import { build } from "../../verify/build.ts";
import { allCells, readRecords } from "../../verify/states.ts";
import { run } from "../../verify/tools.ts";
import { beats, harnessSources } from "../../verify/verify.ts";

const SAMPLES = 5;

it.each([
  ["lrt", { method: "lrt", rank: 2, lanes: 4 }],
  ["sbpca", { method: "sbpca", rank: 2, lanes: 4 }],
  ["mbgd", { method: "mbgd", lanes: 4 }],
] as const)("samples that are only classified, and IDLE, change nothing of the training: %s", async (_, gradient) => {
  const { ir, conductances } = prepareMachine(
    validateDesign(
      {
        name: "interludes",
        network: { layers: [13, 9, 5], activation: "relu", loss: "softmax-cross-entropy" },
        tile: { rows: 8, cols: 6, columnsPerAdc: 2, adcBits: 5 },
        device: { preset: "ideal-60" },
        gradient,
        training: { batch: 3, learningRate: 2, seed: 5 },
      },
      "interludes",
    ),
  );
  // Else no gradient would be under way when the host comes between.
  if (ir.lowRank) expect(programCycles(ir, 0)).toBeGreaterThan(sampleCycles(ir.phases));
  const binary = await build({
    sources: harnessSources(ir, emitRtl(ir)),
    top: "rankloom",
    trace: false,
    optimise: "-O0",
  });
  const { samples: head } = loadHead({ inputs: 13, outputs: 5 }, {}, SAMPLES);
  const { codes, labels } = head;
  mkdirSync(cacheDir, { recursive: true });
  const folder = mkdtempSync(join(cacheDir, "interludes-"));
  try {
    const file = (name: string) => join(folder, name);
    writeFileSync(file("conductances"), new Uint8Array(allCells(ir, conductances).buffer));
    writeFileSync(file("beats"), beats({ ir, conductances, codes, labels, samples: SAMPLES, stalls: 0 }));
    const statesOf = async (interludes: number) => {
      const settings = [SAMPLES, 0, 0, 1_000_000, interludes].map(String);
      const { code, output } = await run(binary, [file("conductances"), file("beats"), file("states"), ...settings]);
      expect({ code, output }).toEqual({ code: 0, output: "" });
      // Not the times, nor what the host counts.
      return readRecords(readFileSync(file("states"))).filter(({ name }) => !/^(sample|seconds|idle|reg)/.test(name));
    };
    const alone = await statesOf(0);
    expect(alone.some(({ name }) => name === "readout")).toBe(true);
    expect(await statesOf(1)).toEqual(alone);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
