/** `rankloom train`: trains a design on the cycle-accurate simulator. */
import type { Command } from "commander";
import { EXIT, Refusal } from "../generator/base/errors.ts";
import { bits, count, cyclesOf, percent } from "../generator/base/quantities.ts";
import { WholeFile } from "../generator/base/write.ts";
import { dataOf, leftText, notReached, Output, table } from "../report/console.ts";
import type { CellMaps } from "../sim/cells.ts";
import type { TrainOptions, TrainResult } from "../sim/train.ts";
import type { Waveform } from "../sim/waveform.ts";
import {
  type AmountOptions,
  AT_ONCE,
  addAmounts,
  addDesign,
  addJson,
  addOut,
  addSeed,
  addWindow,
  type DesignOptions,
  designOf,
  named,
  numberWithin,
  type OutOptions,
  type WindowOptions,
  windowOf,
} from "./options.ts";
import { interruptible } from "./run.ts";

interface Options extends DesignOptions, AmountOptions, OutOptions, WindowOptions {
  readonly threads?: number;
  readonly json?: string;
  readonly vcd?: string;
}

export function addTrain(root: Command): Command {
  const command = root.command("train").description("train a design on the cycle-accurate simulator");
  addAmounts(addSeed(addDesign(command)));
  addOut(addJson(command))
    .option(
      "--threads <n>",
      "worker threads; the result is the same with any number",
      numberWithin("--threads", AT_ONCE),
    )
    .option("--vcd <file>", "write the waveform of a window of cycles");
  return addWindow(command).action(train);
}

async function train(name: string, options: Options): Promise<void> {
  const vcd = waveformFile(options);
  const window = windowOf(options);
  const { design } = await designOf(name, options);
  const output = await Output.open(options.json);
  const { data, epochs, samples, testSamples, threads } = options;
  const { RunFolder } = await import("../report/runs.ts");
  const told = { kind: "train", design, settings: { data, epochs, samples, testSamples } } as const;
  const folder = RunFolder.open(options.out, told, { module: import.meta.url });
  const { train: run } = await import("../sim/train.ts");
  const { vcdText } = await import("../sim/vcd.ts");
  let cells: CellMaps | undefined;
  const taken: Waveform[] = [];
  const take = (waveform: Waveform) => {
    taken.push(waveform);
    vcd?.write(vcdText(waveform));
  };
  const settings: TrainOptions = {
    design,
    data,
    epochs,
    samples,
    testSamples,
    threads,
    window: vcd ? { ...window, take } : undefined,
    onCells: (maps) => {
      cells = maps;
    },
    signal: interruptible(),
    onProgress: (p) => output.progress(`epoch ${p.epoch} of ${p.epochs}`, p.samples, p.of),
    onEpoch: (e) => output.say(`epoch ${e.epoch}: ${percent(e.accuracy)} right, ${e.seconds.toFixed(1)} s`),
  };
  const result = await run(settings);
  output.endProgress();
  await output.result(result);
  output.say(summary(result));
  if (folder && !result.interrupted) output.say(leftText(await folder.write({ ...told, result }, cells)));
  if (result.interrupted) process.exitCode = EXIT.interrupted;
  if (!vcd) return;
  if (taken.length === 0) throw new Refusal(`--from: ${notReached(window.from, result.cycles.total)}`);
  output.say(`waveform: ${options.vcd}, ${cyclesOf(taken[0])}`);
}

/** The file of --vcd, open for writing. */
function waveformFile({ vcd, from, cycles }: Options): WholeFile | null {
  if (vcd !== undefined) return new WholeFile(named("--vcd", vcd));
  if (from !== undefined) throw new Refusal("--from: needs --vcd FILE, the waveform that it begins");
  if (cycles !== undefined) throw new Refusal("--cycles: needs --vcd FILE, the waveform that it ends");
  return null;
}

function summary(result: TrainResult): string {
  const { design, data, cycles, memory, pulses } = result;
  return [
    `${design.name}: ${percent(result.accuracy.test)} of the test samples right after ${count(result.samples)} training samples${result.interrupted ? " (interrupted)" : ""}`,
    ...table(
      [
        ["data", dataOf(data)],
        ["data sha256", data.sha256],
        ["cycles", `${count(cycles.total)}, ${count(Math.round(cycles.perSample))} a sample`],
        ...Object.entries(cycles.byPhase).map(([phase, n]) => [`  ${phase}`, count(n)]),
        ["memory", `${bits(memory.total)}, of which ${bits(memory.gradient)} hold the gradient`],
        ["pulses", `${count(pulses.total)}, at most ${count(pulses.maxPerCell)} in one cell`],
        ["state sha256", result.stateHash],
        ["seconds", result.seconds.toFixed(1)],
      ],
      [0, 1],
    ),
  ].join("\n");
}
