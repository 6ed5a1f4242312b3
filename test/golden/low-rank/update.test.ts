import { fc, it } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { Random } from "../../../data/random.ts";
import { applyPulses } from "../../../golden/device.ts";
import { type LowRank, reconstruct } from "../../../golden/low-rank/low-rank.ts";
import {
  byRow,
  newCoincidence,
  newProgram,
  rankSeq,
  rankSum,
  type UpdateSettings,
} from "../../../golden/low-rank/update.ts";
import { arrayOf } from "../networks.ts";
import { expectClose } from "./streams.ts";

const entry = fc.integer({ min: -1000, max: 1000 }).map((n) => n / 1000);

const gradientArbitrary: fc.Arbitrary<LowRank> = fc
  .record({
    inputs: fc.integer({ min: 1, max: 5 }),
    outputs: fc.integer({ min: 1, max: 5 }),
    rank: fc.integer({ min: 1, max: 4 }),
  })
  .chain(({ inputs, outputs, rank }) => {
    const vectors = (length: number) =>
      arrayOf(
        arrayOf(entry, length).map((values) => Float64Array.from(values)),
        rank,
      );
    return fc.record({
      u: vectors(outputs),
      v: vectors(inputs),
      strengths: arrayOf(entry, rank).map((values) => Float64Array.from(values)),
    });
  });

const settings: UpdateSettings = { rounding: "stochastic", maxPulses: 31, programming: "row" };
const newCells = (size: number, start = 0) => ({
  weights: new Float64Array(size).fill(start),
  pulses: new Uint32Array(size),
});
const sizeOf = ({ u, v }: LowRank) => u[0].length * v[0].length;

describe("rank-sum", () => {
  it.prop([gradientArbitrary, fc.nat()])("rounds the sum of the ranks, once", (gradient, seed) => {
    const [cells, expected] = [newCells(sizeOf(gradient)), newCells(sizeOf(gradient))];
    rankSum(newProgram({ levels: 100 }, settings, new Random(seed)))(cells, gradient, 0.3);
    const sum = reconstruct(gradient, new Float64Array(sizeOf(gradient)));
    const pulseSettings = { levels: 100, rounding: "stochastic", maxPulses: 31 } as const;
    applyPulses(expected, sum, 0.3, pulseSettings, new Random(seed));
    expect(cells).toEqual(expected);
  });
});

describe("rank-seq", () => {
  it.prop([gradientArbitrary])("of continuous weights is rank-sum, away from the ends of the range", (gradient) => {
    const program = newProgram({ levels: null }, settings, new Random(1));
    const [sum, seq] = [newCells(sizeOf(gradient)), newCells(sizeOf(gradient))];
    rankSum(program)(sum, gradient, 0.2);
    rankSeq(byRow(program))(seq, gradient, 0.2);
    expectClose([seq.weights], [sum.weights], 14);
  });

  it("programs each rank before the next: what one pushed against an end is not there for the next to undo", () => {
    const one = Float64Array.of(1);
    const gradient = { u: [one, one], v: [one, one], strengths: Float64Array.of(-1, 1) };
    const nearest = { ...settings, rounding: "nearest" } as const;
    const program = newProgram({ levels: 10 }, nearest, new Random(1));
    const [sum, seq] = [newCells(1, 0.8), newCells(1, 0.8)];
    rankSum(program)(sum, gradient, 0.6);
    rankSeq(byRow(program))(seq, gradient, 0.6);
    expect([sum.weights[0], sum.pulses[0]]).toEqual([0.8, 0]);
    expect(seq.weights[0]).toBeCloseTo(0.4, 12);
    expect(seq.pulses[0]).toBe(6);
  });

  it.each(["row", "coincidence"] as const)(
    "by %s is unbiased: the mean of 20,000 updates is η G / ΔW",
    (programming) => {
      const gradient = {
        u: [Float64Array.of(0.5, -0.7), Float64Array.of(0.1, 0.9)],
        v: [Float64Array.of(0.3, 0.8, -0.2), Float64Array.of(-0.6, 0.4, 0.5)],
        strengths: Float64Array.of(0.4, -0.1),
      };
      const levels = 200;
      const all = { ...settings, programming, pulseTrain: 31 };
      const random = new Random(5);
      const program =
        programming === "row"
          ? byRow(newProgram({ levels }, all, random))
          : newCoincidence({ levels }, all, random, { slots: 0, clipped: 0 });
      const draws = 20_000;
      const sums = new Float64Array(6);
      const squares = new Float64Array(6);
      for (let draw = 0; draw < draws; draw++) {
        const cells = newCells(6);
        rankSeq(program)(cells, gradient, 0.1);
        cells.weights.forEach((w, n) => {
          const moved = Math.round((w * levels) / 2);
          sums[n] += moved;
          squares[n] += moved * moved;
        });
      }
      reconstruct(gradient, new Float64Array(6)).forEach((g, n) => {
        const mean = sums[n] / draws;
        const deviation = Math.sqrt((squares[n] / draws - mean * mean) / draws);
        expect(Math.abs(mean - (-0.1 * g * levels) / 2)).toBeLessThanOrEqual(3 * deviation);
      });
    },
  );

  it.prop([gradientArbitrary, fc.nat()])("skips rows without input, and draws no number for them", (gradient, seed) => {
    const rows = gradient.v[0].length;
    const padded = {
      ...gradient,
      v: gradient.v.map((v) => Float64Array.from({ length: 2 * rows }, (_, i) => (i % 2 ? 0 : v[i / 2]))),
    };
    const b = gradient.u[0].length;
    const [cells, wide] = [newCells(rows * b), newCells(2 * rows * b)];
    rankSeq(byRow(newProgram({ levels: 100 }, settings, new Random(seed))))(cells, gradient, 0.3);
    rankSeq(byRow(newProgram({ levels: 100 }, settings, new Random(seed))))(wide, padded, 0.3);
    const occupied = wide.weights.filter((_, n) => Math.floor(n / b) % 2 === 0);
    expect(occupied).toEqual(cells.weights);
  });
});
