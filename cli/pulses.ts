/** `rankloom pulses`: the programming pulses of a training, as a table to drive a real array with. */
import type { Command } from "commander";
import { EXIT, Refusal } from "../generator/base/errors.ts";
import { count } from "../generator/base/quantities.ts";
import { dataOf, Output, table } from "../report/console.ts";
import { addDesign, addJson, addSeed, type DesignOptions, designOf } from "./options.ts";
import { interruptible } from "./run.ts";

interface Range {
  readonly from: number;
  readonly to: number;
}

interface Options extends DesignOptions {
  readonly batches: Range;
  readonly out: readonly string[];
  readonly json?: string;
}

export function addPulses(root: Command): Command {
  const command = addSeed(
    addDesign(root.command("pulses").description("write the programming pulses of a training as a table")),
  )
    .option("--batches <from:to>", "batches to write, from 0, the last one included; or one batch", range, {
      from: 0,
      to: 0,
    })
    .option(
      "--out <file>",
      "table to write, .parquet or .csv; repeatable",
      (file: string, files: string[]) => [...files, file],
      [],
    );
  return addJson(command).action(pulses);
}

function range(text: string): Range {
  const [, from, to = from] = /^(\d{1,9})(?::(\d{1,9}))?$/.exec(text) ?? [];
  if (from === undefined || Number(to) < Number(from))
    throw new Refusal(`--batches: ${JSON.stringify(text)} is not allowed; use FROM:TO, e.g. 0:9, or one batch`);
  return { from: Number(from), to: Number(to) };
}

async function pulses(name: string, options: Options): Promise<void> {
  const { checkTableFile, PulseTable } = await import("./pulse-table.ts");
  if (options.out.length === 0) throw new Refusal("--out: missing; give the table's name, e.g. pulses.parquet");
  for (const file of options.out) checkTableFile("--out", file);
  const { design } = await designOf(name, options);
  const output = await Output.open(options.json);
  const { train } = await import("../sim/train.ts");
  const { PulseProgram } = await import("../sim/pulse-program.ts");
  const { from, to } = options.batches;
  const interrupted = interruptible();
  const done = new AbortController();
  const found = await PulseTable.open();
  try {
    let batch = 0;
    let given = 0;
    let program: InstanceType<typeof PulseProgram> | null = null;
    const result = await train({
      design,
      data: options.data,
      epochs: Number.MAX_SAFE_INTEGER,
      testSamples: 1,
      signal: AbortSignal.any([interrupted, done.signal]),
      listen: (machine, number) => {
        batch = number;
        if (batch === to) done.abort();
        output.progress(`batch ${batch} of ${from} to ${to}`, batch, to + 1);
        if (batch < from) return null;
        program ??= new PulseProgram(
          machine.ir,
          () => batch,
          (cell) => {
            given += cell.count;
            found.add(cell);
          },
        );
        return program;
      },
    });
    output.endProgress();
    if (interrupted.aborted) {
      process.exitCode = EXIT.interrupted;
      return;
    }
    const about = { design: JSON.stringify(result.design), data: result.data.sha256, batches: `${from}:${to}` };
    for (const file of options.out) await found.write(file, about);
    const { data, stateHash } = result;
    await output.result({
      design,
      data,
      batches: { from, to },
      rows: found.rows,
      pulses: given,
      stateHash,
      files: options.out,
    });
    output.say(
      [
        `${design.name}: ${count(given)} pulses of batches ${from} to ${to}, ${count(found.rows)} rows`,
        ...table(
          [
            ["data", dataOf(result.data)],
            ["data sha256", result.data.sha256],
            ["state sha256", result.stateHash],
            ...options.out.map((file) => ["written", file]),
          ],
          [0, 1],
        ),
      ].join("\n"),
    );
  } finally {
    found.close();
  }
}
