/** Pulse trains: what they give on average, how independent their lines are, how long they take, and the golden model. */
import { fc, it as property } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { Random } from "../../data/random.ts";
import { type DesignInput, validateDesign } from "../../generator/design/schema.ts";
import { schedule } from "../../generator/ir/schedule.ts";
import { applyCoincidence, pulseTrain } from "../../golden/coincidence.ts";
import { type PreparedMachine, prepareMachine } from "../../prepare/machine.ts";
import {
  lineThresholds,
  normalise,
  type OuterProduct,
  PulseTrainUnit,
  type TrainTrace,
  trainHeight,
} from "../../sim/units/pulse-train.ts";
import { randomSamples } from "./designs.ts";
import { plainMachine } from "./machines.ts";

interface Shape {
  readonly layers?: number[];
  readonly rows?: number;
  readonly cols?: number;
  readonly columnsPerAdc?: number;
  readonly lanes?: number;
  readonly pulseTrain?: number;
  readonly pulseCycles?: number;
  readonly method?: "sgd" | "sbpca" | "lrt";
  readonly seed?: number;
}

function prepare(shape: Shape = {}): PreparedMachine {
  const { layers = [24, 15], rows = 8, cols = 6, columnsPerAdc = 2, lanes = 4, seed = 1 } = shape;
  const { method = "sgd", pulseTrain: slots, pulseCycles } = shape;
  const gradient: DesignInput["gradient"] = {
    ...{ method, lanes, programming: "coincidence", pulseTrain: slots },
    ...(method === "sgd" ? {} : { rank: 2, update: "rank-seq" }),
  };
  return prepareMachine(
    validateDesign(
      {
        name: "trains",
        network: { layers, activation: "relu", loss: "softmax-cross-entropy" },
        tile: { rows, cols, columnsPerAdc, adcBits: "lossless" },
        device: { preset: "ideal-2000", pulseCycles },
        gradient,
        training: { batch: 2, learningRate: 1, seed },
      },
      "trains",
    ),
  );
}

/** One layer's unit, with cells in the middle of their range. */
function unitOf(shape: Shape = {}) {
  const prepared = prepare(shape);
  const { ir } = prepared;
  const { state } = plainMachine(prepared);
  const [layer] = state.layers;
  const { coincidence } = ir;
  if (!coincidence || !layer.edges) throw new Error("no trains");
  const { inputs, outputs } = ir.layers[0];
  const unit = new PulseTrainUnit(ir, ir.layers[0], coincidence, layer, layer.edges);
  return {
    ...{ ir, state, layer, inputs, outputs, coincidence, edges: layer.edges },
    /** Pulses of each cell by one train, with their sign. */
    moved: (product: OuterProduct): number[] => {
      layer.cells.fill(ir.cell.reference);
      unit.program(product, false);
      return Array.from(layer.cells, (g) => (g - ir.cell.reference) / ir.cell.unitsPerPulse);
    },
    program: (product: OuterProduct) => unit.program(product, true),
  };
}

const codes = (values: readonly number[]): Int16Array => Int16Array.from(values);
const largest = (values: Int16Array): number => values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);

/** An outer product whose strongest cell gets so many pulses. */
function productOf(x: Int16Array, d: Int16Array, strongest: number, negative = false): OuterProduct {
  const places = 30;
  return { x, d, rate: Math.round((strongest / (largest(x) * largest(d))) * 2 ** places), places, negative };
}

const wishedOf = ({ x, d, rate, places, negative }: OuterProduct): number[] =>
  Array.from(x).flatMap((v) => Array.from(d, (u) => (negative ? 1 : -1) * rate * v * u * 2 ** -places));

const signedCodes = (count: number, step: number) =>
  codes(Array.from({ length: count }, (_, n) => ((n * step) % 401) - 150));

describe("a pulse train's arithmetic", () => {
  const code = fc.integer({ min: 1, max: 32767 });
  property.prop([code, code, fc.integer({ min: 1, max: 2 ** 30 }), fc.double({ min: -12, max: 10, noNaN: true })])(
    "gives the strongest cell its pulses to 0.03 %, both sides the same probability, and a length that is enough",
    (x, d, rate, exponent) => {
      const places = Math.ceil(Math.log2(rate * x * d) - exponent);
      const strongest = rate * x * d * 2 ** -places;
      fc.pre(strongest <= 1023);
      const unit = { products: 1, slots: 31, mostSlots: 1023, slotBits: 10 };
      const height = trainHeight(unit, { rate, places }, x, d);
      const probability = (value: number) => {
        const { mantissa, length } = normalise(value);
        return value * Math.floor((height.root * 2 ** 16) / mantissa) * 2 ** (height.height - length - 16);
      };
      const [p, q] = [probability(x), probability(d)];
      expect(Math.abs((height.slots * p * q) / strongest - 1)).toBeLessThan(3e-4);
      expect(Math.abs(p / q - 1)).toBeLessThan(1e-4);
      expect(Math.max(p, q)).toBeLessThanOrEqual(1);
      // Cut off on the way to it, the strongest cell's pulses may miss a whole number by little.
      expect(height.slots).toBeLessThanOrEqual(Math.max(31, Math.ceil(strongest)));
      expect(height.slots).toBeGreaterThanOrEqual(Math.max(31, Math.ceil(strongest * (1 - 1e-4))));
    },
  );

  property.prop([
    fc.array(fc.integer({ min: -2047, max: 2047 }), { minLength: 1, maxLength: 20 }),
    fc.array(fc.integer({ min: -2047, max: 2047 }), { minLength: 1, maxLength: 20 }),
    fc.double({ min: 0.01, max: 4000, noNaN: true }),
    fc.integer({ min: 1, max: 63 }),
  ])("is the golden model's: slots, probabilities and clipped lines", (xs, ds, strongest, slots) => {
    const [x, d] = [codes(xs), codes(ds)];
    fc.pre(largest(x) > 0 && largest(d) > 0);
    const product = productOf(x, d, strongest);
    const rate = product.rate * 2 ** -product.places;
    const golden = pulseTrain(Float64Array.from(d), Float64Array.from(x), rate, slots, 1023);
    const unit = { products: 1, slots, mostSlots: 1023, slotBits: 10 };
    const height = trainHeight(unit, product, largest(x), largest(d));
    expect(Math.abs(height.slots - golden.slots)).toBeLessThanOrEqual(1);
    let clipped = 0;
    for (const [side, wished] of [
      [x, golden.rows],
      [d, golden.columns],
    ] as const) {
      const thresholds = new Uint16Array(side.length);
      clipped += lineThresholds(side, 4, largest(side), height, Uint32Array.of(xs.length), 0, thresholds);
      // One more slot of a short train changes its probabilities by half a part of them.
      const tolerance = height.slots === golden.slots ? 2e-4 : 0.6 / slots;
      thresholds.forEach((threshold, n) => {
        expect(Math.abs(threshold / 2 ** 16 - wished[n])).toBeLessThan(tolerance);
      });
    }
    // A line whose probability is almost one may fall on either side.
    const raw = [x, d].flatMap((side) =>
      Array.from(side, (v) => (Math.abs(v) / largest(side)) * Math.sqrt(strongest / golden.slots)),
    );
    if (golden.slots === height.slots) {
      expect(clipped).toBeGreaterThanOrEqual(raw.filter((p) => p > 1.0003).length);
      expect(clipped).toBeLessThanOrEqual(raw.filter((p) => p > 0.9997).length);
    }
  });
});

describe("a pulse train gives each cell η u v / ΔW pulses on average, against the gradient", () => {
  const DRAWS = 1000;
  const x = signedCodes(24, 37);
  const d = signedCodes(15, 101);
  it.each([
    ["in its own slots", x, d, 0.8, false],
    ["of a negative strength", x, d, 3, true],
    ["in more slots than it has", x, d, 39.5, false],
    ["where inputs have one sign", codes(Array.from(x, Math.abs)), d, 2, false],
  ])("%s", (_, rows, columns, strongest, negative) => {
    const { moved, coincidence } = unitOf();
    const product = productOf(rows, columns, strongest, negative);
    const wished = wishedOf(product);
    const { slots } = trainHeight(coincidence, product, largest(rows), largest(columns));
    expect(slots).toBe(Math.max(31, Math.ceil(strongest)));
    const sums = new Array<number>(wished.length).fill(0);
    for (let n = 0; n < DRAWS; n++)
      moved(product).forEach((count, cell) => {
        sums[cell] += count;
      });
    let beyond = 0;
    let squares = 0;
    let used = 0;
    sums.forEach((sum, cell) => {
      const mean = Math.abs(wished[cell]);
      if (mean === 0) {
        expect(sum + 0).toBe(0);
        return;
      }
      const z = (sum / DRAWS - wished[cell]) / Math.sqrt((mean * (1 - mean / slots)) / DRAWS);
      used++;
      squares += z * z;
      if (Math.abs(z) > 3) beyond++;
    });
    expect(used).toBeGreaterThan(200);
    // Of so many cells one in 370 is beyond three standard errors by chance; their lines are shared, so allow some more.
    expect(beyond).toBeLessThanOrEqual(used / 370 + 4);
    expect(squares / used).toBeGreaterThan(0.75);
    expect(squares / used).toBeLessThan(1.25);
    const [given, asked] = [sums, wished].map((list) => list.reduce((total, value) => total + Math.abs(value), 0));
    expect(Math.abs(given / (DRAWS * asked) - 1)).toBeLessThan(0.01);
  });

  it("as the golden model does, with the same spread", () => {
    const { moved, inputs, outputs } = unitOf();
    const product = productOf(x, d, 2);
    const settings = { levels: 2000, slots: 31, mostSlots: 1023 };
    const learningRate = (product.rate * 2 ** -product.places) / 1000;
    const random = new Random(5);
    const moments = () => ({ sum: 0, squares: 0, cells: new Float64Array(inputs * outputs) });
    const [hardware, golden] = [moments(), moments()];
    const take = (into: ReturnType<typeof moments>, counts: ArrayLike<number>) => {
      let total = 0;
      for (let cell = 0; cell < counts.length; cell++) {
        into.cells[cell] += counts[cell] ** 2;
        total += Math.abs(counts[cell]);
      }
      into.sum += total;
      into.squares += total * total;
    };
    for (let n = 0; n < DRAWS; n++) {
      take(hardware, moved(product));
      const cells = { weights: new Float64Array(inputs * outputs), pulses: new Uint32Array(inputs * outputs) };
      const count = { slots: 0, clipped: 0 };
      applyCoincidence(cells, Float64Array.from(d), Float64Array.from(x), learningRate, settings, random, count);
      take(golden, cells.pulses);
    }
    const meanOf = ({ sum }: typeof hardware) => sum / DRAWS;
    const deviationOf = ({ sum, squares }: typeof hardware) => Math.sqrt(squares / DRAWS - (sum / DRAWS) ** 2);
    const error = Math.hypot(deviationOf(hardware), deviationOf(golden)) / Math.sqrt(DRAWS);
    expect(Math.abs(meanOf(hardware) - meanOf(golden))).toBeLessThan(3 * error);
    expect(deviationOf(hardware) / deviationOf(golden)).toBeGreaterThan(0.9);
    expect(deviationOf(hardware) / deviationOf(golden)).toBeLessThan(1.1);
    const spread = ({ cells }: typeof hardware) => cells.reduce((total, value) => total + value, 0);
    expect(spread(hardware) / spread(golden)).toBeGreaterThan(0.97);
    expect(spread(hardware) / spread(golden)).toBeLessThan(1.03);
  });
});

describe("the lines of a train are independent", () => {
  /** Whether each line fires in each slot, rows first: [line][slot]. */
  function firings(trains: number): { lines: Uint8Array[]; rows: number } {
    const { program, inputs, outputs } = unitOf({ seed: 3 });
    const product = productOf(codes(new Array(inputs).fill(7)), codes(new Array(outputs).fill(9)), 15.5);
    const slots = 31 * trains;
    const lines = Array.from({ length: inputs + outputs }, () => new Uint8Array(slots));
    for (let train = 0; train < trains; train++) {
      const { trace } = program(product).train;
      (trace as TrainTrace).firings.forEach(({ rows, columns }, slot) => {
        for (const i of rows) lines[i][31 * train + slot] = 1;
        for (const j of columns) lines[inputs + j][31 * train + slot] = 1;
      });
    }
    return { lines, rows: inputs };
  }

  it.each([
    ["in the same slot", 0],
    ["from one slot to the next", 1],
    ["over several slots", 4],
  ])("%s", (_, lag) => {
    const { lines } = firings(1000);
    const used = lines[0].length - lag;
    const p = Math.SQRT1_2;
    const variance = p * (1 - p);
    let most = 0;
    let squares = 0;
    let pairs = 0;
    for (let a = 0; a < lines.length; a++)
      for (let b = lag === 0 ? a + 1 : 0; b < lines.length; b++) {
        let sum = 0;
        for (let n = 0; n < used; n++) sum += (lines[a][n] - p) * (lines[b][n + lag] - p);
        const z = sum / (variance * Math.sqrt(used));
        most = Math.max(most, Math.abs(z));
        squares += z * z;
        pairs++;
      }
    // The largest of some hundred to some thousand normal numbers.
    expect(most).toBeLessThan(4.7);
    expect(squares / pairs).toBeGreaterThan(0.9);
    expect(squares / pairs).toBeLessThan(1.1);
  });

  it("and so are the pulses of two cells that share no line, and of successive trains", () => {
    const { moved, inputs, outputs } = unitOf({ seed: 4 });
    const product = productOf(codes(new Array(inputs).fill(5)), codes(new Array(outputs).fill(-3)), 4);
    const draws = Array.from({ length: 2000 }, () => moved(product));
    const diagonal = Array.from({ length: outputs }, (_, n) => n * outputs + n);
    const variance = 4 * (1 - 4 / 31);
    const correlation = (a: number, b: number, lag: number) => {
      let sum = 0;
      for (let n = lag; n < draws.length; n++) sum += (draws[n][a] - 4) * (draws[n - lag][b] - 4);
      return sum / (variance * Math.sqrt(draws.length - lag));
    };
    for (const lag of [0, 1]) {
      const found = diagonal.flatMap((a) =>
        diagonal.filter((b) => lag > 0 || b > a).map((b) => Math.abs(correlation(a, b, lag))),
      );
      expect(Math.max(...found)).toBeLessThan(4.2);
    }
  });
});

describe("a pulse train", () => {
  it("is left out where a side is zero, and moves no random number", () => {
    const { program, edges, inputs, outputs } = unitOf();
    const before = [edges.rows, edges.columns, edges.dither].map((lfsrs) => [...lfsrs]);
    const zero = (count: number) => codes(new Array(count).fill(0));
    const x = signedCodes(inputs, 37);
    const d = signedCodes(outputs, 101);
    for (const product of [
      { ...productOf(x, d, 3), x: zero(inputs) },
      { ...productOf(x, d, 3), d: zero(outputs) },
      { ...productOf(x, d, 3), rate: 0 },
    ])
      expect(program(product)).toEqual({ train: { total: 0, trace: null }, pulses: 0, clipped: 0 });
    expect([edges.rows, edges.columns, edges.dither].map((lfsrs) => [...lfsrs])).toEqual(before);
  });

  it("goes through the phases that have lines of both signs", () => {
    const { program, inputs, outputs } = unitOf();
    const one = (count: number, ...values: number[]) => codes(Array.from({ length: count }, (_, n) => values[n] ?? 0));
    const phases = (x: number[], d: number[]) => {
      const { total, trace } = program(productOf(one(inputs, ...x), one(outputs, ...d), 2)).train;
      const seen = [...new Set((trace as TrainTrace).firings.map(({ phase }) => phase))];
      expect(total).toBe(31 * seen.length);
      return seen;
    };
    expect(phases([5, 3], [2, 1])).toEqual([0]);
    expect(phases([5, 3], [2, -1])).toEqual([0, 3]);
    expect(phases([5, -3], [2, 1])).toEqual([0, 2]);
    expect(phases([-5, -3], [-2, 1])).toEqual([1, 2]);
    expect(phases([5, -3], [2, -1])).toEqual([0, 1, 2, 3]);
  });

  it("grows to its longest, then clips its strongest lines and counts them", () => {
    const { program, inputs, outputs } = unitOf();
    const x = codes(Array.from({ length: inputs }, (_, n) => (n < 2 ? 200 : 1)));
    const d = codes(Array.from({ length: outputs }, (_, n) => (n === 0 ? -255 : 1)));
    const { train, clipped } = program(productOf(x, d, 4 * 1023));
    const { slots, xLatches, dLatches, firings } = train.trace as TrainTrace;
    expect(slots).toBe(1023);
    expect(clipped).toBe(3);
    expect([xLatches[0], xLatches[1], dLatches[0]]).toEqual([65535, 65535, 65535 + 65536]);
    // The rest fires as often as it should, though the strongest would have to fire twice in a slot.
    expect(Math.abs(xLatches[2] - (2 / 200) * 65536)).toBeLessThanOrEqual(1);
    expect(firings.filter(({ phase }) => phase === 3).every(({ rows }) => rows.includes(0))).toBe(true);
  });

  it("beyond every format still clips, or does nothing", () => {
    const { program, inputs, outputs } = unitOf();
    const x = signedCodes(inputs, 37);
    const d = signedCodes(outputs, 101);
    const used = [x, d].reduce((count, side) => count + side.filter((v) => v !== 0).length, 0);
    expect(program({ x, d, rate: 30000, places: -200, negative: false }).clipped).toBe(used);
    const { trace } = program({ x, d, rate: 30000, places: 400, negative: false }).train;
    expect((trace as TrainTrace).firings.every(({ rows, columns }) => rows.length * columns.length === 0)).toBe(true);
  });

  it("counts its pulses as wear, also where a cell is at its end", () => {
    const { program, layer, ir, inputs, outputs } = unitOf();
    layer.cells.fill(0);
    const product = productOf(codes(new Array(inputs).fill(1)), codes(new Array(outputs).fill(1)), 31);
    program(product);
    expect(layer.cells.every((g) => g === 0)).toBe(true);
    expect(layer.wear.reduce((sum, n) => sum + n, 0)).toBeGreaterThan(30 * inputs * outputs);
    program({ ...product, negative: true });
    expect(layer.cells.every((g) => g > 29 * ir.cell.unitsPerPulse)).toBe(true);
  });
});

describe("an update by pulse trains takes", () => {
  it.each(["sgd", "sbpca", "lrt"] as const)("the same time on tiles of 16 to 512 lines (%s)", (method) => {
    const times = [16, 32, 128, 512].map((side) => {
      const shape = { layers: [150, 40, 10], rows: side, cols: side, columnsPerAdc: side / 8, lanes: 8, method };
      const prepared = prepare({ ...shape, pulseCycles: 3 });
      const { ir } = prepared;
      const machine = plainMachine(prepared);
      const { codes: pixels, labels } = randomSamples(150, 10, 2, 9);
      for (let n = 0; n < (method === "sgd" ? 1 : 2); n++)
        machine.sample(pixels.subarray(150 * n, 150 * (n + 1)), labels[n], true);
      return {
        idle: schedule(ir).update.layers.map(({ length }) => length.cycles),
        phase: ir.phases.find(({ phase }) => phase === "update"),
        cycles: machine.cycles.update,
      };
    });
    expect(times[0].cycles).toBeGreaterThan(31 * 3);
    for (const time of times.slice(1)) expect(time).toEqual(times[0]);
  });

  it("longer for longer vectors only by their words, read twice", () => {
    const [short, long] = [16, 160].map((inputs) => {
      const { ir } = prepare({ layers: [inputs, 8], rows: 8, cols: 8, lanes: 4 });
      return schedule(ir).update.layers[0].length.cycles;
    });
    expect(long - short).toBe((160 - 16) / 4);
  });
});
