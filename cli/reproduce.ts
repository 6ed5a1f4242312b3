/** `rankloom reproduce`: the paper's experiments on the simulated hardware, as tables, data and pictures. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { EXIT } from "../generator/base/errors.ts";
import { count, duration } from "../generator/base/quantities.ts";
import { makeFolders, writeFileWhole } from "../generator/base/write.ts";
import { Output, table } from "../report/console.ts";
import { type Figure, figures, type Rows } from "../reproduce/figures.ts";
import type { Cell, Row } from "../sweep/table.ts";
import { AT_ONCE, addJson, numberWithin } from "./options.ts";
import { interruptible } from "./run.ts";

/** Pixels of a picture's point, in each direction. */
const PNG_SCALE = 2;

interface Options {
  readonly figure?: string;
  readonly quick?: boolean;
  readonly jobs: number;
  readonly out?: string;
  readonly json?: string;
}

export function addReproduce(root: Command): Command {
  const command = root
    .command("reproduce")
    .description("run the paper's experiments on the simulated hardware; goes on where it stopped")
    .addOption(new Option("--figure <name>", "one of them (default: all)").choices(figures.map(({ name }) => name)))
    .option("--quick", "fewer samples, values and seeds: minutes instead of a night")
    .option("--jobs <n>", "processes", numberWithin("--jobs", AT_ONCE), availableParallelism())
    .option("--out <folder>", "folder of the results (default: out/reproduce, or out/reproduce-quick)");
  return addJson(command).action(reproduce);
}

async function reproduce(options: Options): Promise<void> {
  const out = options.out ?? join("out", options.quick ? "reproduce-quick" : "reproduce");
  const list = figures.filter(({ name }) => options.figure === undefined || name === options.figure);
  const output = await Output.open(options.json);
  const signal = interruptible();
  const results: Record<string, unknown> = {};
  const begun = performance.now();
  for (const figure of list) {
    const rows = await run(figure, out, options, output, signal);
    if (signal.aborted) {
      process.exitCode = EXIT.interrupted;
      return;
    }
    await write(figure, rows, join(out, figure.name));
    results[figure.name] = rows;
    output.say([`${figure.name}: ${figure.title}`, ...printed(rows)].join("\n"));
  }
  await output.result(results);
  output.say(
    `${list.length} of ${figures.length} experiments in ${duration((performance.now() - begun) / 1000)}; tables, data and pictures are in ${out}`,
  );
}

async function run(figure: Figure, out: string, options: Options, output: Output, signal: AbortSignal): Promise<Rows> {
  const { planFigure } = await import("../reproduce/sweeps.ts");
  const { changesSince } = await import("../sweep/changes.ts");
  const { Store } = await import("../sweep/store.ts");
  const { LocalExecutor } = await import("../sweep/local.ts");
  const { runSweep } = await import("../sweep/run.ts");
  const { plan, tasks } = planFigure(figure, options.quick ?? false, out);
  const store = new Store(join(out, figure.name));
  store.lock();
  store.tidy();
  const watcher = {
    progress: ({ of, done }: { of: number; done: number }) => output.progress(figure.name, done, of),
    say: (text: string) => output.say(text),
  };
  for (const line of changesSince(store, tasks)) output.say(line);
  const executor = new LocalExecutor(store, options.jobs);
  const { tables, failures } = await runSweep(store, plan, tasks, executor, watcher, signal);
  output.endProgress();
  for (const { reason } of failures.values()) output.say(`${figure.name}: a training failed: ${reason}`);
  if (failures.size > 0) process.exitCode = EXIT.failedCheck;
  const { rows } = await tables.rows(figure.sql);
  tables.close();
  return rows.map((row) => ({ ...row, percent: 100 * Number(row.accuracy) }));
}

async function write(figure: Figure, rows: Rows, folder: string): Promise<void> {
  const { CONFIG, png, svg } = await import("../report/vega.ts");
  const picture = await svg(
    {
      config: CONFIG,
      padding: 14,
      title: { text: figure.title, subtitle: "mean and standard deviation over seeds" },
      ...figure.picture(rows),
    } as never,
    figure.title,
  );
  makeFolders(folder);
  writeFileWhole(join(folder, `${figure.name}.svg`), picture);
  writeFileWhole(join(folder, `${figure.name}.png`), await png(picture, PNG_SCALE));
  writeFileWhole(join(folder, `${figure.name}.md`), `${markdown(rows).join("\n")}\n`);
  writeFileWhole(join(folder, `${figure.name}.json`), `${JSON.stringify(rows, null, 2)}\n`);
}

/** Columns of a table: what was varied, and what came of it. */
function columns(rows: Rows): string[] {
  const figures = ["percent", "accuracy", "spread", "seeds", "gradientBits", "pulsesPerCell"];
  const varied = Object.keys(rows[0] ?? {}).filter((name) => !figures.includes(name));
  return [...varied, "accuracy", "spread", "seeds", "gradientBits", "pulsesPerCell"];
}

function text(name: string, cell: Cell): string {
  if (cell === null) return "";
  if (name === "accuracy" || name === "spread") return (100 * Number(cell)).toFixed(2);
  if (name === "pulsesPerCell") return Number(cell).toFixed(1);
  return typeof cell === "number" && Number.isInteger(cell) ? count(cell) : String(cell);
}

const cells = (rows: Rows): string[][] => {
  const names = columns(rows);
  return [names, ...rows.map((row: Row) => names.map((name) => text(name, row[name] ?? null)))];
};

const printed = (rows: Rows): string[] => (rows.length === 0 ? [] : table(cells(rows)));

function markdown(rows: Rows): string[] {
  const [head, ...body] = cells(rows).map((row) => `| ${row.join(" | ")} |`);
  return [head, `|${"---|".repeat(columns(rows).length)}`, ...body];
}
