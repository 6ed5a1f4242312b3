/** The kernels against their plain twins: on any design they leave the same bits everywhere. */
import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import type { PreparedMachine } from "../../prepare/machine.ts";
import { beyondKernels } from "../../sim/kernels/limits.ts";
import type { Scratch } from "../../sim/sample-path.ts";
import { inputCodes } from "../../sim/units/sample-input.ts";
import { everything, forceRanges, prepared, preparedDesign, randomSamples } from "./designs.ts";
import { kernelMachine, plainMachine } from "./machines.ts";

const list = (values: Iterable<number>): number[] => Array.from(values, (v) => v + 0);

function vectors({ x, z, raw, delta, aligned, exponent, exponentials }: Scratch): unknown {
  return {
    ...{ x: x.map(list), z: z.map(list), raw: raw.map(list), delta: delta.map(list), aligned: aligned.map(list) },
    ...{ exponent: list(exponent), exponentials: list(exponentials) },
  };
}

/** Runs the same samples on both and compares after each. */
function compare(machine: PreparedMachine, samples: number, seed: number, part: number | null): void {
  const { ir } = machine;
  const [plain, kernels] = [plainMachine(machine), kernelMachine(machine)];
  if (part !== null) for (const m of [plain, kernels]) forceRanges(machine, m.state, part);
  const { codes, labels } = randomSamples(ir.vectors[0].size, ir.errorUnit.outputs, samples, seed);
  const { size, bits } = ir.vectors[0];
  for (let k = 0; k < samples; k++) {
    const sample = inputCodes(codes.subarray(k * size, (k + 1) * size), bits);
    const train = k % 11 !== 10;
    const expected = plain.sample(sample, labels[k], train);
    expect(kernels.sample(sample, labels[k], train)).toBe(expected);
    expect(vectors(kernels.path.scratch)).toEqual(vectors(plain.path.scratch));
  }
  expect(everything(kernels)).toEqual(everything(plain));
}

/** The same machine with formats too narrow for its data, so that requantiser and alignment clip as well. */
function narrowed(machine: PreparedMachine, zBits: number, exponents: number): PreparedMachine {
  const layers = machine.ir.layers.map((layer) => {
    const { gradient } = layer;
    return { ...layer, zBits, gradient: { ...gradient, exponentZero: gradient.exponentZero - exponents } };
  });
  return { ...machine, ir: { ...machine.ir, layers } };
}

const runs = fc.record({
  machine: preparedDesign(),
  seed: fc.nat(1e6),
  part: fc.oneof(fc.constant(null), fc.constantFrom(0, 0.5, 1)),
  zBits: fc.constantFrom(16, 16, 9),
  exponents: fc.constantFrom(0, 0, 8, 16, 40),
});

test.prop([runs], { numRuns: 100 })(
  "kernels leave the bits of the plain units on random designs",
  ({ machine, seed, part, zBits, exponents }) => {
    fc.pre(beyondKernels(machine.ir) === null);
    compare(narrowed(machine, zBits, exponents), Math.min(60, Math.max(8, 2 * machine.ir.batch + 3)), seed, part);
  },
);

function special(tile: object, device: string, layers: number[]): PreparedMachine {
  const machine = prepared({
    name: "special",
    network: { layers, activation: "relu", loss: "softmax-cross-entropy" },
    tile,
    device: { preset: device },
    gradient: { method: "mbgd", rounding: "stochastic" },
    training: { batch: 4, learningRate: 0.5 },
  });
  if (!machine) throw new Error("the design is refused");
  return machine;
}

test.each(["lossless", 8])("column sums at the edge of 16 bits are right (adcBits %s)", (adcBits) => {
  // 131 lines · 250 fit 16 bits, 132 do not; every cell at an end of its range and every bit driven makes sums that large.
  for (const rows of [128, 131, 132, 136]) {
    const machine = special({ rows, cols: 8, columnsPerAdc: 1, adcBits }, "ideal-500", [rows, 65, 3]);
    const { full } = machine.ir.cell;
    for (const value of [0, full]) {
      for (const cells of machine.conductances) cells.fill(value);
      const [plain, kernels] = [plainMachine(machine), kernelMachine(machine)];
      const bright = new Int16Array(rows).fill(255);
      for (const m of [plain, kernels]) m.sample(bright, 1, true);
      expect(vectors(kernels.path.scratch)).toEqual(vectors(plain.path.scratch));
      expect(everything(kernels)).toEqual(everything(plain));
    }
  }
});

test("a tall layer of many tiles and planes accumulates without loss", () => {
  const machine = special({ rows: 4, cols: 4, columnsPerAdc: 4, adcBits: "lossless" }, "ideal-4095", [900, 70, 5]);
  expect(beyondKernels(machine.ir)).toBeNull();
  compare(machine, 6, 3, null);
});

test("designs whose accumulators need more bits than the kernels have are named", () => {
  const wide = special({ rows: 4, cols: 4, columnsPerAdc: 4, adcBits: "lossless" }, "ideal-16383", [900, 70, 5]);
  expect(beyondKernels(wide.ir)).toMatch(/forward accumulators of \d+ bits/);
});
