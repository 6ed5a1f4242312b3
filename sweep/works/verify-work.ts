/** Work `verify`: runs the Verilog beside the simulator and the golden model. */
import { z } from "zod";
import { STALLS } from "../../generator/base/asked.ts";
import type { Work } from "../work.ts";

const settings = z.strictObject({
  kind: z.literal("verify"),
  samples: z.int().min(1).optional().describe("Training samples to run; one batch if left out."),
  stalls: z
    .int()
    .min(STALLS.least)
    .max(STALLS.most)
    .default(STALLS.otherwise)
    .describe("Seed of the host's random stalls; 0: none."),
});

export const verify: Work<z.infer<typeof settings>> = {
  settings,
  does: "runs the Verilog beside the simulator and the golden model",
  module: import.meta.url,
  figures: {
    equal: { type: "BOOLEAN", better: "more", meaning: "whether all events, states and bounds held" },
    cycles: { type: "BIGINT", better: "less", meaning: "clock cycles of the run, host stalls included" },
    eventsCompared: { type: "BIGINT", meaning: "events of both that were compared" },
    statesCompared: { type: "BIGINT", meaning: "states of both that were compared" },
    firstDifference: { type: "VARCHAR", meaning: "cycle, module and signal of the first difference" },
  },

  async run({ design, settings: { samples, stalls }, data }) {
    const { verify: run } = await import("../../verify/verify.ts");
    const {
      equal,
      cycles,
      eventsCompared,
      statesCompared,
      firstDifference: first,
    } = await run({
      design,
      data,
      samples,
      stalls,
    });
    return {
      equal,
      cycles,
      eventsCompared,
      statesCompared,
      firstDifference: first ? `cycle ${first.cycle}, ${first.module}, ${first.signal}` : null,
    };
  },
};
