/** `rankloom wave`: a window of a training's cycles, for GTKWave and as a timing diagram. */
import { basename, extname } from "node:path";
import type { Command } from "commander";
import { EXIT, Refusal } from "../generator/base/errors.ts";
import { count, cyclesOf } from "../generator/base/quantities.ts";
import { WholeFile } from "../generator/base/write.ts";
import { dataOf, notReached, Output, table } from "../report/console.ts";
import type { Signal, Waveform } from "../sim/waveform.ts";
import {
  addDesign,
  addJson,
  addSeed,
  addWindow,
  type DesignOptions,
  designOf,
  named,
  type WindowOptions,
  windowOf,
} from "./options.ts";
import { interruptible } from "./run.ts";

interface Options extends DesignOptions, WindowOptions {
  readonly out?: string;
  readonly svg?: string;
  readonly signals?: string;
  readonly json?: string;
}

const ENDING = ".vcd";

export function addWave(root: Command): Command {
  const command = root.command("wave").description("write a window of a training's cycles as a waveform");
  addWindow(addSeed(addDesign(command)))
    .option("--out <file>", "waveform to write, .vcd; GTKWave's save file is written beside it, as .gtkw")
    .option("--svg <file>", "write a timing diagram, too")
    .option(
      "--signals <list>",
      "signals of the diagram, e.g. layer_0.x_write,layer_1.*; * is any text (default: the strobes that occur)",
    );
  return addJson(command).action(wave);
}

async function wave(name: string, options: Options): Promise<void> {
  const files = filesOf(options);
  const { design } = await designOf(name, options);
  const { prepareMachine } = await import("../prepare/machine.ts");
  const { ir } = prepareMachine(design, { data: options.data });
  const { allSignals } = await import("../sim/waveform.ts");
  const all = allSignals(ir);
  const chosen = options.signals?.split(",").flatMap((word) => matching(all, word));
  const open = Object.entries(files).map(([kind, file]) => [kind, new WholeFile(file)] as const);
  const output = await Output.open(options.json);
  const window = windowOf(options);
  const { trainedTo } = await import("../sim/window.ts");
  const { waveform, result } = await trainedTo(window, {
    design,
    data: options.data,
    signal: interruptible(),
    onProgress: (p) => output.progress(`epoch ${p.epoch}`, p.samples, p.of),
  });
  output.endProgress();
  if ((waveform?.cycles ?? 0) < window.cycles) process.exitCode = EXIT.interrupted;
  if (!waveform) throw new Refusal(`--from: ${notReached(window.from, result.cycles.total)}`, EXIT.interrupted);
  const texts = await textsOf(waveform, files, chosen && [...new Set(chosen)]);
  for (const [kind, file] of open) file.write(texts[kind]);
  const { data } = result;
  const { from, cycles } = waveform;
  await output.result({ design, data, from, cycles, signals: all.length, files });
  output.say(
    [
      `${design.name}: ${cyclesOf(waveform)}, ${count(waveform.events.length)} events`,
      ...table(
        [
          ["data", dataOf(data)],
          ["data sha256", data.sha256],
          ...Object.values(files).map((file) => ["written", file]),
        ],
        [0, 1],
      ),
    ].join("\n"),
  );
}

/** Names of the files to write, by what they are. */
function filesOf({ out, svg, signals }: Options): Record<string, string> {
  if (out === undefined) throw new Refusal("--out: missing; give the waveform's name, e.g. wave.vcd");
  if (extname(out) !== ENDING)
    throw new Refusal(`--out: ${JSON.stringify(out)} is not the name of a waveform; use one that ends in ${ENDING}`);
  if (signals !== undefined && svg === undefined)
    throw new Refusal("--signals: needs --svg FILE, the timing diagram that shows them");
  const vcd = { vcd: out, gtkw: `${out.slice(0, -ENDING.length)}.gtkw` };
  return svg === undefined ? vcd : { ...vcd, svg: named("--svg", svg) };
}

/** The signals that a pattern means; `*` stands for any text. */
function matching(all: readonly Signal[], pattern: string): Signal[] {
  const parts = pattern.split("*").map((part) => part.replace(/[.[\]]/g, "\\$&"));
  const expression = new RegExp(`^${parts.join(".*")}$`);
  const found = all.filter(({ scope, name }) => expression.test(`${scope}.${name}`));
  if (found.length > 0) return found;
  const near = all.filter(({ scope }) => pattern.startsWith(`${scope}.`));
  const known = near.length > 0 ? near.map(({ name }) => name) : all.map(({ scope }) => scope);
  const where = near.length > 0 ? near[0].scope : "the design";
  throw new Refusal(
    `--signals: ${JSON.stringify(pattern)} is not a signal; ${where} has ${[...new Set(known)].join(", ")}`,
  );
}

async function textsOf(
  waveform: Waveform,
  files: Record<string, string>,
  chosen: readonly Signal[] | undefined,
): Promise<Record<string, string>> {
  const { vcdText } = await import("../sim/vcd.ts");
  const { gtkwText } = await import("../sim/gtkw.ts");
  const { diagram } = await import("../report/waveform-diagram.ts");
  const texts = { vcd: vcdText(waveform), gtkw: gtkwText(waveform, basename(files.vcd, ENDING)) };
  return files.svg === undefined ? texts : { ...texts, svg: await diagram(waveform, chosen) };
}
