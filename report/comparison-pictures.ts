/** Pictures of the cells of several trainings below each other: pulses by tile, conductances before and after. */
import type { CellMaps } from "../sim/cells.ts";
import { beforeAndAfter, conductanceShares, pulsesColour } from "./cell-pictures.ts";
import { type Picture, plot, type Row } from "./picture.ts";
import { keysOf, TRAINING_FILTERS, type Training } from "./training-pictures.ts";

/** Pixels of a tile, and trainings beside each other. */
const TILE = 18;
const WEAR_COLUMNS = 4;

export interface TrainedCells {
  readonly training: Training;
  readonly cells: CellMaps;
}

const SIGN: Row = { learningRate: "η = ", seed: "seed " };

interface Labelled {
  /** What tells the training from the others, and `label`, the same in words. */
  readonly keys: Row;
  readonly cells: CellMaps;
}

function labelled(list: readonly TrainedCells[]): Labelled[] {
  const keys = list.map(({ training }) => keysOf(training));
  const differs = (field: string) => new Set(keys.map((row) => row[field])).size > 1;
  const more = [...(differs("learningRate") ? ["learningRate"] : []), ...(differs("seed") ? ["seed"] : [])];
  return list.map(({ cells }, n) => {
    const label = [keys[n].name, ...more.map((field) => `${SIGN[field]}${keys[n][field]}`)].join(", ");
    return { keys: { ...keys[n], label }, cells };
  });
}

const labels = (list: readonly Labelled[]): string[] => list.map(({ keys }) => String(keys.label));

/** Small pictures with a name above each, in the order of the names. */
const panels = (field: string, names: readonly string[], columns: number, spec: object) => ({
  facet: {
    field,
    type: "nominal",
    sort: names,
    title: null,
    header: { labelAnchor: "start", labelFontSize: 11, labelLimit: 300 },
  },
  columns,
  spec,
});

/** All layers of a training beside each other, in one picture: their tiles in places of a common grid. */
export function wearByTraining(trainings: readonly TrainedCells[]): Picture {
  const list = labelled(trainings);
  const { layers } = list[0].cells;
  const starts = layers.map((_, l) => layers.slice(0, l).reduce((sum, { wear }) => sum + wear.colTiles + 1, 0));
  const rows = list.flatMap(({ keys, cells }) =>
    cells.layers.flatMap(({ layer, wear }, l) =>
      wear.tiles.flatMap((line, tileRow) =>
        line.map((pulses, tileColumn): Row => {
          const left = starts[l] + tileColumn;
          return { ...keys, layer, tileRow, tileColumn, pulses, left, right: left + 1, bottom: tileRow + 1 };
        }),
      ),
    ),
  );
  const width = starts[starts.length - 1] + layers[layers.length - 1].wear.colTiles;
  const height = Math.max(...layers.map(({ wear }) => wear.rowTiles));
  const middles = layers.map(({ wear }, l) => starts[l] + wear.colTiles / 2);
  return {
    id: "pulses-by-training",
    title: "Pulses per cell, by tile and training",
    note: "A square is the mean of the cells in use of one tile; colours mean the same in all.",
    filters: TRAINING_FILTERS,
    content: plot(
      panels("label", labels(list), WEAR_COLUMNS, {
        width: width * TILE,
        height: height * TILE,
        mark: { type: "rect", stroke: "#222222", strokeWidth: 0.6 },
        encoding: {
          x: {
            field: "left",
            type: "quantitative",
            scale: { domain: [0, width], nice: false },
            axis: {
              title: "layer",
              grid: false,
              values: middles,
              labelExpr: `indexof(${JSON.stringify(middles)}, datum.value)`,
              labelOverlap: false,
            },
          },
          x2: { field: "right" },
          y: {
            field: "tileRow",
            type: "quantitative",
            scale: { domain: [height, 0], nice: false },
            axis: { title: "tile row", grid: false, tickMinStep: 1, format: "d", labelOverlap: true },
          },
          y2: { field: "bottom" },
          color: pulsesColour(90),
          tooltip: ["label", "layer", "tileRow", "tileColumn", "pulses"].map((field) => ({ field, type: "nominal" })),
        },
      }),
      rows,
    ),
  };
}

export function conductancesByTraining(trainings: readonly TrainedCells[]): Picture {
  const list = labelled(trainings);
  const { layers } = list[0].cells;
  const panel = (label: unknown, layer: unknown) => `${label}: layer ${layer}`;
  const rows = list.flatMap(({ keys, cells }) =>
    conductanceShares(cells).map((row): Row => ({ ...keys, ...row, panel: panel(keys.label, row.layer) })),
  );
  const names = labels(list).flatMap((label) => layers.map(({ layer }) => panel(label, layer)));
  return {
    id: "conductances-by-training",
    title: "Conductances before and after, by training",
    note: "Cells of each layer by conductance.",
    filters: TRAINING_FILTERS,
    content: plot(panels("panel", names, layers.length, { width: 200, height: 80, ...beforeAndAfter }), rows),
  };
}
