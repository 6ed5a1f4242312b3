/** What the crossbars are made of, before there are numbers from data: cells, and the grid of tiles of each layer. */
import { bitLength } from "../base/fixed.ts";
import { mix } from "../base/mix.ts";
import type { Design } from "../design/schema.ts";
import { hasNonidealities, resolveDevice } from "../device/resolve.ts";
import { deviceIr, rangeUnits, tileKey } from "../device/response.ts";
import { refuseGoldenOnly } from "../methods/gradient.ts";
import type { CellIr } from "./ir.ts";

/** Stream of `mix` that the devices' seed comes from. */
const DEVICE_STREAM = 0x7ffffff0;
/** Part of the range above which a pair's conductances leave too little room for the pulses until its next turn. */
const REFRESH_ABOVE = 7 / 8;

/** The tiles of one layer. */
export interface Grid {
  readonly inputs: number;
  readonly outputs: number;
  readonly rowTiles: number;
  readonly colTiles: number;
  /** Converters of a tile's rows and columns. */
  readonly rowAdcs: number;
  readonly colAdcs: number;
}

/** Numbers of the macros that calibration needs before there is an IR. */
export interface Geometry {
  readonly cell: CellIr;
  readonly grids: readonly Grid[];
}

export function geometry(design: Design): Geometry {
  const { tile, network } = design;
  refuseGoldenOnly(design.name, design.gradient);
  const device = resolveDevice(design);
  const { levels } = device;
  const pairs = tile.encoding === "differential";
  const exact = !hasNonidealities(device);
  const full = exact ? exactUnits(levels, pairs) : rangeUnits(device, pairs);
  const lines = Math.max(tile.rows, tile.cols);
  const seed = mix(design.training.seed, DEVICE_STREAM);
  const rowAdcs = tile.rows / tile.columnsPerAdc;
  const colAdcs = tile.cols / tile.columnsPerAdc;
  return {
    cell: {
      levels,
      unitsPerPulse: Math.round(full / levels),
      full,
      reference: pairs ? 0 : full / 2,
      bits: bitLength(full),
      weightOne: pairs ? full : full / 2,
      pulsesPerWeight: pairs ? levels : levels / 2,
      ...(pairs ? { pairs: { limit: Math.floor(full * REFRESH_ABOVE), most: Math.ceil(levels) } } : {}),
      ...(exact ? {} : { device: deviceIr(device, full, lines, pairs ? 2 : 1, seed) }),
    },
    grids: network.layers.slice(1).map((outputs, l) => ({
      inputs: network.layers[l],
      outputs,
      rowTiles: Math.ceil(network.layers[l] / tile.rows),
      colTiles: Math.ceil(outputs / tile.cols),
      rowAdcs,
      colAdcs,
    })),
  };
}

/** Units of the whole range of a device of exact steps: a pulse makes one, or two where half the range would not be whole. */
const exactUnits = (levels: number, pairs: boolean): number => levels * (pairs || levels % 2 === 0 ? 1 : 2);

/** Keys of layer l's tiles, which are numbered through the machine. */
export function tileKeys(seed: number, grids: Geometry["grids"], l: number): number[] {
  const first = grids.slice(0, l).reduce((sum, { rowTiles, colTiles }) => sum + rowTiles * colTiles, 0);
  return Array.from({ length: grids[l].rowTiles * grids[l].colTiles }, (_, t) => tileKey(seed, first + t));
}
