/** `rankloom train`: trains a design on the cycle-accurate simulator. */
import { statSync } from "node:fs";
import { dirname } from "node:path";
import type { Command } from "commander";
import { EXIT, Refusal } from "../generator/errors.ts";
import type { CellMaps } from "../sim/cells.ts";
import type { TrainOptions, TrainResult } from "../sim/train.ts";
import {
  type AmountOptions,
  addAmounts,
  addDesign,
  addJson,
  addOut,
  addSeed,
  type DesignOptions,
  designOf,
  type OutOptions,
  wholeNumber,
} from "./options.ts";
import { bits, count, dataOf, leftText, Output, percent, table } from "./output.ts";
import { interruptible } from "./run.ts";

const WINDOW_CYCLES = 1000;

interface Options extends DesignOptions, AmountOptions, OutOptions {
  readonly threads?: number;
  readonly json?: string;
  readonly vcd?: string;
  readonly from?: number;
  readonly cycles?: number;
}

export function addTrain(root: Command): Command {
  const command = root.command("train").description("train a design on the cycle-accurate simulator");
  addAmounts(addSeed(addDesign(command)));
  return addOut(addJson(command))
    .option("--threads <n>", "worker threads; the result is the same with any number", wholeNumber("--threads", 1, 256))
    .option("--vcd <file>", "write the waveform of a window of cycles")
    .option("--from <cycle>", "first cycle of the waveform (default: 0)", wholeNumber("--from", 0))
    .option("--cycles <n>", `cycles of the waveform (default: ${WINDOW_CYCLES})`, wholeNumber("--cycles", 1))
    .action(train);
}

async function train(name: string, options: Options): Promise<void> {
  const vcd = windowOf(options);
  const { design } = await designOf(name, options);
  const output = await Output.open(options.json);
  const { data, epochs, samples, testSamples, threads } = options;
  const { RunFolder } = await import("../report/runs.ts");
  const told = { kind: "train", design, settings: { data, epochs, samples, testSamples } } as const;
  const folder = RunFolder.open(options.out, told);
  const { train: run } = await import("../sim/train.ts");
  let cells: CellMaps | undefined;
  const settings: TrainOptions = {
    design,
    data,
    epochs,
    samples,
    testSamples,
    threads,
    vcd,
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
  if (vcd) output.say(`waveform: ${vcd.file}, cycles ${vcd.from} to ${vcd.from + vcd.cycles - 1}`);
  if (result.interrupted) process.exitCode = EXIT.interrupted;
}

function windowOf({ vcd, from, cycles }: Options): TrainOptions["vcd"] {
  if (vcd === undefined) {
    if (from !== undefined) throw new Refusal("--from: needs --vcd FILE, the waveform that it begins");
    if (cycles !== undefined) throw new Refusal("--cycles: needs --vcd FILE, the waveform that it ends");
    return undefined;
  }
  if (vcd === "") throw new Refusal("--vcd: needs the name of a file");
  if (!statSync(dirname(vcd), { throwIfNoEntry: false })?.isDirectory())
    throw new Refusal(`--vcd ${vcd}: its folder does not exist; make it, or give another place`, EXIT.environment);
  return { file: vcd, from: from ?? 0, cycles: cycles ?? WINDOW_CYCLES };
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
