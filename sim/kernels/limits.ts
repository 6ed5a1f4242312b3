/** Which designs the kernels can run: the one place that compares the IR's widths with the kernels' integers.
 *  A design beyond them runs on the plain units, with the same result. */
import type { Ir, LayerIr, ReadIr } from "../../generator/ir/ir.ts";
import { hasReadNoise } from "../sample-path.ts";
import { LANE_PAD } from "../state.ts";
import { MAX_BYTES } from "./arena.ts";
import { noiseWords } from "./wasm-sample-path.ts";

/** Bits of the accumulators of `read`, of the gradient's words and of the multipliers. */
const WORD = 32;
/** Share of the memory that one thread's buffers and the state may take together. */
const BUDGET = 0.9 * MAX_BYTES;
/** Samples that are kept for the low-rank units before these take them, at most. */
export const KEPT = 128;

const pad = (n: number): number => Math.ceil(n / LANE_PAD) * LANE_PAD;

/** Bytes of state that all threads share, and of each thread's own. */
function memoryNeed(ir: Ir): { shared: number; thread: number } {
  let shared = 0;
  let thread = 0;
  const { columns = 0, slots = 0 } = ir.lowRank ?? {};
  for (const layer of ir.layers) {
    shared += 2 * (columns + slots + (ir.lowRank ? KEPT : 0)) * (layer.inputs + layer.outputs);
    const weights = layer.inputs * layer.outputs;
    const cells = weights * (ir.cell.pairs ? 2 : 1);
    shared += cells * (2 + 4) + 2 * layer.inputs * pad(layer.outputs) + 2 * layer.outputs * pad(layer.inputs);
    if (ir.keeps === "gradient") thread += 4 * weights;
    if (ir.cell.device) shared += 2 * cells;
    const noisy = hasReadNoise(ir);
    thread += readNeed(layer.forward, layer.inputs, layer.outputs, ir.tileRows, noisy);
    if (layer.backward) thread += readNeed(layer.backward, layer.outputs, layer.inputs, ir.tileCols, noisy);
    thread += 256 * (layer.inputs + layer.outputs);
  }
  return { shared, thread };
}

const readNeed = (read: ReadIr, driven: number, sampled: number, lines: number, noisy: boolean): number =>
  4 * read.planes * read.summedTiles * (Math.min(driven, lines) + 2) +
  4 * pad(sampled) +
  (noisy ? 4 * noiseWords(read, sampled) : 0);

function readFits(read: ReadIr, what: string): string | null {
  return read.accumulatorBits > WORD ? `${what} accumulators of ${read.accumulatorBits} bits` : null;
}

function layerReason(ir: Ir, layer: LayerIr): string | null {
  const forward = readFits(layer.forward, "forward");
  if (forward) return forward;
  const backward = layer.backward ? readFits(layer.backward, "backward") : null;
  if (backward) return backward;
  if (layer.requantMultiplier >= 2 ** (WORD - 1)) return `requantiser multiplier ${layer.requantMultiplier}`;
  const byRow = !ir.lowRank && !ir.coincidence;
  if (byRow && layer.gradient.alignedBits > 16) return `aligned errors of ${layer.gradient.alignedBits} bits`;
  if (ir.keeps === "gradient" && layer.gradient.accumulatorBits > WORD)
    return `gradient of ${layer.gradient.accumulatorBits} bits`;
  // Pulse trains are no kernel's work.
  if (ir.coincidence) return null;
  if (layer.update.multiplier >= 2 ** (WORD - 1)) return `update multiplier ${layer.update.multiplier}`;
  // The shift of a low-rank update is cut where it is too long.
  if (ir.lowRank) return null;
  // Products have at most 53 bits by elaboration; the update adds 2^62 to make its shift one of unsigned numbers.
  if (layer.update.shift > 60 || layer.update.randomBits > WORD) return `update shift ${layer.update.shift}`;
  return null;
}

/** @returns why the kernels cannot run the design, or null if they can */
export function beyondKernels(ir: Ir): string | null {
  for (const layer of ir.layers) {
    const reason = layerReason(ir, layer);
    if (reason) return `layer ${layer.index}: ${reason}`;
  }
  const { shared, thread } = memoryNeed(ir);
  return shared + thread > BUDGET ? `${Math.ceil((shared + thread) / 2 ** 20)} MiB of memory` : null;
}

/** Threads whose buffers fit the memory beside the state. */
export function threadsThatFit(ir: Ir): number {
  const { shared, thread } = memoryNeed(ir);
  return Math.max(1, Math.floor((BUDGET - shared) / thread));
}
