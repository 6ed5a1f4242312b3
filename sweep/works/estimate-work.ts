/** Work `estimate`: area, clock, time, energy and life of the design, on one thread. Files of the user's (Liberty,
 *  constants) are not taken: a result is named by the design, not by what such a file held. */
import { z } from "zod";
import type { Estimate } from "../../estimate/estimate-design.ts";
import { yosysVersion } from "../../estimate/synthesis/yosys.ts";
import { FASTEST_MHZ, NODE_NM } from "../../generator/base/asked.ts";
import type { Figures, Work } from "../work.ts";

const settings = z.strictObject({
  kind: z.literal("estimate"),
  nodeNm: z
    .int()
    .min(NODE_NM.least)
    .max(NODE_NM.most)
    .optional()
    .describe("Feature size in nm; that of `rankloom estimate` if left out."),
  clockMhz: z
    .number()
    .positive()
    .max(FASTEST_MHZ)
    .optional()
    .describe("The clock; the highest that the slowest path allows if left out."),
});

const NM2_PER_MM2 = 1e12;
const PS_PER_US = 1e6;
const FJ_PER_UJ = 1e9;

/** What a sweep keeps of an estimate. */
export const estimateFigures = ({ area, gates, clock, time, energy, memory, endurance, tool }: Estimate): Figures => ({
  area: area.total.value / NM2_PER_MM2,
  digitalArea: memory.gradientShare.parts[1].value / NM2_PER_MM2,
  gates: gates.value,
  clock: clock.highest.value,
  timePerSample: time.sample.total.value / PS_PER_US,
  energyPerSample: energy.sample.total.value / FJ_PER_UJ,
  gradientBits: memory.gradientBits.value,
  gradientArea: memory.gradientArea.value / NM2_PER_MM2,
  gradientShare: memory.gradientShare.value,
  writesPerSample: endurance.writes.value,
  years: endurance.years.value,
  tool,
});

export const estimate: Work<z.infer<typeof settings>> = {
  settings,
  does: "estimates area, clock, time and energy from synthesised Verilog",
  module: import.meta.url,
  tool: yosysVersion,
  figures: {
    area: { type: "DOUBLE", better: "less", meaning: "area in mm²" },
    digitalArea: { type: "DOUBLE", better: "less", meaning: "of it logic and memories, in mm²" },
    gates: { type: "DOUBLE", better: "less", meaning: "gate equivalents of the digital part" },
    clock: { type: "DOUBLE", better: "more", meaning: "highest clock that the slowest path allows, in MHz" },
    timePerSample: { type: "DOUBLE", better: "less", meaning: "time of one sample at the clock, in µs" },
    energyPerSample: { type: "DOUBLE", better: "less", meaning: "energy of one sample, in µJ" },
    gradientBits: { type: "BIGINT", better: "less", meaning: "bits of memories that only hold the gradient" },
    gradientArea: { type: "DOUBLE", better: "less", meaning: "area of those memories, in mm²" },
    gradientShare: { type: "DOUBLE", better: "less", meaning: "the same as a part of logic and memories" },
    writesPerSample: { type: "DOUBLE", better: "less", meaning: "pulses of the most-written cell, by sample" },
    years: { type: "DOUBLE", better: "more", meaning: "years until that cell has had its pulses" },
    tool: { type: "VARCHAR", meaning: "what synthesised, with its version" },
  },

  async prepare() {
    const { kernelModule } = await import("../../sim/kernels/load.ts");
    kernelModule();
  },

  async run({ design, settings: { nodeNm, clockMhz }, data }) {
    const { estimate: run } = await import("../../estimate/estimate-design.ts");
    return estimateFigures(await run(design, { data, nodeNm, clockMhz, threads: 1 }));
  },
};
