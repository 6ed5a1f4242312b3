/** The schedule as spans of time, against what the schedule's own sums say. */
import { describe, expect, it } from "vitest";
import { completeDesign } from "../../generator/design/load.ts";
import { presets } from "../../generator/design/presets.ts";
import { utilisation } from "../../generator/ir/utilisation.ts";
import { prepareMachine } from "../../prepare/machine.ts";
import { batchSpans, sampleSpans } from "../../report/timeline.ts";

const GRADIENTS = {
  sgd: { method: "sgd" },
  mbgd: { method: "mbgd" },
  "lrt, rank 3": { method: "lrt", rank: 3 },
  "sbpca by coincidence": { method: "sbpca", rank: 1, update: "rank-seq", programming: "coincidence" },
} as const;

describe.each(Object.entries(GRADIENTS))("%s", (_, gradient) => {
  it.each([1, 2, 8])("has a batch of %i that ends when the schedule says", (batch) => {
    const input = { ...presets.tiny, gradient, training: { ...presets.tiny.training, batch } };
    const { ir } = prepareMachine(completeDesign(input as never, "tiny", "tiny"));
    const spans = batchSpans(ir);
    expect(Math.max(...spans.map(({ to }) => to))).toBe(utilisation(ir).batch);
    // A unit does one thing after the other.
    for (const unit of new Set(spans.map((span) => span.unit))) {
      const own = spans.filter((span) => span.unit === unit);
      own.forEach((span, n) => {
        expect(span.to).toBeGreaterThan(span.from);
        if (n > 0) expect(span.from).toBeGreaterThanOrEqual(own[n - 1].to);
      });
    }
    // A sample's low-rank programs begin with the next one's load; the last one's end as the update begins.
    const programs = spans.filter(({ phase }) => phase === "program");
    expect(programs.length).toBe(ir.lowRank ? batch : 0);
    programs.forEach((program, n) => {
      const next = spans.find(({ phase, sample }) =>
        n + 1 < batch ? phase === "load" && sample === n + 1 : phase === "update",
      );
      expect(n + 1 < batch ? program.from : program.to).toBe(next?.from);
    });
    const sample = sampleSpans(ir);
    expect(Math.min(...sample.map(({ from }) => from))).toBe(0);
    for (const phase of ["load", "forward", "error", "backward"])
      expect(sample.some((span) => span.phase === phase)).toBe(true);
  });
});
