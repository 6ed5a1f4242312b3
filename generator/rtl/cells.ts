/** What the crossbar macro's cells are told: the tables of their devices, and who of them is where. */

import { bitLength, signedBits } from "../base/fixed.ts";
import {
  BYTES_MEAN,
  CHANGE_FRACTION,
  DRAW,
  DRIFT_FRACTION,
  READ_FRACTION,
  READ_KEY,
  READ_NUMBERS,
  SEGMENT_BITS,
} from "../device/response.ts";
import type { Ir, LayerIr } from "../ir/ir.ts";
import { columnLines, countsPulses, type LineMap, lineOf, rowLines } from "../ir/lines.ts";
import { refresh } from "../ir/schedule.ts";
import { hex, type Parameter, seedList, tableLines } from "./values.ts";

/** One bit a line of each tile, the first in the lowest: whether a neuron is there. */
function usedLines(map: LineMap, neurons: number, tiles: number, lines: number): string {
  const used = new Uint8Array(tiles * lines);
  for (let n = 0; n < neurons; n++) {
    const { tile, line } = lineOf(map, n);
    used[tile * lines + line] = 1;
  }
  return `${used.length}'b${Array.from(used).reverse().join("")}`;
}

/** Whether it matters which of the macro's cells carry weights: what happens by itself happens to these only. */
const usesLines = ({ cell: { device } }: Ir): boolean =>
  device !== undefined &&
  (device.stuckOn > 0 || device.stuckOff > 0 || device.drift > 0 || device.readNoise.length > 0);

/** Parameters of one layer. */
export function deviceParameters(ir: Ir, layer: LayerIr): Parameter[] {
  const keys = { name: "TILE_KEYS", value: seedList(layer.tileKeys ?? []) };
  if (!usesLines(ir)) return [keys];
  return [
    keys,
    { name: "ROWS_USED", value: usedLines(rowLines(layer), layer.inputs, layer.rowTiles, ir.tileRows) },
    { name: "COLUMNS_USED", value: usedLines(columnLines(layer), layer.outputs, layer.colTiles, ir.tileCols) },
  ];
}

const largest = (values: readonly number[]): number => values.reduce((m, v) => Math.max(m, Math.abs(v)), 0);

/** What the macro's template chooses by, and its devices' numbers; `device` is null where all are exact. */
export function cellContext(ir: Ir) {
  const { device, pairs = null, unitsPerPulse, weightOne } = ir.cell;
  const drifts = (device?.drift ?? 0) > 0;
  const rangeCycles = refresh(ir).cycles;
  const choices = {
    cellReference: ir.cell.reference,
    exact: device === undefined,
    usesLines: usesLines(ir),
    usesFull: device === undefined || device.stuckOn > 0,
    pairs,
    drifts,
    ages: drifts || pairs !== null,
    rangeCycles,
    rangeBits: bitLength(rangeCycles),
    counts: countsPulses(ir),
    readBacks: ir.readBacks,
    readBackBits: bitLength(ir.readBacks),
    unitsPerPulse,
    weightOne,
    readNoise: (device?.readNoise.length ?? 0) > 0,
  };
  if (!device) return { ...choices, device: null };
  const meanBits = signedBits(largest(device.means));
  const deviationBits = Math.max(1, bitLength(largest(device.deviations)));
  const scaleBits = Math.max(1, bitLength(largest(device.readNoise)));
  return {
    ...choices,
    device: {
      classes: device.classes,
      classMask: `4'd${device.classes - 1}`,
      entries: device.entries,
      meanBits,
      means: tableLines(device.means, meanBits),
      deviationBits,
      deviations: tableLines(device.deviations, deviationBits),
      segmentBits: SEGMENT_BITS,
      segment: 2 ** SEGMENT_BITS,
      segmentMask: 2 ** SEGMENT_BITS - 1,
      changeFraction: CHANGE_FRACTION,
      chanceShift: 32 - CHANGE_FRACTION,
      bytesMean: BYTES_MEAN,
      stuckOn: device.stuckOn,
      stuck: device.stuckOn + device.stuckOff,
      drift: device.drift,
      driftTarget: device.driftTarget,
      driftFraction: DRIFT_FRACTION,
      driftChanceShift: 32 - DRIFT_FRACTION,
      scaleCount: device.readNoise.length,
      scaleBits,
      scales: tableLines(device.readNoise, scaleBits),
      readNumbers: READ_NUMBERS,
      readFraction: READ_FRACTION,
      readHalf: 2 ** (READ_FRACTION - 1),
      readKey: hex(READ_KEY, 8),
      drawKind: hex(DRAW.kind, 8),
      drawForward: hex(DRAW.forward, 8),
      drawBackward: hex(DRAW.backward, 8),
      drawDrift: hex(DRAW.drift, 8),
    },
  };
}
