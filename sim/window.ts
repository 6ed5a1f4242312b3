/** A window of a training's cycles. */
import { type TrainOptions, type TrainResult, train } from "./train.ts";
import type { Waveform, Window } from "./waveform.ts";

/** Trains until the window is full. */
export async function trainedTo(
  window: Window,
  settings: Pick<TrainOptions, "design" | "data" | "signal" | "onProgress">,
): Promise<{ waveform: Waveform | undefined; result: TrainResult }> {
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
