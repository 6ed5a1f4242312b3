/** `rank_sum_unit` by itself, against the sum that docs/low-rank.md gives it: strengths in any order, and products that lie
 *  half-way between two codes. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { validateDesign } from "../../generator/design/schema.ts";
import { COEFFICIENT_BITS, DISTANCE_MAX, EXPONENT_BITS } from "../../generator/methods/low-rank/format.ts";
import { leafUnits } from "./leaf.ts";

const RANK = 3;
const FACTOR_BITS = 8;
const LANES = { x: 4, d: 2 };
/** Cycles from the last outer product's read to the sum. */
const LATENCY = 5;

const design = validateDesign(
  {
    name: "rank-sum",
    network: { layers: [16, 8], activation: "relu", loss: "softmax-cross-entropy" },
    tile: { rows: 16, cols: 8, columnsPerAdc: 2 },
    device: { preset: "ideal-500" },
    gradient: { method: "lrt", rank: RANK, lanes: LANES.x, factorBits: FACTOR_BITS },
    training: { batch: 4, learningRate: 0.5 },
  },
  "rank-sum",
);
const start = leafUnits(design);

const code = fc.integer({ min: -(2 ** (FACTOR_BITS - 1) - 1), max: 2 ** (FACTOR_BITS - 1) - 1 });
const most = 2 ** (COEFFICIENT_BITS - 1) - 1;
const strength = fc.record({
  mantissa: fc.oneof(
    fc.constant(0),
    fc.integer({ min: -most, max: most }),
    // Half-way once it is multiplied and shifted.
    fc.constantFrom(-(2 ** 14), 2 ** 14, -(2 ** 14 + 2 ** 7), 3 * 2 ** 12),
  ),
  exponent: fc.oneof(
    fc.integer({ min: -6, max: 6 }),
    fc.integer({ min: -(2 ** EXPONENT_BITS) + 1, max: 2 ** EXPONENT_BITS - 1 }),
  ),
});
const one = fc.record({
  strengths: fc.array(strength, { minLength: RANK, maxLength: RANK }),
  x: fc.array(code, { minLength: RANK, maxLength: RANK }),
  d: fc.array(fc.array(code, { minLength: 2, maxLength: 2 }), { minLength: RANK, maxLength: RANK }),
  lane: fc.integer({ min: 0, max: 3 }),
});

/** To the nearest whole number, halves away from zero. */
const rounded = (numerator: bigint, shift: bigint): bigint => {
  const magnitude = numerator < 0n ? -numerator : numerator;
  const quotient = shift === 0n ? magnitude : (magnitude + (1n << (shift - 1n))) >> shift;
  return numerator < 0n ? -quotient : quotient;
};

describe("rank_sum_unit", () => {
  it("adds up the outer products, the largest strength wherever it is", async () => {
    const unit = await start("rank_sum_unit");
    const port = (name: string) => unit.ports.find((p) => p.name === name)?.bits as number;
    const lanes = { x: port("i_x_factor") / FACTOR_BITS, d: port("i_d_factor") / FACTOR_BITS };
    const bits = port("o_gradient") / lanes.d;
    await fc.assert(
      fc.asyncProperty(fc.array(one, { minLength: 1, maxLength: 300, size: "max" }), async (list) => {
        const idle = { rst: 0, i_clear: 0, strength_write: 0, i_read: 0 };
        const cycles: Record<string, bigint | number>[] = [{ ...idle, rst: 1 }];
        const ends = list.map(({ strengths, x, d, lane }) => {
          cycles.push({ ...idle, i_clear: 1 });
          strengths.forEach(({ mantissa, exponent }, r) => {
            cycles.push({
              ...idle,
              strength_write: 1,
              strength_index: r,
              strength_mantissa: BigInt.asUintN(COEFFICIENT_BITS, BigInt(mantissa)),
              strength_exponent: BigInt.asUintN(EXPONENT_BITS + 1, BigInt(exponent)),
            });
          });
          const place = lane % lanes.x;
          // Data come a cycle after their read.
          for (let r = 0; r <= RANK; r++)
            cycles.push({
              ...idle,
              i_read: r < RANK ? 1 : 0,
              i_rank: r % RANK,
              i_first_term: r === 0 ? 1 : 0,
              i_x_lane: place,
              i_x_factor: r > 0 ? BigInt.asUintN(FACTOR_BITS, BigInt(x[r - 1])) << BigInt(place * FACTOR_BITS) : 0n,
              i_d_factor:
                r > 0
                  ? d[r - 1]
                      .slice(0, lanes.d)
                      .reduce(
                        (word, v, k) => word | (BigInt.asUintN(FACTOR_BITS, BigInt(v)) << BigInt(k * FACTOR_BITS)),
                        0n,
                      )
                  : 0n,
            });
          for (let n = 2; n < LATENCY; n++) cycles.push(idle);
          return cycles.length;
        });
        cycles.push(idle);
        const outputs = await unit.run(cycles);
        list.forEach(({ strengths, x, d }, n) => {
          const alive = strengths.filter((s) => s.mantissa !== 0).map((s) => s.exponent);
          const largest = alive.length > 0 ? Math.max(...alive) : 0;
          const out = outputs[ends[n]];
          expect(BigInt.asIntN(EXPONENT_BITS + 1, BigInt(out.o_exponent))).toBe(BigInt(largest));
          for (let k = 0; k < Math.min(2, lanes.d); k++) {
            const sum = strengths.reduce((total, { mantissa, exponent }, r) => {
              const distance = mantissa === 0 ? 0 : Math.min(DISTANCE_MAX, largest - exponent);
              return (
                total + rounded(BigInt(mantissa) * BigInt(x[r]), BigInt(FACTOR_BITS - 1 + distance)) * BigInt(d[r][k])
              );
            }, 0n);
            expect(BigInt.asIntN(bits, BigInt(out.o_gradient) >> BigInt(k * bits))).toBe(sum);
          }
        });
      }),
      { numRuns: 10 },
    );
  });
});
