/** One size of a drawn design doubled, the rest as it is: each figure moves in the direction and by the order that theory
 *  says. Where a count is a product of sizes the ratio is exact; a memory's area has a periphery beside its bits. */
import { fc, it as prop } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { digitalUnits } from "../../estimate/area.ts";
import { type Estimate, figuresOf, libraryOf } from "../../estimate/estimate-design.ts";
import { synthesise } from "../../estimate/synthesis/synthesise.ts";
import { accessesOf, conversionsOf } from "../../estimate/work.ts";
import { emitRtl } from "../../generator/rtl/emit.ts";
import { estimateOf, machine } from "./machines.ts";

/** Layers that fill tiles of 16 × 16 and words of 16 elements. */
const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 3, maxLength: 4 }).map((n) => n.map((k) => 16 * k));
const method = fc.constantFrom("sgd", "mbgd", "sbpca", "nmf", "lrt");
const lowRank = fc.constantFrom("sbpca", "lrt");

interface Base {
  readonly layers: readonly number[];
  readonly method: string;
}

const design = ({ layers, method: name }: Base, sets: readonly string[]) =>
  machine([`network.layers=${JSON.stringify(layers)}`, `gradient.method=${name}`, "tile.adcBits=6", ...sets]);

/** Figures before and after, by what is set. */
function pair(base: Base, one: readonly string[], two: readonly string[]) {
  const [before, after] = [one, two].map((sets) => estimateOf(design(base, sets), { clockMhz: 100 }));
  const value = (of: Estimate, pattern: RegExp) =>
    [...figuresOf(of)].reduce((sum, [id, figure]) => (pattern.test(id) ? sum + figure.value : sum), 0);
  return {
    /** Of the sums of the figures that the pattern names, which are there. */
    ratio(pattern: RegExp): number {
      const was = value(before, pattern);
      expect(was, String(pattern)).toBeGreaterThan(0);
      return value(after, pattern) / was;
    },
    same: (pattern: RegExp) => expect(value(after, pattern), String(pattern)).toBe(value(before, pattern)),
  };
}

/** Figures are whole units of their own: their rounding is below this part. */
const ROUNDING = 4;

describe("twice the tile's side", () => {
  prop.prop({ layers: sizes, method, side: fc.constantFrom(4, 8) }, { numRuns: 20 })(
    "halves converters, drivers and conversions, and spares reference columns",
    ({ side, ...base }) => {
      const tile = (n: number) => [`tile.rows=${n}`, `tile.cols=${n}`, "tile.columnsPerAdc=2", "gradient.lanes=2"];
      const { ratio, same } = pair(base, tile(side), tile(2 * side));
      expect(ratio(/^area\.unit\.adc$/)).toBeCloseTo(0.5, ROUNDING);
      expect(ratio(/^area\.unit\.dac_drivers$/)).toBeCloseTo(0.5, ROUNDING);
      expect(ratio(/^energy\.sample\.layer_\d\.adc\.forward$/)).toBeCloseTo(0.5, ROUNDING);
      // side + 1 bitlines of cells for each side of weights.
      const cells = (1 + 1 / (2 * side)) / (1 + 1 / side);
      expect(ratio(/^area\.unit\.crossbar_cells$/)).toBeCloseTo(cells, 5);
      same(/^memory\.gradient\.layer_\d\.(gradient_buffer|[xd]_factors)$/);
      same(/^energy\.sample\.layer_\d\.gradient_unit\.arithmetic$/);
    },
  );
});

describe("twice the word length", () => {
  prop.prop({ layers: sizes, method, bits: fc.integer({ min: 2, max: 4 }) }, { numRuns: 20 })(
    "of inputs doubles the planes of forward reads and the activations' memory, not the converters",
    ({ bits, ...base }) => {
      const of = (n: number) => [`tile.inputBits=${n}`];
      const { ratio, same } = pair(base, of(bits), of(2 * bits));
      const conversions = (n: number) => design(base, of(n)).ir.layers.map((l) => conversionsOf(l.forward));
      expect(conversions(2 * bits)).toEqual(conversions(bits).map((n) => 2 * n));
      expect(ratio(/^energy\.sample\.layer_\d\.adc\.forward$/)).toBeCloseTo(2, ROUNDING);
      same(/^area\.unit\.adc$/);
      same(/^area\.unit\.crossbar_cells$/);
      // A read's planes, and what it has to begin and to end.
      const time = ratio(/^time\.sample\.unit\.forward$/);
      expect(time).toBeGreaterThan(1);
      expect(time).toBeLessThan(2);
    },
  );

  // Twice as many are more than a sum ever needs: the generator stores no bit that stays a sign.
  prop.prop(
    { layers: sizes, bits: fc.integer({ min: 16, max: 20 }), more: fc.integer({ min: 1, max: 5 }) },
    { numRuns: 20 },
  )(
    "of the accumulator lengthens the full gradient's memory in proportion, and its area by nearly as much",
    ({ layers, bits, more }) => {
      const of = (n: number) => [`gradient.accumulatorBits=${n}`];
      const { ratio, same } = pair({ layers, method: "mbgd" }, of(bits), of(bits + more));
      const longer = 1 + more / bits;
      expect(ratio(/^memory\.gradient$/)).toBeCloseTo(longer, 9);
      const area = ratio(/^area\.gradientMemory$/);
      expect(area).toBeGreaterThan(1 + 0.6 * (longer - 1));
      expect(area).toBeLessThanOrEqual(longer);
      same(/^time\.sample$/);
    },
  );

  prop.prop({ layers: sizes, method: lowRank, bits: fc.integer({ min: 6, max: 8 }) }, { numRuns: 20 })(
    "of factors doubles their memory; their multiplications take up to four times the energy",
    ({ bits, ...base }) => {
      const { ratio, same } = pair(base, [`gradient.factorBits=${bits}`], [`gradient.factorBits=${2 * bits}`]);
      expect(ratio(/^memory\.gradient\.layer_\d\.[xd]_factors$/)).toBe(2);
      for (const unit of ["vector_unit", "rank_sum_unit"]) {
        const energy = ratio(new RegExp(`^energy\\.sample\\.layer_\\d\\.${unit}(_2)?\\.arithmetic$`));
        expect(energy, unit).toBeGreaterThan(1.2);
        expect(energy, unit).toBeLessThanOrEqual(4);
      }
      same(/^area\.unit\.adc$/);
      same(/^time\.sample$/);
    },
  );
});

describe("twice the lanes", () => {
  prop.prop({ layers: sizes, method, lanes: fc.constantFrom(1, 2, 4, 8) }, { numRuns: 20 })(
    "leave bits and multiplications as they are, and shorten the schedule, at most by half",
    ({ lanes, ...base }) => {
      const of = (n: number) => [`gradient.lanes=${n}`, "tile.columnsPerAdc=1"];
      const { ratio, same } = pair(base, of(lanes), of(2 * lanes));
      same(/^memory\.gradient\.layer_\d\.(gradient_buffer|[xd]_factors)$/);
      same(/^energy\.sample\.layer_\d\.(gradient|update|rank_sum)_unit\.arithmetic$/);
      same(/^area\.unit\.(adc|crossbar_cells)$/);
      const buffered = [lanes, 2 * lanes].map((n) => accessesOf(design(base, of(n)).ir));
      const [words, fewer] = buffered.map(
        (list) => list.find(({ memory }) => memory === "gradient_buffer")?.words ?? 0,
      );
      if (base.method === "mbgd") expect(words).toBeGreaterThan(1.7 * fewer);
      const time = ratio(/^time\.sample\.unit\.(load|error)$/);
      expect(time).toBeGreaterThanOrEqual(0.5);
      expect(time).toBeLessThan(1);
    },
  );
});

describe("twice the lanes, synthesised,", () => {
  it("double the logic of the units that have a lane each, and leave the rest and the slowest path", async () => {
    const synthesised = async (lanes: number) => {
      const { ir } = design({ layers: [16, 12, 4], method: "mbgd" }, [
        `gradient.lanes=${lanes}`,
        "tile.columnsPerAdc=1",
      ]);
      const found = await synthesise(emitRtl(ir), libraryOf().liberty, { threads: 2 });
      const area = (module: string) =>
        digitalUnits(found).reduce((sum, unit) => (unit.module === module ? sum + unit.area : sum), 0);
      return { area, slowest: found.slowest.time };
    };
    const [two, four] = [await synthesised(2), await synthesised(4)];
    for (const unit of ["gradient_unit", "activation_unit", "update_unit", "stochastic_round", "lfsr"]) {
      expect(four.area(unit) / two.area(unit), unit).toBeGreaterThan(1.7);
      expect(four.area(unit) / two.area(unit), unit).toBeLessThan(2.1);
    }
    for (const unit of ["pulse_programmer", "host_registers", "shift_add", "sequencer"])
      expect(four.area(unit) / two.area(unit), unit).toBeCloseTo(1, 1);
    expect(four.slowest / two.slowest).toBeCloseTo(1, 1);
  });
});

describe("twice the rank", () => {
  prop.prop({ layers: sizes, method: lowRank, rank: fc.integer({ min: 1, max: 8 }) }, { numRuns: 20 })(
    "doubles factors and the terms of an update, and raises a sample's arithmetic, at most fourfold",
    ({ rank, ...base }) => {
      const of = (n: number) => [`gradient.rank=${n}`];
      const { ratio, same } = pair(base, of(rank), of(2 * rank));
      expect(ratio(/^memory\.gradient\.layer_\d\.[xd]_factors$/)).toBe(2);
      expect(ratio(/^memory\.gradient$/)).toBeGreaterThan(1);
      // Of more terms the sum may be a bit longer.
      const terms = ratio(/^energy\.sample\.layer_\d\.rank_sum_unit\.arithmetic$/);
      expect(terms).toBeGreaterThan(1.999);
      expect(terms).toBeLessThan(2.05);
      // Between the inner products with each factor and those of each with each.
      const work = ratio(/^energy\.sample\.layer_\d\.vector_unit(_2)?\.arithmetic$/);
      expect(work).toBeGreaterThan(1.3);
      expect(work).toBeLessThanOrEqual(4);
      same(/^area\.unit\.(adc|crossbar_cells)$/);
    },
  );
});
