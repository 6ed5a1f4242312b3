/** A sweep file's points: the whole grid, samples of it, conditions, and refusals that say what would be right. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planSweep } from "../../sweep/plan.ts";
import { pointsOf } from "../../sweep/points.ts";
import { readSweep } from "../../sweep/schema.ts";
import { temporaryFolder } from "../cli/rankloom.ts";
import { refusalOf } from "../cli/refusal.ts";

const base = { name: "of-tiny", design: "tiny", axes: { "training.seed": [1, 2] } };

function file(content: unknown): string {
  const path = join(temporaryFolder(), "s.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

function points(content: object) {
  const path = file({ ...base, ...content });
  return pointsOf(path, readSweep(path));
}

const shown = (content: object) => points(content).list.map(({ point }) => Object.values(point));

describe("the grid", () => {
  test.prop([
    fc.uniqueArray(fc.integer({ min: 4, max: 64 }), { minLength: 1, maxLength: 5 }),
    fc.uniqueArray(fc.nat(1000), { minLength: 1, maxLength: 5 }),
  ])("is every combination once, the first axis slowest", (batches, seeds) => {
    const { list } = points({ axes: { "training.batch": batches, "training.seed": seeds } });
    expect(list.map(({ design: { training } }) => [training.batch, training.seed])).toEqual(
      batches.flatMap((batch) => seeds.map((seed) => [batch, seed])),
    );
  });

  it.each([
    [{ from: 1, to: 4, step: 1 }, "training.seed", [1, 2, 3, 4]],
    [{ from: 4, to: 1, step: 2 }, "training.seed", [4, 2]],
    [{ from: 4, to: 64, step: 2, scale: "log" }, "training.batch", [4, 8, 16, 32, 64]],
    [{ from: 0.1, to: 0.4, step: 0.1 }, "training.learningRate", [0.1, 0.2, 0.3, 0.4]],
    [{ from: 0.01, to: 1, steps: 3, scale: "log" }, "training.learningRate", [0.01, 0.1, 1]],
    [{ from: 1, to: 3, steps: 5 }, "training.seed", [1, 2, 3]],
    [{ from: 0.5, to: 1, steps: 1 }, "training.learningRate", [0.5]],
  ])("a range %j of %s has %j", (axis, name, values) => {
    expect(shown({ axes: { [name]: axis } })).toEqual(values.map((v) => [v]));
  });

  it("has no rank where the method has none, and no design twice", () => {
    const axes = {
      "gradient.method": ["mbgd", "lrt"],
      "gradient.rank": { values: [1, 2], when: "gradient.method = 'lrt'" },
    };
    expect(shown({ axes })).toEqual([["mbgd"], ["lrt", 1], ["lrt", 2]]);
  });

  it("has fields that are set together, and leaves out what is null", () => {
    const { list } = points({
      set: { "gradient.accumulatorBits": 40 },
      axes: {
        method: {
          choices: {
            full: {},
            behind: { "gradient.accumulatorBits": null, "gradient.method": "nmf", "gradient.frontEnd": "lrt" },
          },
        },
      },
    });
    expect(
      list.map(({ point, design: { gradient } }) => [point.method, gradient.frontEnd, gradient.accumulatorBits]),
    ).toEqual([
      ["full", undefined, 40],
      ["behind", "lrt", undefined],
    ]);
  });

  it("leaves out what a constraint says is false, with defaults in place of what is not given", () => {
    const axes = { "training.batch": [4, 8, 16], "training.seed": [1, 2] };
    expect(shown({ axes, constraints: ["training.batch * training.seed <= 16", "tile.inputBits = 8"] })).toEqual([
      [4, 1],
      [4, 2],
      [8, 1],
      [8, 2],
      [16, 1],
    ]);
  });

  it("skips what is no valid design where it may", () => {
    const axes = { "training.batch": [8, 16], "gradient.accumulatorBits": [14, 15, 16] };
    const { list, skipped } = points({ axes, invalid: "skip" });
    expect(list.length + skipped).toBe(6);
    expect(skipped).toBe(3);
  });
});

describe("a sample", () => {
  const axes = {
    "training.learningRate": { from: 0.01, to: 1, scale: "log" },
    "training.batch": { from: 4, to: 64 },
    "training.seed": { values: [1, 2, 3], every: true },
  };

  it.each(["random", "low-discrepancy"])(
    "by %s has as many points, each with every seed, all within the ranges",
    (method) => {
      const { list, every } = points({ axes, sample: { method, count: 20 } });
      expect(list).toHaveLength(60);
      expect(every).toEqual(["training.seed"]);
      for (const { design } of list) {
        expect(design.training.learningRate).toBeGreaterThanOrEqual(0.01);
        expect(design.training.learningRate).toBeLessThanOrEqual(1);
        expect(Number.isInteger(design.training.batch)).toBe(true);
      }
      const rates = list.map(({ design }) => design.training.learningRate);
      // On a log scale half of them are below 0.1.
      const below = rates.filter((rate) => rate < 0.1).length / rates.length;
      expect(Math.abs(below - 0.5)).toBeLessThan(0.3);
      expect(new Set(rates).size).toBe(20);
    },
  );

  it("ends where there are no more points", () => {
    const small = { "training.seed": [1, 2, 3], "training.batch": [4, 8] };
    const { list } = points({ axes: small, sample: { method: "random", count: 100 } });
    expect(list).toHaveLength(6);
  });
});

describe("a task", () => {
  it("is named by design, data, work and program, not by the sweep or its axes", () => {
    const hashes = (content: object) => planSweep(file({ ...base, ...content })).tasks.map(({ hash }) => hash);
    const plain = hashes({});
    expect(hashes({ name: "other", axes: { "training.seed": [2, 1] } })).toEqual(plain.toReversed());
    expect(hashes({ set: { "tile.inputBits": 8 } })).toEqual(plain);
    for (const change of [
      { set: { "training.batch": 4 } },
      { work: { kind: "train", epochs: 2 } },
      { work: { kind: "verify" } },
    ])
      for (const hash of hashes(change)) expect(plain).not.toContain(hash);
  });

  it("is there once where two points have the same design", () => {
    const { tasks, repeated } = planSweep(file({ ...base, axes: { "tile.inputBits": [8, null] } }));
    expect(tasks).toHaveLength(1);
    expect(repeated).toBe(1);
  });
});

describe("a sweep file is refused in one line", () => {
  it.each([
    ["{", /line 1, column 2: .* a sweep file is JSON without comments$/],
    [{ ...base, axis: {} }, /: axis: unknown key; use one of name, design, set, /],
    [{ name: "x", axes: {} }, /: design: missing; /],
    [{ ...base, axes: {} }, /: axes: has none; give one or more/],
    [
      { ...base, axes: { "training.seed": [] } },
      /: axes\.training\.seed: \[\] is not allowed; use at least 1 elements$/,
    ],
    [{ ...base, axes: { "training.seed": { values: [] } } }, /: axes\.training\.seed\.values: \[\] is not allowed/],
    [{ ...base, axes: { "training.sed": [1] } }, /: axes\.training\.sed: training\.sed is no field of a design; /],
    [{ ...base, axes: { "training.seed": { from: 1, too: 4 } } }, /: axes\.training\.seed\.to: missing; /],
    [{ ...base, axes: { "training.seed": { from: 1, to: 4 } } }, /: axes\.training\.seed: has no step; give "step"/],
    [{ ...base, axes: { "training.seed": { from: 1, to: 4, step: 1, steps: 2 } } }, /: has step and steps; /],
    [
      { ...base, axes: { "training.learningRate": { from: 0, to: 4, steps: 3, scale: "log" } } },
      /: a log scale from 0 to 4 crosses 0; /,
    ],
    [
      { ...base, axes: { m: { choices: { a: { "gradient.mehtod": "lrt" } } } } },
      /: axes\.m: gradient\.mehtod is no field of a design/,
    ],
    [
      { ...base, axes: { "gradient.rank": [1, 2] } },
      /: gradient\.rank=1: gradient\.rank: mbgd keeps no factors; .*; or leave such points out by/,
    ],
    [
      { ...base, constraints: ["training.sed > 1"] },
      /: constraints\.0: "training\.sed > 1": training\.sed is no axis and no field/,
    ],
    [
      { ...base, constraints: ["training.seed >"] },
      /: constraints\.0: "training\.seed >": its end where a value is expected; write e\.g\. /,
    ],
    [{ ...base, constraints: ["training.seed > 5"] }, /: no point is left; loosen "constraints"$/],
    [
      { ...base, work: { kind: "paint" } },
      /: work\.kind: "paint" is not allowed; use "estimate" or "train" or "verify"$/,
    ],
    [{ ...base, work: [] }, /: work: has no elements; /],
    [
      { ...base, work: { kind: "train", epoch: 2 } },
      /: work\.epoch: unknown key; use one of kind, epochs, samples, testSamples$/,
    ],
    [{ ...base, sample: { method: "random" } }, /: sample\.count: missing; use /],
    [
      { ...base, sample: { method: "chance" } },
      /: sample\.method: "chance" is not allowed; use "grid" or "random" or "low-discrepancy"$/,
    ],
    [
      { ...base, set: { "training.bach": 3 } },
      /: set: training\.bach: unknown key; training has batch, learningRate, .*seed$/,
    ],
    [{ ...base, design: "nosuch.json" }, /nosuch\.json: no such preset or file; /],
  ])("%j", (content, message) => {
    const path = file(content);
    const line = refusalOf(() => planSweep(path));
    expect(line).toMatch(message);
    expect(line).not.toContain("\n");
  });
});
