/** Random designs over the whole schema, shrinking towards the smallest machine. */
import fc from "fast-check";
import { Refusal } from "../../generator/base/errors.ts";
import { type Design, validateDesign } from "../../generator/design/schema.ts";
import { prepareMachine } from "../../prepare/machine.ts";
import { deviceArbitrary } from "../sim/devices.ts";

const divisors = (n: number) => Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0);
const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** Tile sizes: small, for a fast Verilator; odd ones too. */
const side = fc.constantFrom(4, 5, 6, 8, 9, 12, 16, 24);

/** A machine of more converters takes Verilator's C++ compiler too long for a test of many designs. */
const MOST_ADCS = 60;

const tile = fc.tuple(side, side).chain(([rows, cols]) =>
  fc.record({
    rows: fc.constant(rows),
    cols: fc.constant(cols),
    columnsPerAdc: fc.constantFrom(...divisors(gcd(rows, cols))),
    inputBits: fc.integer({ min: 1, max: 8 }),
    errorBits: fc.integer({ min: 3, max: 12 }),
    adcBits: fc.oneof(fc.integer({ min: 3, max: 10 }), fc.constant("lossless" as const)),
    adcRange: fc.constantFrom("follow" as const, "fixed" as const),
    rangeStart: fc.constantFrom("calibrated" as const, "finest" as const),
    readCycles: fc.integer({ min: 1, max: 3 }),
    encoding: fc.constantFrom("offset" as const, "differential" as const),
  }),
);

const lowRank = {
  update: fc.constantFrom("rank-sum" as const, "rank-seq" as const),
  rounding: fc.constantFrom("stochastic" as const, "nearest" as const),
  factorBits: fc.integer({ min: 6, max: 16 }),
  lanes: fc.integer({ min: 1, max: 16 }),
  maxPulses: fc.integer({ min: 1, max: 40 }),
};

const trains = {
  programming: fc.constant("coincidence" as const),
  pulseTrain: fc.integer({ min: 1, max: 40 }),
  lanes: fc.integer({ min: 1, max: 16 }),
};

const input = fc.record({
  name: fc.constant("random"),
  network: fc.record({
    layers: fc.array(fc.integer({ min: 1, max: 26 }), { minLength: 2, maxLength: 5 }),
    activation: fc.constantFrom("relu" as const, "sigmoid" as const, "tanh" as const),
    loss: fc.constantFrom("softmax-cross-entropy" as const, "squared-error" as const),
    sampleBits: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
  }),
  tile,
  device: deviceArbitrary,
  gradient: fc.oneof(
    fc.record({
      method: fc.constant("sgd" as const),
      rounding: fc.constantFrom("stochastic" as const, "nearest" as const),
      lanes: fc.integer({ min: 1, max: 16 }),
      maxPulses: fc.integer({ min: 1, max: 40 }),
    }),
    fc.record({
      method: fc.constant("mbgd" as const),
      rounding: fc.constantFrom("stochastic" as const, "nearest" as const),
      lanes: fc.integer({ min: 1, max: 16 }),
      maxPulses: fc.integer({ min: 1, max: 40 }),
      accumulatorBits: fc.integer({ min: 18, max: 40 }),
    }),
    fc.record({
      method: fc.constant("sbpca" as const),
      rank: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 6, max: 16 })),
      ...lowRank,
    }),
    fc.record({
      method: fc.constant("lrt" as const),
      // A larger rank's program is thousands of instructions long.
      rank: fc.integer({ min: 1, max: 6 }),
      unbiased: fc.constantFrom(0, 0.3, 1),
      ...lowRank,
    }),
    fc.record({
      method: fc.constant("nmf" as const),
      rank: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 4, max: 16 })),
      subBatch: fc.integer({ min: 1, max: 5 }),
      iterations: fc.integer({ min: 1, max: 3 }),
      ...lowRank,
    }),
    fc.record({
      method: fc.constant("nmf" as const),
      frontEnd: fc.constantFrom("sbpca" as const, "lrt" as const),
      rank: fc.integer({ min: 1, max: 3 }),
      frontEndRank: fc.integer({ min: 3, max: 6 }),
      iterations: fc.integer({ min: 1, max: 3 }),
      ...lowRank,
    }),
    fc.record({ method: fc.constant("sgd" as const), ...trains }),
    fc.record({
      method: fc.constantFrom("sbpca" as const, "nmf" as const, "lrt" as const),
      rank: fc.integer({ min: 1, max: 4 }),
      update: fc.constant("rank-seq" as const),
      factorBits: fc.integer({ min: 6, max: 16 }),
      ...trains,
    }),
  ),
  training: fc.record({
    batch: fc.integer({ min: 1, max: 5 }),
    learningRate: fc.constantFrom(0.05, 0.4, 3, 20),
    layerRates: fc.option(fc.array(fc.constantFrom(0.5, 1, 3), { minLength: 4, maxLength: 4 }), { nil: undefined }),
    seed: fc.integer({ min: 0, max: 0x7fffffff }),
  }),
});

type Candidate = typeof input extends fc.Arbitrary<infer T> ? T : never;

/** The same with as many rates as layers, and input codes no longer than any. */
function fitting({ network, training, ...rest }: Candidate): unknown {
  const { sampleBits, layers } = network;
  return {
    ...rest,
    network: { ...network, sampleBits: sampleBits && Math.min(sampleBits, rest.tile.inputBits) },
    training: { ...training, layerRates: training.layerRates?.slice(0, layers.length - 1) },
  };
}

/** Designs that the generator accepts, of a size that Verilator builds in seconds. */
export const designArbitrary: fc.Arbitrary<Design> = input
  .map((candidate) => {
    try {
      const design = validateDesign(fitting(candidate), "random");
      const { layers } = prepareMachine(design).ir;
      const adcs = layers.reduce((sum, l) => sum + l.rowTiles * l.colTiles * (l.forward.adcsPerTile + l.rowAdcs), 0);
      return adcs <= MOST_ADCS ? design : null;
    } catch (error) {
      if (error instanceof Refusal) return null;
      throw error;
    }
  })
  .filter((design): design is Design => design !== null);
