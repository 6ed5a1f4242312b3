/** The low-rank unit against the golden model, and on inputs that give it nothing to hold. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../data/random.ts";
import { presets } from "../../generator/design/presets.ts";
import { validateDesign } from "../../generator/design/schema.ts";
import type { LowRankIr } from "../../generator/methods/low-rank/unit.ts";
import { emitRtl } from "../../generator/rtl/emit.ts";
import { addOuterProduct } from "../../golden/linear.ts";
import { reconstruct } from "../../golden/low-rank/low-rank.ts";
import {
  addSample,
  gradientOf as lrtGradient,
  newLrt,
  startBatch as startLrt,
  truncation,
} from "../../golden/low-rank/lrt.ts";
import {
  addSubBatch,
  gradientOf as sbpcaGradient,
  sbpcaOf,
  startBatch as startSbpca,
} from "../../golden/low-rank/sbpca.ts";
import { newGradientUnit } from "../../golden/registry.ts";
import { norm } from "../../golden/vectors.ts";
import { prepareMachine } from "../../prepare/machine.ts";
import { reals, UnitAlone, type UnitSample } from "../../verify/low-rank-alone.ts";

const INPUTS = 40;
const OUTPUTS = 17;
const BATCH = 32;

interface Settings {
  readonly method: "sbpca" | "lrt";
  readonly rank: number;
  readonly factorBits: number;
  readonly unbiased?: number;
  readonly seed?: number;
  readonly inputs?: number;
  readonly outputs?: number;
  /** Behind it, or alone where its rank is zero. */
  readonly nmf?: { readonly rank: number; readonly iterations: number; readonly subBatch: number };
}

/** A unit of its own. */
function unitOf(settings: Settings): UnitAlone {
  const { method, rank, factorBits, unbiased = 0, seed = 1, inputs = INPUTS, outputs = OUTPUTS, nmf = null } = settings;
  const alone = { method, rank, unbiased };
  const front = rank > 0 ? { frontEnd: method, frontEndRank: rank, unbiased } : { frontEnd: "none" };
  const sizes = { inputs, outputs, inputBits: 8, errorBits: 9 };
  return new UnitAlone({ ...(nmf ? { method: "nmf", ...nmf, ...front } : alone), factorBits }, BATCH, sizes, seed);
}

/** Codes of a few kinds of sample, with noise: most of their gradient is of low rank. */
function samples(random: Random, count: number): UnitSample[] {
  const kinds = 4;
  const wave = (size: number, kind: number, scale: number) =>
    Int16Array.from({ length: size }, (_, i) =>
      Math.round(scale * (Math.sin((i + 1) * (kind + 1) * 0.37) + 0.3 * (random.uniform() - 0.5))),
    );
  return Array.from({ length: count }, () => {
    const kind = Math.floor(kinds * random.uniform());
    return {
      x: wave(INPUTS, kind, 100).map((v) => v + 128),
      delta: wave(OUTPUTS, kind + 7, 150),
      exponent: -20 + Math.floor(3 * random.uniform()),
    };
  });
}

/** ‖a − b‖ / ‖b‖ */
function distance(a: Float64Array, b: Float64Array): number {
  let difference = 0;
  let size = 0;
  for (let k = 0; k < a.length; k++) {
    difference += (a[k] - b[k]) ** 2;
    size += b[k] ** 2;
  }
  return Math.sqrt(difference / size);
}

const unitVectors = (rank: number, size: number) =>
  Array.from({ length: rank }, (_, r) => Float64Array.from({ length: size }, (_, i) => (i === r ? 1 : 0)));

describe("the gradient that the unit holds", () => {
  it.each([
    [1, 12, 0.01],
    [3, 12, 0.01],
    [3, 8, 0.1],
    [6, 16, 0.003],
  ])(
    "by sbpca of rank %i with factors of %i bits is the golden model's within %f, batch after batch",
    (rank, factorBits, bound) => {
      const random = new Random(rank);
      const one = unitOf({ method: "sbpca", rank, factorBits });
      const golden = sbpcaOf(unitVectors(rank, INPUTS), unitVectors(rank, OUTPUTS), new Float64Array(rank));
      for (let batch = 0; batch < 3; batch++) {
        const list = samples(random, BATCH);
        one.feed(list);
        startSbpca(golden);
        for (const s of list.map(reals)) addSubBatch(golden, [s.x], [s.delta]);
        const expected = reconstruct(sbpcaGradient(golden), new Float64Array(INPUTS * OUTPUTS));
        expect(distance(one.gradient(), expected)).toBeLessThan(bound);
      }
    },
  );

  it.each([
    [1, 12, 0.02],
    [3, 12, 0.02],
    [5, 16, 0.005],
  ])(
    "by lrt of rank %i with truncation and factors of %i bits is the golden model's within %f",
    (rank, factorBits, bound) => {
      const random = new Random(rank);
      const one = unitOf({ method: "lrt", rank, factorBits });
      const golden = newLrt(INPUTS, OUTPUTS, rank);
      for (let batch = 0; batch < 3; batch++) {
        const list = samples(random, BATCH);
        one.feed(list);
        startLrt(golden);
        for (const s of list.map(reals)) addSample(golden, s.x, s.delta, truncation);
        const expected = reconstruct(lrtGradient(golden), new Float64Array(INPUTS * OUTPUTS)).map((g) => g * BATCH);
        expect(distance(one.gradient(), expected)).toBeLessThan(bound);
      }
    },
  );

  it("by unbiased lrt is, on average over many draws, the sum of the samples' outer products", () => {
    const list = samples(new Random(5), 8);
    const exact = new Float64Array(INPUTS * OUTPUTS);
    for (const { x, delta } of list.map(reals))
      for (let i = 0; i < INPUTS; i++) for (let j = 0; j < OUTPUTS; j++) exact[i * OUTPUTS + j] += x[i] * delta[j];
    const draws = 600;
    const sum = new Float64Array(exact.length);
    let spread = 0;
    for (let seed = 1; seed <= draws; seed++) {
      const one = unitOf({ method: "lrt", rank: 2, factorBits: 16, unbiased: 1, seed: 7919 * seed });
      one.feed(list);
      const drawn = one.gradient();
      for (let k = 0; k < sum.length; k++) sum[k] += drawn[k] / draws;
      spread += distance(drawn, exact) ** 2 / draws;
    }
    // What truncation keeps is off by far more.
    const one = unitOf({ method: "lrt", rank: 2, factorBits: 16 });
    one.feed(list);
    expect(distance(sum, exact)).toBeLessThan(3 * Math.sqrt(spread / draws));
    expect(distance(sum, exact)).toBeLessThan(0.3 * distance(one.gradient(), exact));
  });
});

describe("nmf", () => {
  const factors = { rank: 3, iterations: 3, subBatch: 8 };
  const settings = { method: "nmf", rank: 3, iterations: 3, unbiased: 0 } as const;
  it.each([
    [
      "behind sbpca",
      12,
      { method: "sbpca" as const, rank: 6 },
      { frontEnd: "sbpca" as const, frontEndRank: 6, subBatch: 1 },
    ],
    ["behind lrt", 12, { method: "lrt" as const, rank: 6 }, { frontEnd: "lrt" as const, frontEndRank: 6 }],
    ["in the stream", 12, { method: "lrt" as const, rank: 0 }, { frontEnd: "none" as const, subBatch: 8 }],
    ["in the stream", 8, { method: "lrt" as const, rank: 0 }, { frontEnd: "none" as const, subBatch: 8 }],
  ])(
    "%s comes as near to the batch's gradient as the golden model does, with factors of %i bits",
    (_, factorBits, stream, front) => {
      const one = unitOf({ ...stream, factorBits, nmf: factors });
      const golden = newGradientUnit({ ...settings, ...front }, INPUTS, OUTPUTS, new Random(2));
      const random = new Random(4);
      const errors = { unit: 0, golden: 0 };
      for (let batch = 0; batch < 8; batch++) {
        const list = samples(random, BATCH);
        one.feed(list);
        const exact = new Float64Array(INPUTS * OUTPUTS);
        for (const { x, delta } of list.map(reals)) {
          golden.add(x, delta);
          addOuterProduct(exact, delta, x, 1 / BATCH);
        }
        const expected = reconstruct(golden.finish(), new Float64Array(exact.length));
        // A fresh unit finds its factors' scale in the first batches.
        if (batch < 2) continue;
        errors.unit += distance(one.gradient(), exact) / 6;
        errors.golden += distance(expected, exact) / 6;
      }
      expect(errors.unit).toBeLessThan(1.1 * errors.golden + 0.02);
    },
  );

  it.each([0, 3])("of nothing is nothing, and what follows is found again, front end of rank %i", (rank) => {
    const one = unitOf({ method: "sbpca", rank, factorBits: 12, nmf: factors });
    const random = new Random(9);
    const nothing = { x: new Int16Array(INPUTS), delta: new Int16Array(OUTPUTS), exponent: -20 };
    one.feed(samples(random, BATCH));
    const size = () => one.gradient().reduce((sum, g) => sum + g * g, 0);
    const before = size();
    for (let batch = 0; batch < 3; batch++) one.feed(new Array<UnitSample>(BATCH).fill(nothing));
    // sbpca carries a part of the last batch's strengths: one part in BATCH + 1.
    expect(size()).toBeLessThan(rank > 0 ? before * 1.1 * (BATCH + 1) ** -6 : Number.MIN_VALUE);
    const list = samples(random, BATCH);
    for (let batch = 0; batch < 3; batch++) one.feed(list);
    const exact = new Float64Array(INPUTS * OUTPUTS);
    for (const { x, delta } of list.map(reals)) addOuterProduct(exact, delta, x, 1 / BATCH);
    expect(distance(one.gradient(), exact)).toBeLessThan(0.6);
  });
});

describe("whatever comes in", () => {
  const code = (min: number, max: number) =>
    fc.oneof(fc.constant(0), fc.constant(max), fc.constant(min), fc.integer({ min, max }));
  const sample = (inputs: number, outputs: number) =>
    fc.record({
      x: fc.oneof(
        fc.array(code(0, 255), { minLength: inputs, maxLength: inputs }),
        fc.constant(new Array<number>(inputs).fill(0)),
        fc.constant(new Array<number>(inputs).fill(255)),
      ),
      delta: fc.oneof(
        fc.array(code(-255, 255), { minLength: outputs, maxLength: outputs }),
        fc.constant(new Array<number>(outputs).fill(0)),
        fc.constant(new Array<number>(outputs).fill(-255)),
      ),
      exponent: fc.oneof(fc.integer({ min: -8, max: 8 }), fc.constant(40), fc.constant(-40)),
    });
  const run = fc
    .record({
      method: fc.constantFrom("sbpca" as const, "lrt" as const),
      rank: fc.integer({ min: 1, max: 4 }),
      inputs: fc.integer({ min: 1, max: 9 }),
      outputs: fc.integer({ min: 1, max: 6 }),
      factorBits: fc.integer({ min: 8, max: 16 }),
      unbiased: fc.constantFrom(0, 0.5, 1),
    })
    .chain((settings) =>
      fc.record({
        settings: fc.constant(settings),
        list: fc.array(sample(settings.inputs, settings.outputs), { minLength: 1, maxLength: 12 }),
      }),
    );

  it("nmf's factors stay codes above zero, and its strengths numbers", () => {
    const nmf = fc.record({
      rank: fc.integer({ min: 1, max: 3 }),
      iterations: fc.integer({ min: 1, max: 3 }),
      subBatch: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(run, nmf, fc.boolean(), ({ settings, list }, parts, streams) => {
        const one = unitOf({ ...settings, rank: streams ? 0 : settings.rank, nmf: parts });
        const batch = list.map((s) => ({ ...s, x: Int16Array.from(s.x), delta: Int16Array.from(s.delta) }));
        for (let n = 0; n < 3; n++) one.feed(batch);
        const most = 2 ** (settings.factorBits - 1) - 1;
        const { first, outer } = one.ir;
        for (const side of ["x", "d"] as const) {
          const { factors, stride, size } = one.state[side];
          for (let r = first; r < first + outer; r++)
            for (let i = 0; i < size; i++) {
              const element = factors[r * stride + i];
              expect(element >= 1 && element <= most).toBe(true);
            }
        }
        for (const value of one.state.scalars) expect(Number.isFinite(value)).toBe(true);
        const { strengths } = one.lowRank();
        strengths.forEach((s, r) => {
          expect(r < outer / 2 ? s >= 0 : s <= 0).toBe(true);
        });
      }),
      { numRuns: 200 },
    );
  });

  it("the gradient is no larger than the samples' own", () => {
    fc.assert(
      fc.property(run, ({ settings, list }) => {
        const one = unitOf(settings);
        const batch = list.map((s) => ({ ...s, x: Int16Array.from(s.x), delta: Int16Array.from(s.delta) }));
        one.feed(batch);
        for (const value of one.state.scalars) expect(Number.isFinite(value)).toBe(true);
        // |G| ≤ Σ σ ≤ Σ |x||δ|: truncation, unbiased reduction and averaging keep or lessen the sum of the strengths.
        // Columns that rounding has made lean on each other may hold a little twice.
        const total = batch.map(reals).reduce((sum, { x, delta }) => sum + norm(x) * norm(delta), 0);
        const most = settings.method === "sbpca" ? total / batch.length : total;
        expect(norm(one.gradient())).toBeLessThanOrEqual(1.1 * most);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("the generator", () => {
  it.each(["sbpca", "lrt"] as const)(
    "writes the Verilog of %s at the largest rank, tens of thousands of instructions",
    (method) => {
      const design = validateDesign({ ...presets.tiny, gradient: { method, rank: 16 } }, "tiny");
      const { ir } = prepareMachine(design);
      const program = emitRtl(ir).get("rtl/low_rank_program.v") ?? "";
      const { sample, batch } = ir.lowRank as LowRankIr;
      expect(program.match(/: word = /g)).toHaveLength(sample.instructions.length + batch.instructions.length + 1);
    },
  );
});
