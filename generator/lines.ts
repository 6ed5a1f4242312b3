/** Where a neuron's line is: neurons are dealt to the tiles side by side in blocks of one tile's ADCs (docs/machine.md). */

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
