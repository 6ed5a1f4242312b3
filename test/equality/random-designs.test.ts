/** The whole schema: generate, lint, run, compare. RANKLOOM_RANDOM_DESIGNS sets how many designs are drawn. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emitRtl } from "../../generator/rtl/emit.ts";
import { prepareMachine } from "../../prepare/machine.ts";
import { lint } from "../../verify/lint.ts";
import { verify } from "../../verify/verify.ts";
import { designArbitrary } from "./designs.ts";

const runs = Number(process.env.RANKLOOM_RANDOM_DESIGNS ?? 40);

describe("random designs", () => {
  it(
    "have clean RTL that equals the simulator in every event and every bit, and the mathematics within its bound",
    async () => {
      await fc.assert(
        fc.asyncProperty(designArbitrary, fc.integer({ min: 0, max: 1000 }), async (design, stalls) => {
          expect(await lint(emitRtl(prepareMachine(design).ir))).toBe("");
          const result = await verify({ design, samples: 2 * design.training.batch + 1, stalls, optimise: "-O0" });
          expect(result.firstDifference).toBeUndefined();
          for (const { preactivation, activation, delta } of result.goldenError)
            expect([preactivation.outside, activation?.outside ?? 0, delta.outside]).toEqual([0, 0, 0]);
          expect(result.equal).toBe(true);
          expect(result.eventsCompared).toBeGreaterThan(0);
        }),
        { numRuns: runs, endOnFailure: false },
      );
    },
    Math.max(40, runs) * 60_000,
  );
});
