/** Maps of the cells, against the tiles as the RTL stores them. */
import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { expect } from "vitest";
import { completeDesign } from "../../generator/design/load.ts";
import { presets } from "../../generator/design/presets.ts";
import { cellsPerTile } from "../../generator/ir/lines.ts";
import { prepareMachine } from "../../prepare/machine.ts";
import { cellMaps } from "../../sim/cells.ts";
import { allCells } from "../../verify/states.ts";

const machines = (["offset", "differential"] as const).map((encoding) => {
  const input = { ...presets.tiny, tile: { ...presets.tiny.tile, rows: 20, cols: 36, columnsPerAdc: 4, encoding } };
  return prepareMachine(completeDesign(input as never, "tiny", "tiny"));
});

/** Means are kept with three decimals: half of the last at most, which is reached where one lies between two. */
function expectRounded(kept: number | null, mean: number): void {
  expect(Math.abs(Number(kept) - mean)).toBeLessThanOrEqual(0.0005 + 1e-9);
}

test.prop([fc.constantFrom(...machines), fc.infiniteStream(fc.integer({ min: 1, max: 40 }))], { numRuns: 20 })(
  "pulses are where the cells are, and conductances are counted once",
  ({ ir, conductances }, stream) => {
    // Values that no cell without a weight has.
    const above = ir.cell.reference;
    const values = conductances.map((cells) => cells.map(() => above + (stream.next().value as number)));
    const maps = cellMaps(
      ir,
      conductances,
      values.map((cells) => ({ cells: conductances[0].slice(0, 0), wear: Uint32Array.from(cells) })),
    );
    const tiles = allCells(ir, values);
    const { tileRows, tileCols } = ir;
    let base = 0;
    for (const { layer, before, wear } of maps.layers) {
      expect(before.reduce((sum, n) => sum + n, 0)).toBe(conductances[layer].length);
      const perTile = Math.ceil(tileCols / wear.blockCols);
      const sums = wear.mean.map((row) => row.map(() => ({ sum: 0, cells: 0 })));
      for (let tile = 0; tile < wear.rowTiles * wear.colTiles; tile++) {
        const whole = { sum: 0, cells: 0 };
        for (let at = 0; at < cellsPerTile(ir); at++) {
          const value = tiles[base + tile * cellsPerTile(ir) + at];
          if (value === above) continue;
          const [row, column] = [Math.floor((at % (tileRows * tileCols)) / tileCols), at % tileCols];
          const r = Math.floor(tile / wear.colTiles) * Math.ceil(tileRows / wear.blockRows);
          const block =
            sums[r + Math.floor(row / wear.blockRows)][
              (tile % wear.colTiles) * perTile + Math.floor(column / wear.blockCols)
            ];
          for (const part of [block, whole]) {
            part.sum += value;
            part.cells++;
          }
        }
        const mean = wear.tiles[Math.floor(tile / wear.colTiles)][tile % wear.colTiles];
        expectRounded(mean, whole.sum / whole.cells);
      }
      base += wear.rowTiles * wear.colTiles * cellsPerTile(ir);
      sums.forEach((row, r) => {
        row.forEach(({ sum, cells }, c) => {
          const mean = wear.mean[r][c];
          if (cells === 0) expect(mean).toBeNull();
          else expectRounded(mean, sum / cells);
        });
      });
    }
  },
);
