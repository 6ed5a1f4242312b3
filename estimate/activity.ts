/** What the machine does while it trains: a few batches on the simulator, counted beside its kernels from the codes on the
 *  lines, the cells and their wear. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadDataset } from "../data/dataset.ts";
import { epochLength, epochOrder } from "../data/order.ts";
import { shapeOf } from "../data/samples.ts";
import { Refusal } from "../generator/base/errors.ts";
import { writeFileWhole } from "../generator/base/write.ts";
import { cacheDir } from "../kept/cache.ts";
import { dataKey } from "../kept/data.ts";
import { contentKey } from "../kept/key.ts";
import { programVersion } from "../kept/program.ts";
import type { PreparedMachine } from "../prepare/machine.ts";
import { totalCycles } from "../sim/cycles.ts";
import { createRunner } from "../sim/parallel.ts";
import { inputCodes } from "../sim/units/sample-input.ts";

/** Reads in one direction. A line counts once for each bit-plane in which it is driven. */
export interface ReadActivity {
  readonly drivenLines: number;
  /** Cells on these lines, each read once in a plane, and the sum of their conductances as parts of the range. */
  readonly cells: number;
  readonly conductance: number;
}

interface PulseActivity {
  readonly pulses: number;
  /** Sum over them of the conductance of their cell, as a part of the range. */
  readonly conductance: number;
}

export interface LayerActivity {
  readonly forward: ReadActivity;
  /** Zero for the first layer, through which no error is read. */
  readonly backward: ReadActivity;
  readonly set: PulseActivity;
  readonly reset: PulseActivity;
  readonly mostWorn: number;
}

export interface Activity {
  readonly samples: number;
  readonly batches: number;
  /** Samples of one epoch, in whole batches. */
  readonly epochSamples: number;
  readonly data: string;
  readonly cycles: number;
  readonly byPhase: Readonly<Record<string, number>>;
  readonly layers: readonly LayerActivity[];
}

/** Batches are run until so many samples are seen, at least two batches. */
const ENOUGH_SAMPLES = 256;
const LEAST_BATCHES = 2;

type Sums = { drivenLines: number; cells: number; conductance: number };
const nothing = (): Sums => ({ drivenLines: 0, cells: 0, conductance: 0 });

/** As measured, or kept from an earlier run of the same machine on the same data. */
export async function activityOf(prepared: PreparedMachine, data?: string): Promise<Activity> {
  const { ir } = prepared;
  const shape = shapeOf(ir.design.network);
  const version = programVersion(import.meta.url);
  const folder = join(cacheDir, "activity");
  const file = join(folder, `${contentKey({ ir, data: dataKey(shape, { path: data }), version })}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as Activity;
  const activity = await measureActivity(prepared, data);
  mkdirSync(folder, { recursive: true });
  writeFileWhole(file, `${JSON.stringify(activity)}\n`);
  return activity;
}

async function measureActivity({ ir, conductances }: PreparedMachine, data?: string): Promise<Activity> {
  const dataset = loadDataset(shapeOf(ir.design.network), { path: data });
  const { train } = dataset;
  const { seed, epochSamples } = ir.design.training;
  const possible = Math.floor(epochLength(train.count, epochSamples) / ir.batch);
  if (possible === 0)
    throw new Refusal(
      `${ir.name}: training.batch: ${ir.batch} samples are more than the ${train.count} to train on; use ${train.count} or fewer`,
    );
  const batches = Math.min(possible, Math.max(LEAST_BATCHES, Math.ceil(ENOUGH_SAMPLES / ir.batch)));
  const order = epochOrder(train.count, seed, 0, epochSamples);
  const runner = await createRunner(ir, conductances, { train, test: { ...dataset.test, count: 0 } }, 1);
  const { machine } = runner;
  const { scratch } = runner.path;
  const sums = ir.layers.map(() => ({
    forward: nothing(),
    backward: nothing(),
    set: { pulses: 0, conductance: 0 },
    reset: { pulses: 0, conductance: 0 },
  }));
  try {
    for (let batch = 0; batch < batches; batch++) {
      const before = machine.state.layers.map(({ cells, wear }) => ({ cells: cells.slice(), wear: wear.slice() }));
      const lines = ir.layers.map(({ inputs, outputs }, l) => lineSums(before[l].cells, inputs, outputs, ir.cell.full));
      const each = ir.cell.pairs ? 2 : 1;
      for (const index of order.subarray(batch * ir.batch, (batch + 1) * ir.batch)) {
        const { size, bits } = ir.vectors[0];
        const codes = train.codes.subarray(index * size, (index + 1) * size);
        machine.sample(inputCodes(codes, bits), train.labels[index], true);
        ir.layers.forEach(({ inputs, outputs }, l) => {
          count(sums[l].forward, scratch.x[l], inputs, lines[l].rows, each * outputs);
          if (l > 0) count(sums[l].backward, scratch.delta[l], outputs, lines[l].columns, each * inputs);
        });
      }
      machine.state.layers.forEach(({ cells, wear }, l) => {
        for (let k = 0; k < cells.length; k++) {
          const pulses = wear[k] - before[l].wear[k];
          if (pulses === 0) continue;
          const direction = cells[k] >= before[l].cells[k] ? sums[l].set : sums[l].reset;
          direction.pulses += pulses;
          direction.conductance += (pulses * (cells[k] + before[l].cells[k])) / (2 * ir.cell.full);
        }
      });
    }
    return {
      samples: batches * ir.batch,
      batches,
      epochSamples: possible * ir.batch,
      data: dataset.name,
      cycles: totalCycles(machine.cycles),
      byPhase: { ...machine.cycles },
      layers: sums.map((layer, l) => ({
        ...layer,
        mostWorn: machine.state.layers[l].wear.reduce((most, pulses) => Math.max(most, pulses), 0),
      })),
    };
  } finally {
    await runner.close();
  }
}

/** Sums of the conductances of each row's and each column's cells; of pairs, of both. */
function lineSums(cells: Uint16Array, inputs: number, outputs: number, full: number) {
  const rows = new Float64Array(inputs);
  const columns = new Float64Array(outputs);
  cells.forEach((units, k) => {
    const g = units / full;
    rows[Math.floor(k / outputs) % inputs] += g;
    columns[k % outputs] += g;
  });
  return { rows, columns };
}

/** Adds one sample's read: a line is driven in the planes where its magnitude has a 1. */
function count(into: Sums, codes: Int16Array, lines: number, conductance: Float64Array, cells: number): void {
  for (let n = 0; n < lines; n++) {
    let planes = 0;
    for (let magnitude = Math.abs(codes[n]); magnitude > 0; magnitude >>= 1) planes += magnitude & 1;
    into.drivenLines += planes;
    into.cells += planes * cells;
    into.conductance += planes * conductance[n];
  }
}
