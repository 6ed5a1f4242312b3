import { fc, it } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { Random } from "../../../data/random.ts";
import type { Gradient } from "../../../generator/methods/fields.ts";
import { lowRankError, reconstruct } from "../../../golden/low-rank/low-rank.ts";
import * as nmf from "../../../golden/low-rank/nmf.ts";
import * as sbpca from "../../../golden/low-rank/sbpca.ts";
import { newGradientUnit } from "../../../golden/registry.ts";
import { anyStream, expectFinite, gradientOfStream, norm, type Stream, streamArbitrary } from "./streams.ts";

const sbpcaSettings = { method: "sbpca", subBatch: 2 } as const;
const lrtSettings = { method: "lrt", unbiased: 0.5 } as const;
const nmfSettings = { method: "nmf", frontEnd: "none", subBatch: 3, iterations: 2 } as const;
const settingsArbitrary: fc.Arbitrary<Gradient> = fc.constantFrom<Gradient>(
  sbpcaSettings,
  { method: "sbpca", subBatch: 1 },
  lrtSettings,
  { method: "lrt", unbiased: 0 },
  { method: "lrt", unbiased: 1 },
  nmfSettings,
  { method: "nmf", frontEnd: "sbpca", subBatch: 1, iterations: 2 },
  { method: "nmf", frontEnd: "lrt", unbiased: 1, iterations: 3 },
);

function newUnit(settings: Gradient, { inputs, outputs, rank, seed }: Stream) {
  const fields = settings.frontEnd && settings.frontEnd !== "none" ? { frontEndRank: rank + 2 } : {};
  return newGradientUnit({ ...settings, ...fields, rank }, inputs, outputs, new Random(seed));
}

type Unit = ReturnType<typeof newUnit>;

function batch(unit: Unit, { x, delta }: Stream) {
  for (const [n, xn] of x.entries()) unit.add(xn, delta[n]);
  return unit.finish();
}

describe("every low-rank method", () => {
  it.prop([settingsArbitrary, anyStream, fc.nat({ max: 8 })])(
    "gives finite gradients, whatever the samples and the batches before",
    (settings, stream, cut) => {
      const unit = newUnit(settings, stream);
      expectFinite(batch(unit, stream));
      expectFinite(batch(unit, { ...stream, x: stream.x.slice(0, cut + 1), delta: stream.delta.slice(0, cut + 1) }));
    },
  );

  it.prop([settingsArbitrary, streamArbitrary])("gives no gradient where no batch had one", (settings, stream) => {
    const nothing = { ...stream, delta: stream.delta.map((vector) => vector.map(() => 0)) };
    const gradient = batch(newUnit(settings, stream), nothing);
    expect(norm(reconstruct(gradient, new Float64Array(stream.inputs * stream.outputs)))).toBe(0);
  });

  it.prop([settingsArbitrary, streamArbitrary])(
    "keeps a batch's gradient until the next sample comes",
    (settings, stream) => {
      const unit = newUnit(settings, stream);
      const gradient = batch(unit, stream);
      const size = stream.inputs * stream.outputs;
      const first = reconstruct(gradient, new Float64Array(size));
      expect(reconstruct(gradient, new Float64Array(size))).toEqual(first);
      expectFinite(gradient);
    },
  );

  it.prop([settingsArbitrary, streamArbitrary])("may be given the same arrays for every sample", (settings, stream) => {
    const [own, shared] = [newUnit(settings, stream), newUnit(settings, stream)];
    const expected = batch(own, stream);
    const [x, delta] = [new Float64Array(stream.inputs), new Float64Array(stream.outputs)];
    for (const [n, xn] of stream.x.entries()) {
      x.set(xn);
      delta.set(stream.delta[n]);
      shared.add(x, delta);
    }
    expect(shared.finish()).toEqual(expected);
  });

  it.prop([streamArbitrary])("finds a batch of one outer product that is not negative", (stream) => {
    const x = stream.x[0].map((value) => Math.abs(value) + 0.1);
    const delta = stream.delta[0].map((value) => Math.abs(value) + 0.1);
    const same = { ...stream, rank: 1, x: Array(8).fill(x), delta: Array(8).fill(delta) };
    const gradient = gradientOfStream(same);
    const error = (settings: Gradient, batches: number) => {
      const unit = newUnit(settings, same);
      let found = batch(unit, same);
      for (let n = 1; n < batches; n++) found = batch(unit, same);
      return lowRankError(found, gradient) / norm(gradient);
    };
    expect(error(lrtSettings, 1)).toBeLessThan(1e-12);
    expect(error({ ...lrtSettings, method: "nmf", frontEnd: "lrt", iterations: 1 }, 1)).toBeLessThan(1e-9);
    expect(error(nmfSettings, 1)).toBeLessThan(1e-9);
    // Of a state that starts empty 1/9 is missing, and 1/81 a batch later.
    expect(error(sbpcaSettings, 1)).toBeCloseTo(1 / 9, 9);
    expect(error(sbpcaSettings, 2)).toBeCloseTo(1 / 81, 9);
  });
});

describe("sub-batches", () => {
  it.prop([streamArbitrary, fc.integer({ min: 1, max: 4 })])(
    "are filled in order, and the last of a batch may be smaller",
    (stream, subBatch) => {
      const found = batch(newUnit({ method: "sbpca", subBatch }, stream), stream);
      const state = sbpca.newSbpca(stream.inputs, stream.outputs, stream.rank, new Random(stream.seed));
      for (let n = 0; n < stream.x.length; n += subBatch)
        sbpca.addSubBatch(state, stream.x.slice(n, n + subBatch), stream.delta.slice(n, n + subBatch));
      expect(found).toEqual(sbpca.gradientOf(state));
    },
  );

  it.prop([streamArbitrary, fc.integer({ min: 1, max: 4 })])("of nmf start again at each batch", (stream, subBatch) => {
    const unit = newUnit({ ...nmfSettings, subBatch }, stream);
    const state = nmf.newNmf(stream.inputs, stream.outputs, stream.rank, new Random(stream.seed));
    for (let round = 0; round < 2; round++) {
      nmf.startBatch(state);
      for (let n = 0; n < stream.x.length; n += subBatch)
        nmf.addSubBatch(state, stream.x.slice(n, n + subBatch), stream.delta.slice(n, n + subBatch), 2);
      expect(batch(unit, stream)).toEqual(nmf.gradientOf(state));
    }
  });
});
