/** Gradient memory as a part of the digital area (logic and memories): `mbgd` against the low-rank methods, by tile and
 *  rank. Prints a table in Markdown, a row as soon as it is known (`npm run bench:memory`, `npm run bench:memory -- 128`
 *  for some tiles). What was synthesised once is kept, so that an interrupted run goes on where it stopped. */
import { estimate } from "../estimate/estimate-design.ts";
import { show } from "../estimate/tree.ts";
import { loadDesign } from "../generator/design/load.ts";

const TILES = process.argv.slice(2).map(Number);
const METHODS = ["sbpca", "nmf", "lrt"];
const RANKS = [1, 3, 10];

async function row(tile: number, method: string, rank: number | null): Promise<string> {
  const sets = [`tile.rows=${tile}`, `tile.cols=${tile}`, `gradient.method=${method}`];
  const { design } = loadDesign("mnist-mlp", rank === null ? sets : [...sets, `gradient.rank=${rank}`]);
  const { memory, area, gates, clock } = await estimate(design);
  const digital = memory.gradientShare.parts[1];
  const cells = [
    String(tile),
    method,
    rank === null ? "" : String(rank),
    memory.gradientBits.value.toLocaleString("en-US"),
    show(memory.gradientArea.value, "nm2"),
    show(digital.value, "nm2"),
    `${(100 * memory.gradientShare.value).toFixed(1)} %`,
    show(area.total.value, "nm2"),
    show(gates.value, ""),
    show(clock.highest.value, "MHz"),
  ];
  return `| ${cells.join(" | ")} |`;
}

console.log(
  "| tile | method | rank | gradient memory, bit | its area | logic and memories | part | whole area | gates | highest clock |\n|---|---|---|---|---|---|---|---|---|---|",
);
for (const tile of TILES.length > 0 ? TILES : [64, 128, 256]) {
  console.log(await row(tile, "mbgd", null));
  for (const method of METHODS) for (const rank of RANKS) console.log(await row(tile, method, rank));
}
