/** Time of a low-rank machine: a sample's gradient runs beside the next sample. Formulas, counting without a trace, and
 *  the events of a trace agree; so do the busy cycles of the units. */
import { describe, expect, it } from "vitest";
import { type DesignInput, validateDesign } from "../../generator/design/schema.ts";
import { gradientPhase, handOverWait, programCycles, sampleCycles } from "../../generator/ir/hand-over.ts";
import { utilisation } from "../../generator/ir/utilisation.ts";
import { type PreparedMachine, prepareMachine } from "../../prepare/machine.ts";
import { totalCycles } from "../../sim/cycles.ts";
import { Machine } from "../../sim/machine.ts";
import { PlainSamplePath } from "../../sim/sample-path.ts";
import { createState } from "../../sim/state.ts";
import { Tracer } from "../../sim/trace.ts";
import { HostStalls, inputCodes } from "../../sim/units/sample-input.ts";
import { randomSamples } from "./designs.ts";

interface Settings {
  readonly gradient: DesignInput["gradient"];
  readonly layers?: number[];
  readonly batch?: number;
  readonly readCycles?: number;
  readonly learningRate?: number;
}

const machineOf = ({ gradient, layers = [13, 9, 5], batch = 3, readCycles = 1, learningRate = 2 }: Settings) =>
  prepareMachine(
    validateDesign(
      {
        name: "overlap",
        network: { layers, activation: "relu", loss: "softmax-cross-entropy" },
        tile: { rows: 8, cols: 6, columnsPerAdc: 2, adcBits: 5, readCycles },
        device: { preset: "ideal-60" },
        gradient,
        training: { batch, learningRate, seed: 5 },
      },
      "overlap",
    ),
  );

/** Runs samples with a tracer; `events` by channel, in the order in which they were given. */
function traced({ ir, conductances }: PreparedMachine, count: number, stalls = 0, inference: readonly number[] = []) {
  const state = createState(ir, conductances);
  const path = new PlainSamplePath(ir, state.layers);
  const machine = new Machine(ir, state, path);
  const events = new Map<string, { cycle: number; value: bigint }[]>();
  const keys = ir.channels.map((c) => `${c.scope}/${c.strobe ?? c.fields[0].name}`);
  for (const key of keys) events.set(key, []);
  const tracer = new Tracer(ir, machine, path, new HostStalls(stalls), (channel, cycle, value) => {
    events.get(keys[channel])?.push({ cycle, value });
  });
  machine.listener = tracer;
  const { size, bits } = ir.vectors[0];
  const { codes, labels } = randomSamples(size, ir.errorUnit.outputs, count, 3);
  const ends: number[] = [];
  for (let s = 0; s < count; s++) {
    machine.sample(inputCodes(codes.subarray(s * size, (s + 1) * size), bits), labels[s], !inference.includes(s));
    ends.push(tracer.cycle);
  }
  tracer.finish();
  /** Entry and length of each pass through a phase. */
  const phasesOf = (number: number) => {
    const changes = events.get("sequencer/o_phase") ?? [];
    return changes.flatMap(({ cycle, value }, k) =>
      Number(value) === number && changes[k + 1] ? [{ entry: cycle, length: changes[k + 1].cycle - cycle }] : [],
    );
  };
  return { ir, machine, events, ends, phasesOf };
}

const LOW_RANK: [string, Settings][] = [
  ["longer than the other phases", { gradient: { method: "lrt", rank: 2, lanes: 4 } }],
  ["longer, one layer", { gradient: { method: "sbpca", rank: 2, lanes: 4 }, layers: [13, 5] }],
  ["shorter, three layers", { gradient: { method: "sbpca", rank: 1, lanes: 8 }, layers: [9, 8, 6, 4], readCycles: 8 }],
  ["shorter by lrt", { gradient: { method: "lrt", rank: 2, lanes: 4 }, readCycles: 48 }],
  ["about as long", { gradient: { method: "sbpca", rank: 1, lanes: 8 }, layers: [13, 5], readCycles: 9 }],
  ["batches of two", { gradient: { method: "sbpca", rank: 2, lanes: 4 }, batch: 2 }],
  ["batches of one", { gradient: { method: "lrt", rank: 1, lanes: 4 }, batch: 1 }],
];

describe("a gradient", () => {
  it.each(LOW_RANK)("%s takes the cycles of its formula, counted as traced", (_, settings) => {
    const prepared = machineOf(settings);
    const { ir } = prepared;
    const count = 2 * ir.batch + 1;
    const { machine, ends, phasesOf } = traced(prepared, count);
    const others = sampleCycles(ir.phases);
    const lengths = phasesOf(5).map(({ length }) => length);
    const C = (n: number) => programCycles(ir, n);
    expect(lengths).toEqual(Array.from({ length: count }, (_, n) => gradientPhase(ir, n, others)));
    lengths.forEach((length, n) => {
      const place = n % ir.batch;
      const wait = place === 0 ? 0 : Math.max(0, C(n - 1) - others);
      expect(length).toBe(1 + wait + (place === ir.batch - 1 ? C(n) : 0));
    });
    expect(totalCycles(machine.cycles)).toBe(ends[count - 1]);
    expect(machine.cycles.gradient).toBe(lengths.reduce((a, b) => a + b, 0));
  });

  it("that is waited for leaves no other choice: the cases above are both longer and shorter", () => {
    const relations = LOW_RANK.map(([, settings]) => {
      const { ir } = machineOf(settings);
      return Math.sign(programCycles(ir, 0) - sampleCycles(ir.phases));
    });
    expect(new Set(relations)).toEqual(new Set([-1, 1]));
  });

  it.each(LOW_RANK)("%s is waited for less where the host stalls, and its events stay in order", (_, settings) => {
    const prepared = machineOf(settings);
    const { ir } = prepared;
    const { events, phasesOf } = traced(prepared, 2 * ir.batch + 1, 11);
    const gradients = phasesOf(5);
    gradients.forEach(({ entry, length }, n) => {
      if (n % ir.batch === ir.batch - 1 || n === 0) return;
      // The hand-over is the last cycle of its phase.
      const before = gradients[n - 1];
      const elapsed = entry - (before.entry + before.length);
      expect(length).toBe(1 + handOverWait(ir, n, elapsed));
    });
    for (const list of events.values())
      list.forEach(({ cycle }, k) => {
        if (k > 0) expect(cycle).toBeGreaterThan(list[k - 1].cycle);
      });
  });

  it("is hidden by a sample that is only classified, too, and the counting knows it", () => {
    const prepared = machineOf({ gradient: { method: "lrt", rank: 2, lanes: 4 } });
    const { machine, ends, phasesOf } = traced(prepared, 8, 0, [1, 2, 5]);
    expect(phasesOf(5)).toHaveLength(5);
    expect(totalCycles(machine.cycles)).toBe(ends[7]);
  });
});

describe("a unit is busy in the cycles that a trace shows, with", () => {
  it.each([
    ["lrt", { method: "lrt", rank: 2, lanes: 4 }],
    ["sbpca", { method: "sbpca", rank: 3, lanes: 2 }],
    ["mbgd", { method: "mbgd", lanes: 4 }],
    ["sgd", { method: "sgd", lanes: 4 }],
  ] as [string, DesignInput["gradient"]][])("%s", (_, gradient) => {
    // No pulse, so that nothing depends on data.
    const quiet = { ...gradient, rounding: "nearest" } as DesignInput["gradient"];
    const prepared = machineOf({ gradient: quiet, learningRate: 1e-6, readCycles: 2 });
    const { ir, events, ends, phasesOf, machine } = traced(prepared, 6);
    expect(machine.state.pulses).toBe(0);
    const from = ends[2];
    const { batch, units, programs } = utilisation(ir);
    expect(ends[5] - from).toBe(batch);
    const cyclesOf = (unit: string, layer: number | null = null) =>
      units.find((u) => u.unit === unit && u.layer === layer)?.cycles;
    const inBatch = (key: string) => (events.get(key) ?? []).filter(({ cycle }) => cycle >= from);
    const last = ir.layers.length - 1;
    const errors = phasesOf(3).filter(({ entry }) => entry >= from);
    const raws = inBatch(`layer_${last}/raw_write`);
    const perSample = ir.vectors[last + 1].words;
    expect(cyclesOf("error_unit")).toBe(
      errors.reduce((sum, { entry }, s) => sum + raws[(s + 1) * perSample - 1].cycle - entry + 1, 0),
    );
    ir.layers.forEach((layer, l) => {
      const tile = `layer_${l}.g_row[0].g_col[0].tile`;
      expect(cyclesOf("forward_engine", l)).toBe(inBatch(`${tile}/column_valid`).length * ir.readCycles);
      if (layer.backward)
        expect(cyclesOf("backward_engine", l)).toBe(inBatch(`${tile}/row_valid`).length * ir.readCycles);
      const { words } = ir.vectors[l + 1];
      const lasts = (key: string) => inBatch(key).filter((_, k) => k % words === words - 1);
      const deltas = lasts(`layer_${l}/delta_write`);
      expect(cyclesOf("error_scaler", l)).toBe(
        lasts(`layer_${l}/raw_write`).reduce((sum, { cycle }, s) => sum + deltas[s].cycle - cycle, 0),
      );
      if (ir.method === "mbgd") expect(cyclesOf("gradient_unit", l)).toBe(inBatch(`layer_${l}/gradient_write`).length);
    });
    const updates = phasesOf(6).filter(({ entry }) => entry >= from);
    expect(Math.max(...ir.layers.map((_, l) => cyclesOf("update_unit", l) ?? 0))).toBe(
      updates.reduce((sum, { length }) => sum + length, 0),
    );
    expect(programs === null).toBe(ir.lowRank === undefined);
    if (!ir.lowRank || !programs) return;
    // Cycles of the programs that are no cycles of the gradient phase, which has one more for each hand-over.
    const shown = phasesOf(5)
      .filter(({ entry }) => entry >= from)
      .reduce((sum, { length }) => sum + length - 1, 0);
    expect(programs.hidden).toBe(programs.cycles - shown);
    for (const { part } of units) expect(part).toBeLessThanOrEqual(1);
    // Each word of a new column is written after its loads and products.
    const k = ir.lowRank.rank;
    const writes = inBatch("layer_0/x_factor_write").length;
    expect(cyclesOf("x_vector_unit", 0)).toBeGreaterThanOrEqual((writes / k) * (k + 1) ** 2);
    expect(cyclesOf("scalar_unit")).toBeLessThan(programs.cycles);
  });
});
