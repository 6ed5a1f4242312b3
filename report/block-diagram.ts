/** The architecture as a block diagram with sizes, drawn from the IR: a column for each layer, activations from left to
 *  right above, errors from right to left below. */
import { bits, count } from "../generator/base/quantities.ts";
import type { Ir, LayerIr } from "../generator/ir/ir.ts";

const COLUMN = 196;
const GAP = 44;
const LEFT = 20;
const TOP = 40;
const LINE = 14;
/** Points of the largest tile array's longer side. */
const ARRAY = 104;
const INK = "#222222";
/** As in the timelines: forward blue, errors orange. */
const FORWARD = "#0072B2";
const BACKWARD = "#D55E00";
const GRADIENT = "#009E73";

interface Box {
  readonly title: string;
  readonly lines: readonly string[];
  readonly colour: string;
  /** An array of tiles below the lines. */
  readonly tiles?: { readonly rows: number; readonly cols: number; readonly side: number };
}

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const words = (ir: Ir, layer: number, name: string): string | null => {
  const memory = ir.memories.find((m) => m.layer === layer && m.name === name);
  return memory ? `${count(memory.words)} × ${memory.wordBits} bit` : null;
};

const bitsOf = (ir: Ir, layer: number, only: (name: string) => boolean): number =>
  ir.memories.reduce((sum, m) => sum + (m.layer === layer && only(m.name) ? m.bits : 0), 0);

function boxes(ir: Ir, layer: LayerIr, side: number): Box[] {
  const { index: l, forward, backward } = layer;
  const banks = ir.lowRank ? ", 2 banks" : "";
  const output = ir.vectors[l + 1];
  const pairs = ir.cell.pairs ? ", 2 cells a weight" : "";
  return [
    { title: "input buffer", lines: [`${words(ir, l, "x_buffer")}${banks}`], colour: FORWARD },
    {
      title: `${layer.rowTiles} × ${layer.colTiles} crossbar tiles`,
      lines: [`${ir.tileRows} × ${ir.tileCols} cells each${pairs}`],
      colour: INK,
      tiles: { rows: layer.rowTiles, cols: layer.colTiles, side },
    },
    {
      title: "forward read",
      lines: [
        `${forward.adcsPerTile} ADCs of ${forward.codeBits} bit a tile`,
        `${forward.steps} steps × ${forward.planes} bit planes`,
        `${output.lanes} lanes, ${ir.activation}, ${output.bits} bit`,
      ],
      colour: FORWARD,
    },
    {
      title: "errors",
      lines: [`raw ${words(ir, l, "raw_buffer")}`, `δ ${words(ir, l, "delta_buffer")}${banks}`],
      colour: BACKWARD,
    },
    backward
      ? {
          title: "backward read",
          lines: [
            `${backward.adcsPerTile} ADCs of ${backward.codeBits} bit a tile`,
            `${backward.steps} steps × ${backward.planes} bit planes`,
          ],
          colour: BACKWARD,
        }
      : { title: "no backward read", lines: ["nothing lies before", "this layer"], colour: BACKWARD },
    gradientBox(ir, layer),
    updateBox(ir, layer),
  ];
}

function gradientBox(ir: Ir, { index, gradient }: LayerIr): Box {
  if (ir.lowRank) {
    const { method, rank, factorBits } = ir.lowRank;
    return {
      title: `low-rank unit: ${method}, rank ${rank}`,
      lines: [
        `factors ${bits(bitsOf(ir, index, (name) => /^[xd]_factors$/.test(name)))}, ${factorBits} bit`,
        `scalars ${bits(bitsOf(ir, index, (name) => name.startsWith("scalar_memory")))}`,
      ],
      colour: GRADIENT,
    };
  }
  const lines =
    ir.keeps === "gradient"
      ? [`buffer ${words(ir, index, "gradient_buffer")}`, `accumulators of ${gradient.accumulatorBits} bit`]
      : [`products of ${gradient.accumulatorBits} bit,`, "kept nowhere"];
  return { title: `gradient: ${ir.method}`, lines, colour: GRADIENT };
}

function updateBox(ir: Ir, { index, update, edges }: LayerIr): Box {
  if (ir.coincidence && edges)
    return {
      title: "pulses that meet",
      lines: [`${ir.coincidence.products} outer products`, `trains of ${ir.coincidence.slots} slots`],
      colour: GRADIENT,
    };
  return {
    title: "update, row by row",
    lines: [
      `${count(update.rows)} rows, ${update.lfsrSeeds.length} lanes`,
      `at most ${update.pulseMax} pulses, ${ir.rounding}`,
      `latches ${words(ir, index, "pulse_latches")}`,
    ],
    colour: GRADIENT,
  };
}

const heightOf = ({ lines, tiles }: Box): number =>
  LINE * (lines.length + 1) + 14 + (tiles ? tiles.rows * tiles.side + 8 : 0);

export function blockDiagram(ir: Ir): string {
  const longest = Math.max(...ir.layers.map(({ rowTiles, colTiles }) => Math.max(rowTiles, colTiles)));
  const side = Math.max(3, Math.min(18, Math.floor(ARRAY / longest)));
  const columns = ir.layers.map((layer) => boxes(ir, layer, side));
  const heights = columns[0].map((_, n) => Math.max(...columns.map((column) => heightOf(column[n]))));
  const tops = heights.map((_, n) => TOP + heights.slice(0, n).reduce((sum, h) => sum + h + 16, 0));
  const bottom = tops[tops.length - 1] + heights[heights.length - 1];
  const left = (column: number) => LEFT + column * (COLUMN + GAP);
  const width = left(columns.length + 2) - GAP + LEFT;
  const parts: string[] = [];
  const { streamBits, sampleBeats, errorUnit } = ir;
  const [input] = ir.vectors;
  const [forwardRow, errorRow] = [tops[0] + 20, tops[3] + heights[3] / 2];
  parts.push(
    ...boxAt(
      {
        title: "sample input",
        lines: [
          `stream of ${streamBits} bit,`,
          `${sampleBeats} beats a sample`,
          `${input.size} codes of ${input.bits} bit`,
        ],
        colour: FORWARD,
      },
      left(0),
      tops[0],
      76,
    ),
  );
  columns.forEach((column, l) => {
    const { inputs, outputs } = ir.layers[l];
    const x = left(l + 1);
    parts.push(text(x + COLUMN / 2, TOP - 14, `layer ${l}: ${count(inputs)} → ${count(outputs)}`, { bold: true }));
    column.forEach((box, n) => {
      parts.push(...boxAt(box, x, tops[n], heights[n]));
      if (n > 0) parts.push(line(x + COLUMN / 2, tops[n] - 16, x + COLUMN / 2, tops[n], INK));
    });
    // From the activations of one layer to the input of the next, or to the error unit.
    if (l === 0)
      parts.push(
        arrow(
          [
            [x - GAP, forwardRow],
            [x, forwardRow],
          ],
          FORWARD,
        ),
      );
    const y = tops[2] + heights[2] / 2;
    const next = x + COLUMN + GAP;
    const end = l === columns.length - 1 ? y : forwardRow;
    parts.push(
      arrow(
        [
          [x + COLUMN, y],
          [x + COLUMN + GAP / 2 - 6, y],
          [x + COLUMN + GAP / 2 - 6, end],
          [next, end],
        ],
        FORWARD,
      ),
    );
    parts.push(
      l === columns.length - 1
        ? arrow(
            [
              [next, errorRow],
              [x + COLUMN, errorRow],
            ],
            BACKWARD,
            "5 3",
          )
        : arrow(
            [
              [next, tops[4] + heights[4] / 2],
              [x + COLUMN + GAP / 2 + 6, tops[4] + heights[4] / 2],
              [x + COLUMN + GAP / 2 + 6, errorRow],
              [x + COLUMN, errorRow],
            ],
            BACKWARD,
            "5 3",
          ),
    );
  });
  const exponentials = ir.memories.filter(({ layer }) => layer === null).reduce((sum, { bits }) => sum + bits, 0);
  parts.push(
    ...boxAt(
      {
        title: "error unit",
        lines: [errorUnit.loss, `${errorUnit.outputs} outputs`, `buffers ${bits(exponentials)}`],
        colour: BACKWARD,
      },
      left(columns.length + 1),
      tops[2],
      tops[3] + heights[3] - tops[2],
    ),
  );
  const total = ir.memories.reduce((sum, { bits }) => sum + bits, 0);
  const gradient = ir.memories.reduce((sum, m) => sum + (m.gradient ? m.bits : 0), 0);
  parts.push(
    ...boxAt(
      {
        title: "sequencer and host registers",
        lines: [
          `${ir.registers.length} registers; memories ${bits(total)}, of which ${bits(gradient)} hold only the gradient`,
        ],
        colour: INK,
      },
      left(0),
      bottom + 20,
      44,
      width - 2 * LEFT,
    ),
  );
  const height = bottom + 20 + 44 + 36;
  const legend = [
    arrow(
      [
        [LEFT, height - 14],
        [LEFT + 34, height - 14],
      ],
      FORWARD,
    ),
    text(LEFT + 42, height - 10, "activations", { anchor: "start" }),
    arrow(
      [
        [LEFT + 130, height - 14],
        [LEFT + 164, height - 14],
      ],
      BACKWARD,
      "5 3",
    ),
    text(LEFT + 172, height - 10, "errors", { anchor: "start" }),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Helvetica, Arial, sans-serif" font-size="11">`,
    `<title>${escaped(ir.design.name)}, ${ir.method}: blocks and their sizes</title>`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...parts,
    ...legend,
    "</svg>",
  ].join("\n");
}

function boxAt({ title, lines, colour, tiles }: Box, x: number, y: number, height: number, width = COLUMN): string[] {
  const middle = x + width / 2;
  const parts = [
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="4" fill="white" stroke="${colour}" stroke-width="1.6"/>`,
    text(middle, y + 17, title, { bold: true }),
    ...lines.map((one, n) => text(middle, y + 17 + LINE * (n + 1), one)),
  ];
  if (!tiles) return parts;
  const { rows, cols, side } = tiles;
  const top = y + 17 + LINE * lines.length + 9;
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < cols; c++)
      parts.push(
        `<rect x="${middle - (cols * side) / 2 + c * side}" y="${top + r * side}" width="${side - 2}" height="${side - 2}" fill="#E8E8E8" stroke="${INK}" stroke-width="0.8"/>`,
      );
  return parts;
}

function text(x: number, y: number, content: string, { bold = false, anchor = "middle" } = {}): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${INK}"${bold ? ' font-weight="bold"' : ""}>${escaped(content)}</text>`;
}

const line = (x1: number, y1: number, x2: number, y2: number, colour: string): string =>
  `<path d="M${x1} ${y1}L${x2} ${y2}" fill="none" stroke="${colour}" stroke-width="1"/>`;

/** A line of straight parts with a head at its end, which is horizontal. */
function arrow(points: readonly (readonly [number, number])[], colour: string, dashes?: string): string {
  const [end, before] = [points[points.length - 1], points[points.length - 2]];
  const [x, y] = end;
  const back = x > before[0] ? -7 : 7;
  const path = points.map(([px, py], n) => `${n === 0 ? "M" : "L"}${px} ${py}`).join("");
  return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.6"${dashes ? ` stroke-dasharray="${dashes}"` : ""}/><path d="M${x} ${y}L${x + back} ${y - 4}L${x + back} ${y + 4}Z" fill="${colour}"/>`;
}
