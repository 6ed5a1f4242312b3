/** The timing diagram of a waveform. */
import { cyclesOf } from "../generator/base/quantities.ts";
import { pathOf, type Signal, type Waveform } from "../sim/waveform.ts";
import { firstField, gridOf, timingSpec, titleOf } from "./timing-picture.ts";
import { svg } from "./vega.ts";

/** Of the timing diagram, in pixels; and into how many parts its axis divides the window at most. */
const WIDTH = 800;
const PARTS = 16;

/** @param chosen signals in their order; if absent, the usual ones */
export async function diagram(waveform: Waveform, chosen?: readonly Signal[]): Promise<string> {
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
