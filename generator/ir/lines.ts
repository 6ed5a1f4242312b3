/** Where a neuron's line is, and how many cells a tile has: neurons are dealt to the tiles side by side in blocks of one
 *  tile's ADCs (docs/machine.md). */
import type { Ir } from "./ir.ts";

/** Tiles side by side along one direction of a layer's lines. */
export interface LineMap {
  /** Lines sampled at once: ADCs of all tiles. */
  readonly group: number;
  /** ADCs of one tile. */
  readonly adcs: number;
  readonly linesPerAdc: number;
}

/** Tile and line of a neuron. */
export function lineOf({ group, adcs, linesPerAdc }: LineMap, neuron: number): { tile: number; line: number } {
  const place = neuron % group;
  return {
    tile: Math.floor(place / adcs),
    line: (place % adcs) * linesPerAdc + Math.floor(neuron / group),
  };
}

/** Cells of one tile: one for each weight, or two. */
export const cellsPerTile = ({ tileRows, tileCols, cell }: Pick<Ir, "tileRows" | "tileCols" | "cell">): number =>
  tileRows * tileCols * (cell.pairs ? 2 : 1);

/** Whether each cell's pulses are counted in the macro: its noise is drawn by them, and refreshing wears it. */
export const countsPulses = ({ cell }: Pick<Ir, "cell">): boolean =>
  cell.device !== undefined || cell.pairs !== undefined;

type Layer = {
  readonly rowGroup: number;
  readonly rowAdcs: number;
  readonly linesPerAdc: number;
  readonly forward: { readonly group: number; readonly adcsPerTile: number };
};

export const rowLines = ({ rowGroup, rowAdcs, linesPerAdc }: Layer): LineMap => ({
  group: rowGroup,
  adcs: rowAdcs,
  linesPerAdc,
});

export const columnLines = ({ forward, linesPerAdc }: Layer): LineMap => ({
  group: forward.group,
  adcs: forward.adcsPerTile,
  linesPerAdc,
});
