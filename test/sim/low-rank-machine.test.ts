/** Machines with low-rank units of random programs: the update's kernel, threads and listeners change nothing. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { channels } from "../../generator/ir/channels.ts";
import { programCycles } from "../../generator/ir/hand-over.ts";
import type { Ir } from "../../generator/ir/ir.ts";
import type { Instruction, Op, Program } from "../../generator/methods/low-rank/program.ts";
import type { LowRankIr } from "../../generator/methods/low-rank/unit.ts";
import type { PreparedMachine } from "../../prepare/machine.ts";
import { beyondKernels } from "../../sim/kernels/limits.ts";
import type { LowRankState } from "../../sim/kernels/low-rank-unit.ts";
import { type Listener, Machine } from "../../sim/machine.ts";
import { createRunner } from "../../sim/parallel.ts";
import { PlainSamplePath } from "../../sim/sample-path.ts";
import { createState } from "../../sim/state.ts";
import { Tracer } from "../../sim/trace.ts";
import { HostStalls, inputCodes } from "../../sim/units/sample-input.ts";
import { Banks, snapshot } from "../../verify/states.ts";
import { everything, prepared, preparedDesign, randomData, randomSamples } from "./designs.ts";
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
      // Many a little beyond where the shift is cut, with products that are still seen there.
      shift: fc.oneof(fc.integer({ min: -5, max: 120 }), fc.integer({ min: 22, max: 45 })),
      multiplier: fc.oneof(fc.integer({ min: 1, max: 2 ** 15 }), fc.integer({ min: 2 ** 16, max: 2 ** 17 - 1 })),
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
  ...{ sample() {}, gradientStart() {}, instruction() {}, gradient() {}, update() {}, trains() {}, range() {} },
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

describe("the trace", () => {
  const [INPUTS, OUTPUTS, LANES, RANK, OUTER, SLOTS] = [11, 6, 4, 2, 2, 3];
  const instruction = (op: Op, wait: number, operands: Partial<Instruction> = {}): Instruction => ({
    ...{ op, d: 0, a: 0, b: -1, c: 0, wait },
    ...operands,
  });
  const program = (...list: Instruction[]): Program => {
    const instructions = [...list, instruction("end", 0)];
    return { instructions, cycles: instructions.reduce((sum, { wait }) => sum + wait + 1, 0) } as unknown as Program;
  };
  const lowRank: LowRankIr = {
    ...{ method: "nmf", rank: RANK, columns: RANK + OUTER, first: RANK, outer: OUTER, slots: SLOTS, rowColumns: 0 },
    ...{ startsEmpty: false, factorBits: 8, passes: 1, terms: OUTER },
    initial: program(instruction("sigma", 9, { a: 1 })),
    // 3 words, rank 2: a combination takes 3 + 3 · 6 + 4 cycles.
    sample: program(
      instruction("keep", 6),
      instruction("putX", 4, { a: 5 }),
      instruction("combineX", 0),
      instruction("combineD", 29),
    ),
    flush: { ...program(instruction("storeD", 1, { a: 3, c: 1 }), instruction("loop", 3, { a: 0, b: 8 })), cycles: 49 },
    batch: program(instruction("copy", 9)),
    ...{ constants: [{ m: 2 ** 20, e: -21 }], memoryWords: 4, coefficients: 6, seeds: [1] },
  };
  const machine = prepared({
    name: "traced",
    network: { layers: [INPUTS, OUTPUTS], activation: "relu", loss: "softmax-cross-entropy" },
    tile: { rows: 8, cols: 8, columnsPerAdc: 1 },
    device: { preset: "ideal-16" },
    gradient: { method: "mbgd", lanes: LANES },
    training: { batch: 4, learningRate: 0.5 },
  }) as PreparedMachine;
  const layers = machine.ir.layers.map((layer) => ({ ...layer, gradient: { ...layer.gradient, bufferWords: 0 } }));
  const traced: Ir = { ...machine.ir, method: "nmf" as Ir["method"], keeps: "factors", layers, lowRank };
  const ir: Ir = { ...traced, channels: channels(traced) };

  /** Events by channel, in cycles after each sample's first instruction. */
  function trace(samples: number) {
    const state = createState(ir, machine.conductances);
    const path = new PlainSamplePath(ir, state.layers);
    const run = new Machine(ir, state, path);
    const events: { name: string; cycle: number; value: bigint; sample: number }[] = [];
    const starts: number[] = [];
    const phase = ir.channels.findIndex(({ scope }) => scope === "sequencer");
    const last = ir.channels.map(() => -1);
    const tracer = new Tracer(ir, run, path, new HostStalls(0), (channel, cycle, value) => {
      expect(cycle).toBeGreaterThanOrEqual(last[channel]);
      last[channel] = cycle;
      if (channel === phase && value === 5n) starts.push(cycle + 1);
      const name = ir.channels[channel].strobe ?? "level";
      const start = starts.at(-1) ?? 0;
      events.push({ name, cycle: cycle - start, value, sample: starts.length });
    });
    run.listener = tracer;
    const data = randomSamples(INPUTS, OUTPUTS, samples, 5);
    const ends = Array.from({ length: samples }, (_, k) => {
      run.sample(data.codes.subarray(k * INPUTS, (k + 1) * INPUTS), data.labels[k], true);
      return tracer.cycle;
    });
    const cycles = (name: string, sample: number) =>
      events.filter((e) => e.name === name && e.sample === sample).map((e) => e.cycle);
    return { cycles, events, starts, ends, machine: run };
  }

  it("has each event in the cycle that docs/low-rank.md gives it", () => {
    const { vectors } = ir;
    expect([vectors[0].words, vectors[1].words]).toEqual([3, 2]);
    const { cycles, events, starts, ends, machine: run } = trace(4);
    // The first sample begins behind `initial`, which takes 11 cycles.
    for (const [sample, t] of [
      [1, 11],
      [2, 0],
    ]) {
      expect(cycles("strength_write", sample)).toEqual(sample === 1 ? [2] : []);
      expect(cycles("x_sample_write", sample)).toEqual([t + 3, t + 4, t + 5]);
      expect(cycles("d_sample_write", sample)).toEqual([t + 3, t + 4]);
      expect(cycles("x_coefficient_write", sample)).toEqual([t + 7 + 2]);
      const first = (issue: number) => t + issue + 1 + 3 + 2 + 4;
      expect(cycles("x_factor_write", sample)).toEqual([0, 3, 6, 9, 12, 15].map((n) => first(12) + n));
      expect(cycles("d_factor_write", sample)).toEqual([0, 3, 6, 9].map((n) => first(13) + n));
    }
    // The third sample fills the slots: `flush` follows the 44 cycles of `sample`; two of its stores are beyond the side.
    const flush = lowRank.sample.cycles;
    expect(flush).toBe(44);
    const stores = (t: number) => Array.from({ length: OUTPUTS }, (_, n) => t + 6 * n + 3);
    expect(cycles("d_factor_write", 3).slice(4)).toEqual(stores(flush));
    // The fourth ends the batch: `flush`, 8 passes of 6 cycles and an end later `batch`.
    const batch = flush + 8 * 6 + 1;
    const copied = Array.from({ length: OUTER * 3 }, (_, m) => batch + 3 + m);
    expect(cycles("x_factor_write", 4).slice(6)).toEqual(copied);
    expect(cycles("d_factor_write", 4).slice(4)).toEqual([...stores(flush), ...copied.slice(0, OUTER * 2)]);
    // Slots by address: three words each.
    const addresses = [1, 2, 3, 4].map((sample) =>
      events.filter((e) => e.name === "x_sample_write" && e.sample === sample).map((e) => Number(e.value & 15n)),
    );
    expect(addresses).toEqual([
      [0, 1, 2],
      [3, 4, 5],
      [6, 7, 8],
      [0, 1, 2],
    ]);
    // The next sample comes at once; a batch's last waits for its programs.
    expect(ends[1] - starts[1]).toBe(0);
    expect(ends[3] - starts[3]).toBeGreaterThanOrEqual(programCycles(ir, 3));
    expect(run.state.batches).toBe(1);
  });

  it("goes with states of columns and samples, word by word", () => {
    const { machine: run } = trace(4);
    const states = snapshot(ir, run.state, new Banks(ir));
    const bytes = (name: string) => Array.from(states.get(`rankloom.layer_0.${name}.mem`) ?? []);
    // A word is LANES codes of 8 bits; the last one's lanes beyond the side are zero.
    const { factors, samples, stride } = (run.state.layers[0].lowRank as LowRankState).x;
    const words = (codes: Int16Array, rows: number) =>
      Array.from({ length: rows * 3 * LANES }, (_, n) => codes[Math.floor(n / 12) * stride + (n % 12)] & 255);
    expect(bytes("x_factors")).toEqual(words(factors, RANK + OUTER));
    expect(bytes("x_samples")).toEqual(words(samples, SLOTS));
    expect(bytes("x_samples").some((code) => code !== 0)).toBe(true);
    expect(bytes("d_factors")).toHaveLength((RANK + OUTER) * 2 * LANES);
  });
});
