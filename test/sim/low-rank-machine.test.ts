/** Machines with low-rank units of random programs: the update's kernel, threads and listeners change nothing. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { Ir } from "../../generator/ir.ts";
import type { PreparedMachine } from "../../generator/prepare.ts";
import { beyondKernels } from "../../sim/kernels/limits.ts";
import type { Listener, Machine } from "../../sim/machine.ts";
import { createRunner } from "../../sim/parallel.ts";
import { inputCodes } from "../../sim/units/sample-input.ts";
import { everything, preparedDesign, randomData, randomSamples } from "./designs.ts";
import { draws, plainOps, programOf, shape } from "./low-rank-units.ts";
import { kernelMachine, plainMachine } from "./machines.ts";

const parts = fc.tuple(
  draws(plainOps, 25),
  draws(plainOps, 6),
  draws(["putX", "putD", "sigma", "sigma", "combineX", "combineD", "storeX", "storeD"], 25),
  draws(plainOps, 5),
  draws(plainOps, 5),
);

/** A design of any kind whose gradient low-rank units keep, by programs that make no sense. */
const machineOf = (seed: number) =>
  fc
    .record({
      machine: preparedDesign({ method: "mbgd" }),
      of: shape,
      parts: fc.tuple(parts, parts, parts, parts),
      startsEmpty: fc.boolean(),
      sequential: fc.boolean(),
      initial: fc.boolean(),
      shift: fc.integer({ min: -5, max: 120 }),
      multiplier: fc.integer({ min: 1, max: 2 ** 15 }),
    })
    .map(({ machine, of, parts, startsEmpty, sequential, initial, shift, multiplier }): PreparedMachine => {
      const [first, sample, flush, batch] = parts.map((p, k) => ({
        ...programOf(of, p, [3, 2, 2]),
        cycles: 100 + k + seed,
      }));
      const { unit } = of;
      const lowRank = {
        ...unit,
        ...{ startsEmpty, initial: initial ? first : null, sample, flush: unit.slots > 0 ? flush : null, batch },
        ...{ passes: sequential ? unit.outer : 1, terms: sequential ? 1 : unit.outer },
        seeds: machine.ir.layers.map((_, l) => 77 + l),
      };
      const layers = machine.ir.layers.map((layer) => ({ ...layer, update: { ...layer.update, shift, multiplier } }));
      const ir: Ir = { ...machine.ir, method: "lrt", layers, lowRank };
      return { ...machine, ir };
    });

/** Trains on whole batches. */
function train(machine: Machine, samples: number, seed: number): unknown {
  const { vectors, errorUnit } = machine.ir;
  const { size, bits } = vectors[0];
  const { codes, labels } = randomSamples(size, errorUnit.outputs, samples, seed);
  for (let k = 0; k < samples; k++)
    machine.sample(inputCodes(codes.subarray(k * size, (k + 1) * size), bits), labels[k], true);
  return everything(machine);
}

const silent: Listener = {
  ...{ sample() {}, gradientStart() {}, instruction() {}, gradient() {}, update() {}, range() {} },
};

describe("low-rank units of random programs", () => {
  test.prop([machineOf(1), fc.nat(1e6)], { numRuns: 150 })(
    "leave the same on the plain path, heard or not, and on the kernels",
    (machine, seed) => {
      fc.pre(beyondKernels(machine.ir) === null);
      const samples = Math.min(3, Math.ceil(20 / machine.ir.batch)) * machine.ir.batch;
      const expected = train(plainMachine(machine), samples, seed);
      expect(train(kernelMachine(machine), samples, seed)).toEqual(expected);
      const heard = plainMachine(machine);
      heard.listener = silent;
      expect(train(heard, samples, seed)).toEqual(expected);
    },
  );

  test.prop([machineOf(2), fc.nat(1e6)], { numRuns: 12 })(
    "leave the same on one, two and four threads as sample by sample",
    async (machine, seed) => {
      fc.pre(beyondKernels(machine.ir) === null);
      const { batch } = machine.ir;
      const data = randomData(machine, 2 * batch, 4, seed);
      const orders = [0, 1, 2].map((b) => Uint32Array.from({ length: batch }, (_, k) => (b * 7 + k * 3) % (2 * batch)));
      const plain = plainMachine(machine);
      const { size, bits } = machine.ir.vectors[0];
      for (const order of orders)
        for (const k of order)
          plain.sample(
            inputCodes(data.train.codes.subarray(k * size, (k + 1) * size), bits),
            data.train.labels[k],
            true,
          );
      for (const threads of [1, 2, 4]) {
        const runner = await createRunner(machine.ir, machine.conductances, data, threads);
        await runner.ready();
        for (const order of orders) runner.batch(order);
        expect(everything(runner.machine)).toEqual(everything(plain));
        await runner.close();
      }
    },
  );
});
