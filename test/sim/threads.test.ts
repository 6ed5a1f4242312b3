/** Batches on several threads: what a run leaves does not depend on how many there are, nor on who does what. */
import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import { presets } from "../../generator/design/presets.ts";
import { validateDesign } from "../../generator/design/schema.ts";
import { type PreparedMachine, prepareMachine } from "../../prepare/machine.ts";
import { beyondKernels } from "../../sim/kernels/limits.ts";
import { Machine } from "../../sim/machine.ts";
import { createRunner, type RunnerData } from "../../sim/parallel.ts";
import { PlainSamplePath, TEST_SAMPLES } from "../../sim/sample-path.ts";
import { createState } from "../../sim/state.ts";
import { inputCodes } from "../../sim/units/sample-input.ts";
import { everything, prepared, preparedDesign, randomData } from "./designs.ts";

const BATCHES = 4;
const TESTS = 50;

function orders(batch: number, batches = BATCHES): Uint32Array[] {
  // Every training sample in two batches, so that order matters.
  return Array.from({ length: batches }, (_, b) =>
    Uint32Array.from({ length: batch }, (_, k) => (b * 7 + k * 3) % (2 * batch)),
  );
}

async function onThreads(
  machine: PreparedMachine,
  data: RunnerData,
  threads: number,
  batches = BATCHES,
): Promise<unknown> {
  const runner = await createRunner(machine.ir, machine.conductances, data, threads);
  try {
    await runner.ready();
    const tests: number[] = [];
    for (const order of orders(machine.ir.batch, batches)) {
      runner.batch(order);
      tests.push(runner.test(TESTS));
    }
    return { state: everything(runner.machine), tests };
  } finally {
    await runner.close();
  }
}

function onPlainPath({ ir, conductances }: PreparedMachine, { train, test }: RunnerData): unknown {
  const state = createState(ir, conductances);
  const path = new PlainSamplePath(ir, state.layers);
  const machine = new Machine(ir, state, path);
  const { size, bits } = ir.vectors[0];
  const tests: number[] = [];
  for (const order of orders(ir.batch)) {
    for (const k of order)
      machine.sample(inputCodes(train.codes.subarray(k * size, (k + 1) * size), bits), train.labels[k], true);
    let right = 0;
    for (let k = 0; k < TESTS; k++) {
      path.samples.forward = TEST_SAMPLES + k;
      path.scratch.x[0].set(inputCodes(test.codes.subarray(k * size, (k + 1) * size), bits));
      if (path.run(test.labels[k], false) === test.labels[k]) right++;
    }
    for (const counts of path.scratch.saturation) counts.fill(0);
    tests.push(right / TESTS);
  }
  return { state: everything(machine), tests };
}

test.prop([preparedDesign({ method: "mbgd" }), fc.nat(1e6)], { numRuns: 5 })(
  "one, two and eight threads leave the bits of the plain path",
  async (machine, seed) => {
    fc.pre(beyondKernels(machine.ir) === null);
    const data = randomData(machine, 2 * machine.ir.batch, TESTS, seed);
    const expected = onPlainPath(machine, data);
    for (const threads of [1, 2, 8]) expect(await onThreads(machine, data, threads)).toEqual(expected);
  },
);

test.prop([preparedDesign(), fc.nat(1e6)], { numRuns: 40 })(
  "a run on one thread leaves the bits of the plain path, whatever the method",
  async (machine, seed) => {
    const data = randomData(machine, 2 * machine.ir.batch, TESTS, seed);
    expect(await onThreads(machine, data, 1)).toEqual(onPlainPath(machine, data));
  },
);

function small(batch: number, gradient: object = {}): PreparedMachine {
  const machine = prepared({
    name: "small",
    network: { layers: [40, 30, 5], activation: "relu", loss: "softmax-cross-entropy" },
    tile: { rows: 16, cols: 16, columnsPerAdc: 4 },
    device: { preset: "ideal-500" },
    gradient: { method: "mbgd", ...gradient },
    training: { batch, learningRate: 0.5 },
  });
  if (!machine) throw new Error("the design is refused");
  return machine;
}

test("batches of one sample are the same on eight threads", async () => {
  const machine = small(1);
  const data = randomData(machine, 2, TESTS, 5);
  expect(await onThreads(machine, data, 8)).toEqual(onPlainPath(machine, data));
});

test("batches that are no multiple of what threads take are the same on two threads", async () => {
  for (const batch of [2, 3, 17, 33, 67]) {
    const machine = small(batch);
    const data = randomData(machine, 2 * batch, TESTS, batch);
    expect(await onThreads(machine, data, 2)).toEqual(onPlainPath(machine, data));
  }
});

test("a design beyond the kernels runs on the plain path", async () => {
  const machine = small(4, { accumulatorBits: 40 });
  const wide = {
    ...machine,
    ir: {
      ...machine.ir,
      layers: machine.ir.layers.map((l) => ({ ...l, gradient: { ...l.gradient, accumulatorBits: 33 } })),
    },
  };
  const data = randomData(wide, 8, TESTS, 2);
  const runner = await createRunner(wide.ir, wide.conductances, data, 2);
  expect(runner.plain).toBe("layer 0: gradient of 33 bits");
  for (const order of orders(4)) runner.batch(order);
  expect(runner.machine.state.batches).toBe(BATCHES);
  expect((everything(runner.machine) as { counters: unknown }).counters).toEqual(
    (onPlainPath(wide, data) as { state: { counters: unknown } }).state.counters,
  );
  await runner.close();
});

test("an error in a thread's work reaches the caller, and the runner still closes", async () => {
  const machine = small(64);
  const data = randomData(machine, 64, TESTS, 9);
  const entry = new URL("failing-work.mjs", import.meta.url);
  const runner = await createRunner(machine.ir, machine.conductances, data, 2, entry);
  await runner.ready();
  const order = Uint32Array.from({ length: 64 }, (_, s) => s);
  expect(() => {
    for (let k = 0; k < 2000; k++) runner.batch(order);
  }).toThrow(/^a thread of the simulator failed: Cannot read properties/);
  await runner.close();
});

test("a thread that does not come up reaches the caller, and the runner still closes", async () => {
  const machine = small(64);
  const data = randomData(machine, 64, TESTS, 9);
  const entry = new URL("failing-start.mjs", import.meta.url);
  const runner = await createRunner(machine.ir, machine.conductances, data, 2, entry);
  await expect(runner.ready()).rejects.toThrow("no thread today");
  expect(() => runner.batch(Uint32Array.from({ length: 64 }, (_, s) => s))).toThrow("no thread today");
  await runner.close();
});

test("the large preset is the same on one, two and eight threads, with all of them at work", async () => {
  const machine = prepareMachine(validateDesign(presets["mnist-mlp"], "mnist-mlp"));
  const data = randomData(machine, 2 * machine.ir.batch, TESTS, 11);
  const expected = await onThreads(machine, data, 1, 20);
  for (const threads of [2, 8]) expect(await onThreads(machine, data, threads, 20)).toEqual(expected);
});
