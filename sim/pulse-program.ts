/** The pulses that an update commands, as data: what the edges of the tiles are told to do, not what noise makes of it.
 *  A listener of `Machine`. */
import type { Ir, LayerIr } from "../generator/ir/ir.ts";
import { columnLines, lineOf, rowLines } from "../generator/ir/lines.ts";
import { type Schedule, schedule } from "../generator/ir/schedule.ts";
import type { Listener } from "./machine.ts";
import type { ProgrammedRow } from "./pulse-times.ts";
import { rowTimes, trainTimes } from "./pulse-times.ts";
import type { Train } from "./units/pulse-train.ts";
import { programOrder } from "./units/update-unit.ts";

/** Pulses of one cell in a row, one after the other; with coincidence one pulse. */
export interface CellPulses {
  /** Batch of the training, from 0; cycle since its start in which the first of the pulses ends. */
  readonly batch: number;
  readonly cycle: number;
  readonly layer: number;
  /** Tile of the layer: row of tiles · tiles in a row + column of tiles. */
  readonly tile: number;
  /** Wordline and bitline of the tile. */
  readonly row: number;
  readonly column: number;
  /** Which cell of a differential pair gets them: the one that adds or the one that subtracts. */
  readonly cell: "only" | "plus" | "minus";
  readonly direction: "set" | "reset";
  readonly count: number;
}

type Place = { readonly tile: number; readonly line: number };

export class PulseProgram implements Partial<Listener> {
  readonly #ir: Ir;
  readonly #update: Schedule["update"];
  readonly #batch: () => number;
  readonly #sink: (pulses: CellPulses) => void;
  readonly #orders: readonly Int32Array[];
  readonly #rows: readonly Place[][];
  readonly #columns: readonly Place[][];

  /** @param batch number of the present batch */
  constructor(ir: Ir, batch: () => number, sink: (pulses: CellPulses) => void) {
    this.#ir = ir;
    this.#update = schedule(ir).update;
    this.#batch = batch;
    this.#sink = sink;
    this.#orders = ir.layers.map(programOrder);
    this.#rows = ir.layers.map((layer) => places(layer.inputs, (i) => lineOf(rowLines(layer), i)));
    this.#columns = ir.layers.map((layer) => places(layer.outputs, (j) => lineOf(columnLines(layer), j)));
  }

  update(rows: readonly ProgrammedRow[][], start: number): void {
    this.#ir.layers.forEach((layer, l) => {
      const at = this.#update.layers[l].rows;
      if (!at) return;
      let begin = start + this.#update.begin.cycles;
      for (const row of rows[l]) {
        const { pulse, next } = rowTimes(this.#ir, layer, at, row, begin);
        row.counts.forEach((counts, rowTile) => {
          if (!counts) return;
          const i = this.#orders[l][row.row * layer.rowTiles + rowTile];
          for (let j = 0; j < layer.outputs; j++)
            if (counts[j] !== 0) this.#give(layer, pulse(1), i, j, counts[j] > 0, Math.abs(counts[j]));
        });
        begin = next;
      }
    });
  }

  trains(trains: readonly Train[][], start: number): void {
    this.#ir.layers.forEach((layer, l) => {
      const at = this.#update.layers[l].trains;
      if (!at) return;
      let begin = start + this.#update.begin.cycles;
      for (const { total, trace } of trains[l]) {
        const { pulse, next } = trainTimes(this.#ir, at, total, begin);
        trace?.firings.forEach(({ up, rows, columns }, slot) => {
          for (const i of rows) for (const j of columns) this.#give(layer, pulse(slot), i, j, up, 1);
        });
        begin = next;
      }
    });
  }

  #give({ index, colTiles }: LayerIr, cycle: number, i: number, j: number, up: boolean, count: number): void {
    const row = this.#rows[index][i];
    const column = this.#columns[index][j];
    const { pairs } = this.#ir.cell;
    this.#sink({
      batch: this.#batch(),
      cycle,
      layer: index,
      tile: row.tile * colTiles + column.tile,
      row: row.line,
      column: column.line,
      cell: pairs ? (up ? "plus" : "minus") : "only",
      direction: pairs || up ? "set" : "reset",
      count,
    });
  }
}

const places = (count: number, of: (n: number) => Place): Place[] => Array.from({ length: count }, (_, n) => of(n));
