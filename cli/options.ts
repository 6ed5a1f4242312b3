/** Options that several commands share. Every number is checked here; a wrong one is refused in one line. */
import { statSync } from "node:fs";
import { type Command, Option } from "commander";
import { type Bounds, EPOCHS, SEED } from "../generator/base/asked.ts";
import { EXIT, Refusal } from "../generator/base/errors.ts";
import type { LoadedDesign } from "../generator/design/load.ts";
import { variants } from "../generator/methods/compared.ts";
import { fieldBounds } from "../generator/methods/fields.ts";

/** A parser for an option that may be given again. */
export const appended = (one: string, all: readonly string[] = []): string[] => [...all, one];

/** A parser for a whole-number option. */
export function wholeNumber(flag: string, min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !(value >= min && value <= max)) {
      const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
      throw new Refusal(`${flag}: ${JSON.stringify(text)} is not allowed; use a whole number ${range}`);
    }
    return value;
  };
}

export const numberWithin = (flag: string, { least, most }: Bounds) => wholeNumber(flag, least, most);

/** Processes, threads or processors that one command is given. */
export const AT_ONCE: Bounds = { least: 1, most: 256 };

/** A parser for a list of names. */
export const words = (flag: string, allowed: readonly string[]) => (text: string) =>
  text.split(",").map((word) => {
    if (!allowed.includes(word))
      throw new Refusal(`${flag}: ${JSON.stringify(word)} is not allowed; use one or more of ${allowed.join(", ")}`);
    return word;
  });

/** A parser for a list of numbers. */
export const numbers = (parse: (text: string) => number) => (text: string) => text.split(",").map(parse);

export interface DesignOptions {
  readonly set: readonly string[];
  readonly seed?: number;
  readonly data?: string;
}

export function addDesign(command: Command): Command {
  return command
    .argument("<design>", "preset or design file")
    .addOption(
      new Option("--set <path=value>", "change a field of the design, e.g. training.batch=32; repeatable")
        .default([], "none")
        .argParser(appended),
    )
    .option("--data <path>", "folder of IDX files, or a CSV table (default: MNIST where it fits, else generated data)");
}

export function addSeed(command: Command): Command {
  return command.option("--seed <number>", "the same as --set training.seed=…", numberWithin("--seed", SEED));
}

export function addJson(command: Command): Command {
  return command.option("--json <file>", "write the result as JSON; - for standard output", (file: string) => {
    if (file === "") throw new Refusal("--json: needs the name of a file, or - for standard output");
    return file;
  });
}

/** A run leaves its results in a folder, unless it is told not to. */
export interface OutOptions {
  readonly out?: string | false;
}

export function addOut(command: Command): Command {
  return command
    .option("--out <dir>", "folder of the results, for rankloom report (default: out/runs/<what was run>)")
    .option("--no-out", "leave no such folder");
}

const RANKS: Bounds = {
  least: fieldBounds.rank.minValue ?? 1,
  most: fieldBounds.rank.maxValue ?? Number.MAX_SAFE_INTEGER,
};

export interface MethodOptions {
  readonly methods: string[];
  readonly ranks: number[];
}

/** The methods and ranks to set side by side. */
export function addMethods(command: Command, methods: readonly string[], ranks: readonly number[]): Command {
  const names = variants().map(({ name }) => name);
  return command
    .option(
      "--methods <list>",
      `gradient methods: ${names.join(", ")} (a method behind a front end has both names)`,
      words("--methods", names),
      [...methods],
    )
    .option("--ranks <list>", "ranks of the low-rank methods", numbers(numberWithin("--ranks", RANKS)), [...ranks]);
}

export interface AmountOptions {
  readonly epochs: number;
  readonly samples?: number;
  readonly testSamples?: number;
}

export function addAmounts(command: Command): Command {
  return command
    .option("--epochs <n>", "passes over the training data", numberWithin("--epochs", EPOCHS), EPOCHS.otherwise)
    .option("--samples <n>", "use only the first n training samples", wholeNumber("--samples", 1))
    .option("--test-samples <n>", "use only the first n test samples", wholeNumber("--test-samples", 1));
}

/** The name of a file that an option gives. */
export function named(flag: string, file: string): string {
  if (file === "") throw new Refusal(`${flag}: needs the name of a file`);
  return file;
}

const WINDOW_CYCLES = 1000;

export interface WindowOptions {
  readonly from?: number;
  readonly cycles?: number;
}

/** The cycles that a waveform shows. */
export function addWindow(command: Command): Command {
  return command
    .option("--from <cycle>", "first cycle of the waveform (default: 0)", wholeNumber("--from", 0))
    .option("--cycles <n>", `cycles of the waveform (default: ${WINDOW_CYCLES})`, wholeNumber("--cycles", 1));
}

export const windowOf = ({ from = 0, cycles = WINDOW_CYCLES }: WindowOptions) => ({ from, cycles });

/** The design that the command line asks for. */
export async function designOf(name: string, options: DesignOptions): Promise<LoadedDesign> {
  if (options.data !== undefined && !exists(options.data))
    throw new Refusal(
      `--data ${options.data}: does not exist; give a folder of IDX files or a CSV file`,
      EXIT.environment,
    );
  const { loadDesign } = await import("../generator/design/load.ts");
  const seed = options.seed === undefined ? [] : [`training.seed=${options.seed}`];
  return loadDesign(name, [...options.set, ...seed]);
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
