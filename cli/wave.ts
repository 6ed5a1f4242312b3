/** `rankloom wave`: a window of a training's cycles, for GTKWave and as a timing diagram. */
import { basename, extname } from "node:path";
import type { Command } from "commander";
import { EXIT, Refusal } from "../generator/base/errors.ts";
import { WholeFile } from "../generator/base/write.ts";
import type { TrainOptions, TrainResult } from "../sim/train.ts";
import type { Signal, Waveform, Window } from "../sim/waveform.ts";
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
import { count, cyclesOf, dataOf, notReached, Output, table } from "./output.ts";
import { interruptible } from "./run.ts";

interface Options extends DesignOptions, WindowOptions {
  readonly out?: string;
  readonly svg?: string;
  readonly signals?: string;
  readonly json?: string;
}

const ENDING = ".vcd";

/** Of the timing diagram, in pixels; and into how many parts its axis divides the window at most. */
const WIDTH = 800;
const PARTS = 16;

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

/** Trains until the window is full. */
export async function trainedTo(
  window: Window,
  settings: Pick<TrainOptions, "design" | "data" | "signal" | "onProgress">,
): Promise<{ waveform: Waveform | undefined; result: TrainResult }> {
  const { train } = await import("../sim/train.ts");
  const full = new AbortController();
  const taken: Waveform[] = [];
  const result = await train({
    ...settings,
    epochs: Number.MAX_SAFE_INTEGER,
    testSamples: 1,
    signal: AbortSignal.any([...(settings.signal ? [settings.signal] : []), full.signal]),
    window: {
      ...window,
      take: (waveform) => {
        taken.push(waveform);
        full.abort();
      },
    },
  });
  return { waveform: taken.at(0), result };
}

async function textsOf(
  waveform: Waveform,
  files: Record<string, string>,
  chosen: readonly Signal[] | undefined,
): Promise<Record<string, string>> {
  const { vcdText } = await import("../sim/vcd.ts");
  const { gtkwText } = await import("../sim/gtkw.ts");
  const texts = { vcd: vcdText(waveform), gtkw: gtkwText(waveform, basename(files.vcd, ENDING)) };
  return files.svg === undefined ? texts : { ...texts, svg: await diagram(waveform, chosen) };
}

/** @param chosen signals in their order; if absent, the usual ones */
export async function diagram(waveform: Waveform, chosen?: readonly Signal[]): Promise<string> {
  const { svg } = await import("../report/vega.ts");
  const { firstField, gridOf, timingSpec, titleOf } = await import("../report/timing-picture.ts");
  const { pathOf } = await import("../sim/waveform.ts");
  const { ir, from, cycles } = waveform;
  const signals = chosen ?? usual(waveform);
  const title = `${ir.name}, ${cyclesOf(waveform)}`;
  const spec = timingSpec(waveform, {
    title,
    subtitle: "blue: the strobe is 1, with the first of its values; grey: a value, as long as it is held",
    first: from,
    grid: gridOf(cycles, PARTS),
    width: WIDTH,
    rows: signals.map((signal) => ({
      name: titleOf(signal),
      signal: pathOf(signal),
      label: firstField(waveform, WIDTH),
    })),
  });
  return await svg(spec, title);
}

/** Strobes that occur in the window and levels that change in it: of tiles those of each layer's first, without the
 *  sequencer's, which the row of phases shows. */
function usual({ ir, from, events }: Waveform): Signal[] {
  const seen = new Set(events.filter(([, cycle]) => cycle >= from).map(([channel]) => channel));
  return ir.channels.flatMap(({ scope, strobe, fields }, channel): Signal[] => {
    if (!seen.has(channel) || scope === "sequencer" || /\.g_row\[(?!0\]\.g_col\[0\])/.test(scope)) return [];
    return [strobe === null ? { scope, ...fields[0] } : { scope, name: strobe, bits: 1 }];
  });
}
