/** Draws the pictures of docs/pictures/ that need no sweep: `npm run pictures`, or `npm run pictures -- timing-read` for
 *  some of them; docs/pictures/README.md says what draws the others. Accuracies come from training on MNIST (three
 *  minutes of one core), timing from the events of the preset `tiny`, which `rankloom verify` holds equal to the RTL's,
 *  the rooms of the source from their rules, `adc-fit` from published converters. Vega-Lite to SVG, without a browser. */
import { mkdirSync } from "node:fs";
import { writeFileWhole } from "../generator/base/write.ts";
import { loadDesign } from "../generator/design/load.ts";
import { prepareMachine } from "../prepare/machine.ts";
import { blockDiagram } from "../report/block-diagram.ts";
import { diagram } from "../report/waveform-diagram.ts";
import type { Waveform } from "../sim/waveform.ts";
import { trainedTo } from "../sim/window.ts";
import { accuracy } from "./pictures/accuracy.ts";
import { adcFit } from "./pictures/adc-fit.ts";
import type { Drawing } from "./pictures/drawing.ts";
import { ranges } from "./pictures/ranges.ts";
import { roomsDrawing } from "./pictures/rooms.ts";
import { timing } from "./pictures/timing.ts";

const FOLDER = "docs/pictures";

/** The window of docs/waveforms.md: one sample of the preset `tiny`, and the LOAD of the next. */
const WAVEFORM = { from: 1055, cycles: 220 };

/** The blocks of `mnist-mlp` with these fields. */
const architecture =
  (name: string, sets: readonly string[]): Drawing =>
  async () => ({ [`${name}.svg`]: blockDiagram(prepareMachine(loadDesign("mnist-mlp", sets).design).ir) });

const LOW_RANK = ["gradient.method=lrt", "gradient.rank=3", "gradient.update=rank-sum"];

const pictures: Readonly<Record<string, Drawing>> = {
  ...timing,
  architecture: architecture("architecture", []),
  "architecture-low-rank": architecture("architecture-low-rank", LOW_RANK),
  waveform: async () => {
    const { waveform } = await trainedTo(WAVEFORM, loadDesign("tiny", []));
    return { "waveform.svg": await diagram(waveform as Waveform) };
  },
  rooms: roomsDrawing,
  ranges,
  "adc-fit": adcFit,
  accuracy,
};

async function main(wanted: readonly string[]): Promise<void> {
  const unknown = wanted.find((name) => !Object.hasOwn(pictures, name));
  if (unknown !== undefined) {
    console.error(`${unknown}: no such picture; use ${Object.keys(pictures).join(", ")}, or nothing for all`);
    process.exit(2);
  }
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, draw] of Object.entries(pictures)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    for (const [file, text] of Object.entries(await draw())) {
      writeFileWhole(`${FOLDER}/${file}`, text);
      console.log(`${FOLDER}/${file}`);
    }
  }
}

await main(process.argv.slice(2));
