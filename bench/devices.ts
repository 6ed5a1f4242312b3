/** What non-ideal devices cost the simulator: `node --import tsx bench/devices.ts [batches]`. The same design with ideal
 *  devices and with every non-ideality, batch by batch in turn; the fastest tenth of each counts, as other programs' time
 *  is not the simulator's. */
import { loadDataset } from "../data/dataset.ts";
import { epochOrder } from "../data/order.ts";
import { shapeOf } from "../data/samples.ts";
import { presets } from "../generator/design/presets.ts";
import { type DesignInput, validateDesign } from "../generator/design/schema.ts";
import { prepareMachine } from "../prepare/machine.ts";
import { createRunner, type Runner } from "../sim/parallel.ts";

const BATCHES = Number(process.argv[2] ?? 40);

const ideal = { preset: "ideal-500" };
const noises = {
  "curves and noise of pulses": { preset: "ag-a-si", deviceToDevice: 0.5 },
  "noise of reads": { preset: "ideal-500", readNoise: 0.01 },
  drift: { preset: "ideal-500", drift: 0.0001 },
  "all, and stuck cells": {
    preset: "ag-a-si",
    deviceToDevice: 0.5,
    stuckOn: 0.01,
    stuckOff: 0.01,
    readNoise: 0.01,
    drift: 0.0001,
  },
};

const gradients: Record<string, DesignInput["gradient"]> = {
  sgd: { method: "sgd" },
  mbgd: { method: "mbgd" },
  "lrt, k = 3": { method: "lrt", rank: 3 },
  "sbpca, k = 3, rank-seq": { method: "sbpca", rank: 3, update: "rank-seq" },
  "sbpca, k = 3, by coincidence": { method: "sbpca", rank: 3, update: "rank-seq", programming: "coincidence" },
};

async function runnerOf(gradient: DesignInput["gradient"], device: DesignInput["device"]): Promise<Runner> {
  const design = validateDesign({ ...presets["mnist-mlp"], gradient, device }, "bench");
  const { ir, conductances } = prepareMachine(design);
  const { train, test } = loadDataset(shapeOf(design.network));
  return createRunner(ir, conductances, { train, test }, 1);
}

function fastest(milliseconds: number[]): number {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const kept = sorted.slice(0, Math.max(1, Math.floor(sorted.length / 10)));
  return kept.reduce((sum, time) => sum + time, 0) / kept.length;
}

console.log("| gradient | ideal, ms a batch | | times as long |");
console.log("|---|---|---|---|");
for (const [name, gradient] of Object.entries(gradients))
  for (const [what, device] of Object.entries(noises)) {
    const runners = [await runnerOf(gradient, ideal), await runnerOf(gradient, device)];
    const times: number[][] = [[], []];
    const { batch } = runners[0].machine.ir;
    const order = epochOrder(60_000, 1, 0);
    for (let n = 0; n < BATCHES; n++)
      runners.forEach((runner, r) => {
        const begun = performance.now();
        runner.batch(order.subarray(n * batch, (n + 1) * batch));
        if (n > 1) times[r].push(performance.now() - begun);
      });
    for (const runner of runners) await runner.close();
    const [plain, noisy] = times.map(fastest);
    console.log(`| ${name} | ${plain.toFixed(1)} | ${what} | ${(noisy / plain).toFixed(2)} |`);
  }
