/** Pictures of the cells at the end of a training: pulses by place, conductances before and after. */
import type { CellMaps } from "../sim/cells.ts";
import { type Picture, plot, type Row } from "./picture.ts";

/** Points of the tallest layer's picture. */
const MAP_HEIGHT = 340;

/** @param length of the legend's scale */
export const pulsesColour = (length: number) => ({
  field: "pulses",
  type: "quantitative",
  scale: { scheme: "cividis", zero: true },
  legend: { title: "pulses a cell", gradientLength: length },
});

export function wearByTile(cells: CellMaps): Picture {
  const rows = cells.layers.flatMap(({ layer, wear }): Row[] =>
    wear.mean.flatMap((line, r) => {
      const y = edges(r, wear.blockRows, cells.tileRows);
      return line.map((pulses, c) => {
        const x = edges(c, wear.blockCols, cells.tileCols);
        return { layer, pulses, top: y.from, bottom: y.to, left: x.from, right: x.to };
      });
    }),
  );
  const tallest = Math.max(...cells.layers.map(({ wear }) => wear.rowTiles * cells.tileRows));
  const widest = cells.layers.reduce((sum, { wear }) => sum + wear.colTiles * cells.tileCols, 0);
  const scale = Math.min(MAP_HEIGHT / tallest, 640 / widest);
  const axis = (title: string, size: number, tile: number) => ({
    title,
    grid: true,
    gridColor: "#222222",
    gridWidth: 1,
    zindex: 1,
    values: Array.from({ length: size / tile + 1 }, (_, n) => n * tile),
    labelOverlap: true,
  });
  return {
    id: "pulses-by-tile",
    title: "Pulses per cell, by tile",
    note: `Lines are the borders of the tiles of ${cells.tileRows} × ${cells.tileCols} cells; a square is the mean of ${cells.layers[0].wear.blockRows} × ${cells.layers[0].wear.blockCols} cells. Each layer has colours of its own. Grey: cells that carry no weight.`,
    content: plot(
      {
        spacing: 30,
        hconcat: cells.layers.map(({ layer, wear }) => {
          const height = wear.rowTiles * cells.tileRows;
          const width = wear.colTiles * cells.tileCols;
          return {
            title: { text: `layer ${layer}`, fontSize: 12 },
            transform: [{ filter: `datum.layer === ${layer} && datum.pulses !== null` }, ...overlap],
            width: Math.max(40, width * scale),
            height: Math.max(40, height * scale),
            view: { fill: "#DDDDDD" },
            mark: { type: "rect", clip: true },
            encoding: {
              x: {
                field: "left",
                type: "quantitative",
                scale: { domain: [0, width], nice: false },
                axis: axis("bitline", width, cells.tileCols),
              },
              x2: { field: "right" },
              y: {
                field: "top",
                type: "quantitative",
                scale: { domain: [height, 0], nice: false },
                axis: axis("wordline", height, cells.tileRows),
              },
              y2: { field: "bottom" },
              color: pulsesColour(120),
              tooltip: ["top", "left", "pulses"].map((field) => ({ field, type: "nominal" })),
            },
          };
        }),
        resolve: { scale: { color: "independent" } },
      },
      rows,
    ),
  };
}

/** Without seams between squares. */
const overlap = [
  { calculate: "datum.right + 0.08 * (datum.right - datum.left)", as: "right" },
  { calculate: "datum.bottom + 0.08 * (datum.bottom - datum.top)", as: "bottom" },
];

/** Lines of the n-th block: a tile's last one may be smaller. */
function edges(n: number, block: number, tile: number): { from: number; to: number } {
  const perTile = Math.ceil(tile / block);
  const start = Math.floor(n / perTile) * tile;
  const from = start + (n % perTile) * block;
  return { from, to: Math.min(from + block, start + tile) };
}

/** The share of each layer's cells by conductance, as a stair before and one after. */
export function conductanceShares({ layers, full, binUnits }: CellMaps): Row[] {
  return layers.flatMap(({ layer, before, after }) =>
    [before, after].flatMap((counts, n) => {
      const total = counts.reduce((sum, count) => sum + count, 0);
      // The last bin's right edge closes the stair.
      return [...counts, 0].map((count, bin) => ({
        layer,
        when: n === 0 ? "before" : "after",
        conductance: Math.min(100, (100 * bin * binUnits) / full),
        share: (100 * count) / total,
      }));
    }),
  );
}

const look = (range: readonly unknown[]) => ({
  field: "when",
  type: "nominal",
  scale: { domain: ["before", "after"], range },
  legend: { title: "training", symbolStrokeWidth: 2 },
});

/** The stairs of one layer. */
export const beforeAndAfter = {
  mark: { type: "line", interpolate: "step-after", strokeWidth: 1.8 },
  encoding: {
    x: {
      field: "conductance",
      type: "quantitative",
      scale: { domain: [0, 100] },
      axis: { title: "conductance (% of the range)", grid: false },
    },
    y: { field: "share", type: "quantitative", axis: { title: "cells (%)" } },
    color: look(["#D55E00", "#0072B2"]),
    strokeDash: look([
      [4, 3],
      [1, 0],
    ]),
  },
};

export function conductances(cells: CellMaps): Picture {
  return {
    id: "conductances",
    title: "Conductances before and after",
    note: `Cells of each layer by conductance, in steps of ${((100 * cells.binUnits) / cells.full).toPrecision(2)} % of the range from the lowest to the highest.`,
    content: plot(
      {
        spacing: 30,
        hconcat: cells.layers.map(({ layer }) => ({
          title: { text: `layer ${layer}`, fontSize: 12 },
          transform: [{ filter: `datum.layer === ${layer}` }],
          width: 220,
          height: 190,
          ...beforeAndAfter,
        })),
      },
      conductanceShares(cells),
    ),
  };
}
