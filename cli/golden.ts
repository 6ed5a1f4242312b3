/** `rankloom golden`: the same training in float64, from the equations; also for devices of continuous weights. */
import { setImmediate } from "node:timers/promises";
import type { Command } from "commander";
import { EXIT, Refusal } from "../generator/base/errors.ts";
import { count, percent } from "../generator/base/quantities.ts";
import { dataOf, Output, table } from "../report/console.ts";
import {
  type AmountOptions,
  addAmounts,
  addDesign,
  addJson,
  addSeed,
  type DesignOptions,
  designOf,
} from "./options.ts";
import { interruptible } from "./run.ts";

interface Options extends DesignOptions, AmountOptions {
  readonly json?: string;
}

export function addGolden(root: Command): Command {
  const command = root.command("golden").description("train a design in float64, as mathematics has it");
  addAmounts(addSeed(addDesign(command)));
  return addJson(command).action(golden);
}

async function golden(name: string, options: Options): Promise<void> {
  const { design, source } = await designOf(name, options);
  const output = await Output.open(options.json);
  const [{ loadDataset }, { shapeOf }, { epochLength, epochOrder }, { initialWeights }, { newTrainer }, { accuracy }] =
    await Promise.all([
      import("../data/dataset.ts"),
      import("../data/samples.ts"),
      import("../data/order.ts"),
      import("../generator/ir/initial.ts"),
      import("../golden/trainer.ts"),
      import("../golden/gradient.ts"),
    ]);
  const { layers } = design.network;
  const data = loadDataset(shapeOf(design.network), { path: options.data });
  const first = (samples: typeof data.train, wanted = samples.count) => {
    const n = Math.min(wanted, samples.count);
    return { count: n, codes: samples.codes.subarray(0, n * layers[0]), labels: samples.labels.subarray(0, n) };
  };
  const train = first(data.train, options.samples);
  const test = first(data.test, options.testSamples);
  const { batch, seed, epochSamples } = design.training;
  const batches = Math.floor(epochLength(train.count, epochSamples) / batch);
  if (train.count < batch)
    throw new Refusal(
      `${source}: training.batch: ${batch} is more than the ${train.count} training samples; use at most ${train.count}`,
    );

  const signal = interruptible();
  const trainer = newTrainer(design, initialWeights(design), seed);
  const perEpoch: number[] = [];
  const lossPerEpoch: number[] = [];
  const start = performance.now();
  let trained = 0;
  for (let epoch = 0; epoch < options.epochs && !signal.aborted; epoch++) {
    const order = epochOrder(train.count, seed, epoch, epochSamples);
    let loss = 0;
    let done = 0;
    for (; done < batches && !signal.aborted; done++) {
      loss += trainer.train(train, order.subarray(done * batch, (done + 1) * batch));
      output.progress(`epoch ${epoch + 1} of ${options.epochs}`, done + 1, batches);
      await setImmediate();
    }
    trained += done * batch;
    perEpoch.push(accuracy(design.network, trainer.weights, test, trainer.noise));
    lossPerEpoch.push(loss / done);
    output.say(`epoch ${epoch + 1}: ${percent(perEpoch[epoch])} right, loss ${(loss / done).toFixed(4)}`);
  }
  const result = {
    design,
    data: { name: data.name, source: data.source, sha256: data.sha256 },
    epochs: options.epochs,
    samples: trained,
    accuracy: { test: perEpoch[perEpoch.length - 1], perEpoch },
    loss: { perEpoch: lossPerEpoch },
    pulses: { ...pulsesOf(trainer.pulses), ...trainer.trains },
    seconds: (performance.now() - start) / 1000,
    interrupted: signal.aborted,
  };
  await output.result(result);
  output.say(
    [
      `${design.name} in float64: ${percent(result.accuracy.test)} of the test samples right after ${count(trained)} training samples${result.interrupted ? " (interrupted)" : ""}`,
      ...table(
        [
          ["data", dataOf(data)],
          ["data sha256", data.sha256],
          ["pulses", `${count(result.pulses.total)}, at most ${count(result.pulses.maxPerCell)} in one cell`],
          ...(trainer.trains === null ? [] : [["pulse trains", trainsOf(trainer.trains)]]),
          ["seconds", result.seconds.toFixed(1)],
        ],
        [0, 1],
      ),
    ].join("\n"),
  );
  if (result.interrupted) process.exitCode = EXIT.interrupted;
}

function trainsOf({ slots, clipped }: { readonly slots: number; readonly clipped: number }): string {
  return `${count(slots)} slots, ${count(clipped)} times a line that would fire more often than in every one`;
}

function pulsesOf(layers: readonly Uint32Array[]): { total: number; maxPerCell: number } {
  let total = 0;
  let maxPerCell = 0;
  for (const cells of layers)
    for (const pulses of cells) {
      total += pulses;
      maxPerCell = Math.max(maxPerCell, pulses);
    }
  return { total, maxPerCell };
}
