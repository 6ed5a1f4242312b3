/** The cells at the end of a training, small enough to keep and to draw: histograms of conductances before and after,
 *  and pulses by place in the tiles. */
import type { Ir, LayerIr } from "../generator/ir/ir.ts";
import { columnLines, lineOf, rowLines } from "../generator/ir/lines.ts";

/** Most bins of a histogram, and most blocks of cells along one side of a tile. */
const MOST_BINS = 50;
const MOST_BLOCKS = 16;

interface LayerCells {
  readonly layer: number;
  /** Cells by conductance: bin n counts those from n · binUnits up to the next bin. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly wear: WearMap;
}

/** Pulses of a layer's cells where they lie: all its tiles side by side, in blocks of cells. */
interface WearMap {
  readonly rowTiles: number;
  readonly colTiles: number;
  /** Cells of a block along a bitline, and along a wordline. */
  readonly blockRows: number;
  readonly blockCols: number;
  /** Mean pulses of the cells in use of each block, [block row][block column]; null where none is. */
  readonly mean: Means;
  /** The same of each tile, [tile row][tile column]. */
  readonly tiles: Means;
}

type Means = readonly (readonly (number | null)[])[];

export interface CellMaps {
  /** Conductance units of full scale, and of one bin. */
  readonly full: number;
  readonly binUnits: number;
  readonly tileRows: number;
  readonly tileCols: number;
  readonly layers: readonly LayerCells[];
}

interface Layer {
  readonly cells: Uint16Array;
  readonly wear: Uint32Array;
}

/** @param before conductances by layer, as the training began */
export function cellMaps(ir: Ir, before: readonly Uint16Array[], after: readonly Layer[]): CellMaps {
  const { tileRows, tileCols, cell } = ir;
  const binUnits = Math.ceil((cell.full + 1) / MOST_BINS);
  const bins = Math.ceil((cell.full + 1) / binUnits);
  const layers = ir.layers.map((layer, l) => ({
    layer: l,
    before: histogram(before[l], bins, binUnits),
    after: histogram(after[l].cells, bins, binUnits),
    wear: wearMap(ir, layer, after[l].wear),
  }));
  return { full: cell.full, binUnits, tileRows, tileCols, layers };
}

function histogram(cells: Uint16Array, bins: number, binUnits: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const g of cells) counts[Math.floor(g / binUnits)]++;
  return counts;
}

function wearMap({ tileRows, tileCols }: Ir, layer: LayerIr, wear: Uint32Array): WearMap {
  const { inputs, outputs, rowTiles, colTiles } = layer;
  const blockRows = Math.ceil(tileRows / MOST_BLOCKS);
  const blockCols = Math.ceil(tileCols / MOST_BLOCKS);
  const perTile = { rows: Math.ceil(tileRows / blockRows), cols: Math.ceil(tileCols / blockCols) };
  const rows = placesOf(inputs, (n) => lineOf(rowLines(layer), n), blockRows, perTile.rows);
  const columns = placesOf(outputs, (n) => lineOf(columnLines(layer), n), blockCols, perTile.cols);
  const blocks = new Grid(rowTiles * perTile.rows, colTiles * perTile.cols);
  const tiles = new Grid(rowTiles, colTiles);
  // With pairs there is a second half of cells at the same places.
  for (let at = 0; at < wear.length; at++) {
    const weight = at % (inputs * outputs);
    const row = rows[Math.floor(weight / outputs)];
    const column = columns[weight % outputs];
    blocks.add(row, column, wear[at]);
    tiles.add(Math.floor(row / perTile.rows), Math.floor(column / perTile.cols), wear[at]);
  }
  return { rowTiles, colTiles, blockRows, blockCols, mean: blocks.means(), tiles: tiles.means() };
}

/** Sums by place. */
class Grid {
  readonly #rows: number;
  readonly #cols: number;
  readonly #sums: Float64Array;
  readonly #counts: Uint32Array;

  constructor(rows: number, cols: number) {
    this.#rows = rows;
    this.#cols = cols;
    this.#sums = new Float64Array(rows * cols);
    this.#counts = new Uint32Array(rows * cols);
  }

  add(row: number, col: number, value: number): void {
    const at = row * this.#cols + col;
    this.#sums[at] += value;
    this.#counts[at]++;
  }

  means(): Means {
    const mean = (at: number) =>
      this.#counts[at] === 0 ? null : Number((this.#sums[at] / this.#counts[at]).toFixed(3));
    return Array.from({ length: this.#rows }, (_, r) =>
      Array.from({ length: this.#cols }, (_, c) => mean(r * this.#cols + c)),
    );
  }
}

/** The block of each neuron's line, over all tiles side by side. */
function placesOf(
  size: number,
  place: (neuron: number) => { tile: number; line: number },
  block: number,
  perTile: number,
): number[] {
  return Array.from({ length: size }, (_, neuron) => {
    const { tile, line } = place(neuron);
    return tile * perTile + Math.floor(line / block);
  });
}
