import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Refusal } from "../../generator/base/errors.ts";
import { loadDesign } from "../../generator/design/load.ts";
import { presets } from "../../generator/design/presets.ts";
import { validateDesign } from "../../generator/design/schema.ts";
import { prepareMachine } from "../../prepare/machine.ts";
import { rankloom, temporaryFolder } from "./rankloom.ts";
import { refusalOf } from "./refusal.ts";

const gradientOf = (...sets: string[]) =>
  loadDesign(
    "tiny",
    sets.map((set) => `gradient.${set}`),
  ).design.gradient;

/** What every design has. */
const common = { rounding: "stochastic", programming: "row", lanes: 4, maxPulses: 31 };

describe("the fields of a gradient method", () => {
  it("are filled where they apply, and nowhere else", () => {
    expect(gradientOf()).toEqual({ ...common, method: "mbgd", accumulatorBits: 32 });
    expect(gradientOf("method=sgd")).toEqual({ ...common, method: "sgd" });
    expect(gradientOf("method=sgd", "programming=coincidence")).toEqual({
      ...common,
      method: "sgd",
      programming: "coincidence",
      pulseTrain: 31,
    });
    const lowRank = { ...common, rank: 3, update: "rank-sum", factorBits: 12 };
    expect(gradientOf("method=sbpca")).toEqual({ ...lowRank, method: "sbpca", subBatch: 1 });
    expect(gradientOf("method=lrt")).toEqual({ ...lowRank, method: "lrt", unbiased: 1 });
    const nmf = { ...lowRank, method: "nmf", iterations: 3 };
    expect(gradientOf("method=nmf")).toEqual({ ...nmf, frontEnd: "none", subBatch: 8 });
    const behind = { ...nmf, frontEndRank: 6 };
    expect(gradientOf("method=nmf", "frontEnd=sbpca")).toEqual({ ...behind, frontEnd: "sbpca", subBatch: 1 });
    expect(gradientOf("method=nmf", "frontEnd=lrt")).toEqual({ ...behind, frontEnd: "lrt", unbiased: 1 });
  });

  it("are taken as given", () => {
    const given = {
      rank: 5,
      update: "rank-seq",
      programming: "coincidence",
      pulseTrain: 7,
      unbiased: 0,
      factorBits: 9,
    };
    const sets = Object.entries(given).map(([key, value]) => `${key}=${value}`);
    expect(gradientOf("method=lrt", ...sets)).toEqual({ ...common, ...given, method: "lrt" });
  });

  it("give no sub-batch more samples than a batch, also where it is not given", () => {
    const { gradient } = loadDesign("tiny", ["gradient.method=nmf", "training.batch=5"]).design;
    expect(gradient.subBatch).toBe(5);
  });

  it.each([
    ["rank", ["rank=2"], /^mbgd keeps no factors; leave it out, or use gradient\.method sbpca, nmf or lrt$/],
    ["update", ["method=sgd", "update=rank-seq"], /^sgd has no ranks to add up; leave it out/],
    ["pulseTrain", ["method=lrt", "pulseTrain=31"], /; leave it out, or use gradient\.programming coincidence$/],
    [
      "frontEnd",
      ["method=sbpca", "frontEnd=none"],
      /^sbpca has no front end; leave it out, or use gradient\.method nmf$/,
    ],
    ["frontEndRank", ["method=nmf", "frontEndRank=6"], /^there is no front end; leave it out/],
    [
      "frontEndRank",
      ["method=nmf", "frontEnd=lrt", "frontEndRank=2"],
      /^2 is less than gradient\.rank; use at least 3$/,
    ],
    ["subBatch", ["method=lrt", "subBatch=1"], /^lrt takes one sample at a time; leave it out/],
    [
      "subBatch",
      ["method=nmf", "frontEnd=lrt", "subBatch=1"],
      /^a front end of lrt takes one sample at a time; leave it/,
    ],
    ["subBatch", ["method=sbpca", "subBatch=9"], /^9 is more than training\.batch; use at most 8$/],
    ["iterations", ["method=lrt", "iterations=3"], /^lrt does not iterate; leave it out/],
    ["unbiased", ["method=sbpca", "unbiased=1"], /^sbpca does not reduce at random; leave it out/],
    ["unbiased", ["method=nmf", "unbiased=1"], /^there is no front end of lrt; leave it out/],
    ["factorBits", ["factorBits=8"], /^mbgd keeps no factors; leave it out/],
    ["accumulatorBits", ["method=nmf", "accumulatorBits=32"], /^nmf keeps no full gradient; leave it out/],
    ["programming", ["programming=coincidence"], /^coincidence .*; use row, or gradient\.method sgd$/],
    ["programming", ["method=lrt", "programming=coincidence"], /; use row, or gradient\.update rank-seq$/],
    [
      "rounding",
      ["method=sgd", "programming=coincidence", "rounding=nearest"],
      /; use stochastic, or gradient\.programming row$/,
    ],
  ])("are refused where they have no meaning: %s in %j", (field, sets, why) => {
    const message = refusalOf(() => gradientOf(...sets));
    const where = `tiny: gradient.${field}: `;
    expect(message.slice(0, where.length)).toBe(where);
    expect(message.slice(where.length)).toMatch(why);
    expect(message).not.toContain("\n");
  });

  it("refuse pulses of a device that has none", () => {
    const sets = ["device.preset=ideal", "gradient.method=sgd", "gradient.programming=coincidence"];
    expect(refusalOf(() => loadDesign("tiny", sets))).toMatch(/^tiny: gradient\.programming: .*; use row, or ideal-N$/);
  });

  it("make a design that is accepted again as it is, or are refused in one line", () => {
    const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });
    const gradient = fc.record(
      {
        method: fc.constantFrom("sgd", "mbgd", "sbpca", "nmf", "lrt"),
        rank: maybe(fc.integer({ min: 1, max: 16 })),
        update: maybe(fc.constantFrom("rank-sum", "rank-seq")),
        programming: maybe(fc.constantFrom("row", "coincidence")),
        pulseTrain: maybe(fc.integer({ min: 1, max: 1023 })),
        frontEnd: maybe(fc.constantFrom("none", "sbpca", "lrt")),
        frontEndRank: maybe(fc.integer({ min: 1, max: 32 })),
        subBatch: maybe(fc.integer({ min: 1, max: 9 })),
        iterations: maybe(fc.integer({ min: 1, max: 4 })),
        unbiased: maybe(fc.double({ min: 0, max: 1, noNaN: true })),
      },
      { requiredKeys: ["method"] },
    );
    let accepted = 0;
    fc.assert(
      fc.property(gradient, (fields) => {
        try {
          const design = validateDesign({ ...presets.tiny, gradient: fields }, "my.json");
          expect(validateDesign(design, "my.json")).toEqual(design);
          accepted++;
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
          expect((error as Refusal).message).toMatch(/^my\.json: gradient\.\w+: .+; (use|leave) .+$/);
        }
      }),
      { numRuns: 1000 },
    );
    expect(accepted).toBeGreaterThan(20);
  });
});

describe("what only the golden model has", () => {
  it.each([
    [
      ["gradient.method=nmf", "gradient.frontEnd=sbpca", "gradient.subBatch=2"],
      "tiny: gradient.subBatch: 2 is in the golden model only so far; use 1",
    ],
    [
      ["gradient.method=sbpca", "gradient.subBatch=2"],
      "tiny: gradient.subBatch: 2 is in the golden model only so far; use 1",
    ],
  ])("is refused by the hardware before any work is done: %j", (sets, line) => {
    const { design } = loadDesign("tiny", sets);
    expect(refusalOf(() => prepareMachine(design))).toContain(line);
  });

  it("trains in float64, and the result says what its pulse trains did", async () => {
    const file = join(temporaryFolder(), "run.json");
    const sets = ["method=lrt", "update=rank-seq", "programming=coincidence"].flatMap((s) => [
      "--set",
      `gradient.${s}`,
    ]);
    const { code, stdout } = await rankloom(["golden", "tiny", "--samples", "64", ...sets, "--json", file]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/pulse trains +[\d,]+ slots/);
    const { design, pulses } = JSON.parse(readFileSync(file, "utf8"));
    expect(design.gradient.rank).toBe(3);
    expect(Object.keys(pulses)).toEqual(["total", "maxPerCell", "slots", "clipped"]);
    expect(pulses.slots).toBeGreaterThan(0);
  });
});
