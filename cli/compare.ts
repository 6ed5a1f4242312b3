/** `rankloom compare`: trains a design with several gradient methods and sets the results side by side. */

import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { SEED } from "../generator/base/asked.ts";
import { EXIT, Refusal } from "../generator/base/errors.ts";
import { bits, count, percent } from "../generator/base/quantities.ts";
import { LARGEST_RATE } from "../generator/design/rates.ts";
import { updates } from "../generator/methods/compared.ts";
import type { ComparedRun, Comparison } from "../report/comparison.ts";
import { leftText, Output, table } from "../report/console.ts";
import { trainFigures } from "../sim/figures.ts";
import type { Combination, Finished } from "./comparison.ts";
import {
  type AmountOptions,
  AT_ONCE,
  addAmounts,
  addDesign,
  addJson,
  addMethods,
  addOut,
  type DesignOptions,
  designOf,
  type MethodOptions,
  numbers,
  numberWithin,
  type OutOptions,
  words,
} from "./options.ts";
import { interruptible } from "./run.ts";

interface Options extends DesignOptions, AmountOptions, MethodOptions, OutOptions {
  readonly updates: string[];
  readonly rates?: number[];
  readonly seeds?: number[];
  readonly jobs: number;
  readonly again?: boolean;
  readonly json?: string;
}

function rate(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= LARGEST_RATE) || text.trim() === "")
    throw new Refusal(`--rates: ${JSON.stringify(text)} is not allowed; use numbers above 0, up to ${LARGEST_RATE}`);
  return value;
}

export function addCompare(root: Command): Command {
  const command = root
    .command("compare")
    .description("train a design with several gradient methods, in parallel, and set the results side by side");
  addAmounts(addDesign(command));
  addMethods(command, ["mbgd", "sbpca", "lrt"], [1, 3]);
  return addOut(addJson(command))
    .option(
      "--updates <list>",
      "their updates; coincidence is rank-seq by coincidence",
      words("--updates", Object.keys(updates)),
      ["rank-sum", "rank-seq"],
    )
    .option("--rates <list>", "learning rates (default: the design's)", numbers(rate))
    .option("--seeds <list>", "seeds (default: the design's)", numbers(numberWithin("--seeds", SEED)))
    .option("--jobs <n>", "runs at once", numberWithin("--jobs", AT_ONCE), availableParallelism())
    .option("--again", "train again what an earlier comparison has finished")
    .action(compare);
}

async function compare(name: string, options: Options): Promise<void> {
  const { design } = await designOf(name, options);
  const { combinations, runAll, RunStore } = await import("./comparison.ts");
  const { data, epochs, samples, testSamples } = options;
  const choices = {
    methods: options.methods,
    ranks: options.ranks,
    updates: options.updates,
    rates: options.rates ?? [design.training.learningRate],
    seeds: options.seeds ?? [design.training.seed],
  };
  const list = combinations(design, choices);
  const output = await Output.open(options.json);
  const { RunFolder } = await import("../report/runs.ts");
  const told = { kind: "compare", design, settings: { ...choices, data, epochs, samples, testSamples } } as const;
  const folder = RunFolder.open(options.out, told, { module: import.meta.url });
  const kept = join("out", design.name, "compare");
  const store = new RunStore(kept, { data, epochs, samples, testSamples });
  if (options.again) for (const combination of list) store.forget(combination);
  const signal = interruptible();
  const results = await runAll(list, store, options.jobs, signal, (done) =>
    output.progress(`${list.length} runs`, done, list.length),
  );
  output.endProgress();
  const rows = list.flatMap((combination, n) => {
    const finished = results[n];
    return finished ? [{ combination, ...finished }] : [];
  });
  const result: Comparison = {
    design,
    epochs,
    data: rows[0]?.result.data ?? null,
    finished: rows.length,
    of: list.length,
    runs: rows.map(
      ({ combination, result }): ComparedRun => ({
        design: combination.design,
        ...figures(combination, result),
        accuracyPerEpoch: result.accuracy.perEpoch,
        memory: result.memory,
        cycles: result.cycles,
        saturation: result.saturation.total,
        stateHash: result.stateHash,
      }),
    ),
  };
  await output.result(result);
  if (rows.length > 0) output.say(report(rows));
  if (options.seeds && options.seeds.length > 1 && rows.length > 0) output.say(spread(rows));
  output.say(`finished runs are kept in ${kept}; --again trains them anew`);
  if (folder && !signal.aborted) {
    const cells = rows.map((row) => row.cells);
    output.say(leftText(await folder.write({ ...told, result }, cells)));
  }
  if (signal.aborted) process.exitCode = EXIT.interrupted;
}

interface Row extends Finished {
  readonly combination: Combination;
}

/** What the table says of one run. */
function figures({ method, rank, update, learningRate, seed, design }: Combination, result: Finished["result"]) {
  return { method, rank, update, learningRate, seed, ...trainFigures(design, result) };
}

function report(rows: readonly Row[]): string {
  const head = ["method", "rank", "update", "η", "seed", "accuracy", "cycles a sample", "an update", "gradient memory"];
  return table(
    [
      [...head, "pulses a cell", "most in one", "saturations"],
      ...rows.map(({ combination, result }) => {
        const f = figures(combination, result);
        return [
          f.method,
          f.rank === null ? "" : String(f.rank),
          f.update ?? "",
          String(f.learningRate),
          String(f.seed),
          percent(f.accuracy),
          count(Math.round(f.cyclesPerSample)),
          count(Math.round(f.cyclesPerUpdate)),
          bits(f.gradientBits),
          f.pulsesPerCell.toFixed(1),
          count(f.mostPulsesInACell),
          count(f.saturations),
        ];
      }),
    ],
    [0, 2],
  ).join("\n");
}

/** Mean and spread over the seeds of what is otherwise the same. */
function spread(rows: readonly Row[]): string {
  const groups = new Map<string, number[]>();
  for (const { combination: c, result } of rows) {
    const key = JSON.stringify([c.method, c.rank ?? "", c.update ?? "", c.learningRate]);
    groups.set(key, [...(groups.get(key) ?? []), result.accuracy.test]);
  }
  return table(
    [
      ["method", "rank", "update", "η", "seeds", "mean", "least", "most"],
      ...[...groups].map(([key, list]) => [
        ...(JSON.parse(key) as (string | number)[]).map(String),
        String(list.length),
        percent(list.reduce((sum, x) => sum + x, 0) / list.length),
        percent(Math.min(...list)),
        percent(Math.max(...list)),
      ]),
    ],
    [0, 2],
  ).join("\n");
}
