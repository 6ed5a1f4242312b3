/** `rankloom memory`: what each gradient method takes on chip, read back from its Verilog. */
import type { Command } from "commander";
import { count } from "../generator/base/quantities.ts";
import type { Design } from "../generator/design/schema.ts";
import { fullGradient, variants } from "../generator/methods/compared.ts";
import { Output, table } from "../report/console.ts";
import type { Combination } from "./comparison.ts";
import type { Bits, LayerFigures, MemoryFigures } from "./memory-figures.ts";
import { addDesign, addJson, addMethods, type DesignOptions, designOf, type MethodOptions } from "./options.ts";

interface Options extends DesignOptions, MethodOptions {
  readonly detail?: boolean;
  readonly json?: string;
}

export function addMemory(root: Command): Command {
  const command = root
    .command("memory")
    .description("read the memories of each gradient method back from its Verilog, in bits");
  addMethods(
    addDesign(command),
    variants().map(({ name }) => name),
    [1, 3, 10],
  );
  return addJson(command).option("--detail", "each memory of each layer, too").action(memory);
}

async function memory(name: string, options: Options): Promise<void> {
  const { design } = await designOf(name, options);
  const { combinations } = await import("./comparison.ts");
  const { memoryFigures, ORDER, sums } = await import("./memory-figures.ts");
  const update = updateOf(design);
  const of = (methods: readonly string[]) =>
    combinations(design, {
      methods,
      ranks: options.ranks,
      updates: [update],
      rates: [design.training.learningRate],
      seeds: [design.training.seed],
    });
  const list = of(options.methods);
  const full = fullGradient().name;
  const baseline = list.find((combination) => combination.method === full) ?? of([full])[0];
  const output = await Output.open(options.json);
  const all = [...new Set([baseline, ...list])];
  const figures = new Map<Combination, MemoryFigures>();
  for (const combination of all) {
    output.progress(`${all.length} machines`, figures.size, all.length);
    figures.set(combination, await memoryFigures(combination.design, options.data));
  }
  output.endProgress();
  const totals = (combination: Combination) => totalsOf(figures.get(combination) as MemoryFigures, sums);
  const fullBits = totals(baseline).gradient;
  const rows = list.map((combination): Row => {
    const found = totals(combination);
    const timesSmaller = found.gradient === 0 ? null : fullBits / found.gradient;
    const { method, rank } = combination;
    return { method, rank, ...found, timesSmaller, ...(figures.get(combination) as MemoryFigures) };
  });
  await output.result({ design, update, fullGradient: fullBits, rows });
  output.say(report(rows, ORDER));
  if (options.detail) for (const row of rows) output.say(detail(row));
}

/** The update of the low-rank methods: as the design has it, by a name of `--updates`. */
const updateOf = ({ gradient }: Design): string =>
  gradient.programming === "coincidence" ? "coincidence" : (gradient.update ?? "rank-sum");

interface Totals {
  /** All memories. */
  readonly all: number;
  /** Those that only the gradient needs. */
  readonly gradient: number;
  readonly groups: Bits;
  readonly yardstick: { readonly words: number; readonly bits: number };
  readonly beyond: Bits;
  readonly stageBits: number;
  readonly tableBits: Bits;
}

type Row = Totals &
  MemoryFigures &
  Pick<Combination, "method" | "rank"> & {
    /** Than mbgd's full gradient; null where there is no memory. */
    readonly timesSmaller: number | null;
  };

type Sums = (entries: readonly (readonly [string, number])[]) => Bits;

function totalsOf({ memories, stages, tables, layers }: MemoryFigures, sums: Sums): Totals {
  const total = (list: readonly number[]) => list.reduce((sum, n) => sum + n, 0);
  const added = (of: (layer: LayerFigures) => Bits) => sums(layers.flatMap((layer) => Object.entries(of(layer))));
  return {
    all: total(memories.map((m) => m.bits)),
    gradient: total(layers.map((l) => l.gradient)),
    groups: added((l) => l.groups),
    yardstick: {
      words: total(layers.map((l) => l.yardstick.words)),
      bits: total(layers.map((l) => l.yardstick.bits)),
    },
    beyond: added((l) => l.beyond),
    stageBits: total(stages.map((s) => s.bits)),
    tableBits: sums(tables.map(({ name, bits }) => [name, bits])),
  };
}

function report(rows: readonly Row[], order: readonly string[]): string {
  const title = ({ method, rank }: Row) => [method, rank === null ? "" : String(rank)];
  const beyond = ({ gradient, yardstick }: Row) => gradient - yardstick.bits;
  return [
    "bits, of all layers; read back from the Verilog",
    ...table([
      ["method", "rank", "all memories", "for the gradient", "yardstick", "beyond it", "smaller than mbgd's", "stages"],
      ...rows.map((row) => [
        ...title(row),
        count(row.all),
        count(row.gradient),
        count(row.yardstick.bits),
        count(beyond(row)),
        row.timesSmaller === null ? "" : `${row.timesSmaller.toFixed(1)} ×`,
        count(row.stageBits),
      ]),
    ]),
    "",
    "memories that only the gradient needs",
    ...columns(rows, title, (row) => row.groups, order),
    "",
    "beyond the yardstick",
    ...columns(rows, title, (row) => row.beyond, order),
    "",
    "tables, in logic",
    ...columns(rows, title, (row) => row.tableBits, []),
  ].join("\n");
}

/** A table with a column for each name that a row has, those of `order` first. */
function columns(
  rows: readonly Row[],
  title: (row: Row) => string[],
  of: (row: Row) => Bits,
  order: readonly string[],
): string[] {
  const found = new Set(rows.flatMap((row) => Object.keys(of(row))));
  const names = [...new Set([...order.filter((name) => found.has(name)), ...found])];
  if (names.length === 0) return ["  none"];
  return table([
    ["method", "rank", ...names],
    ...rows.map((row) => [...title(row), ...names.map((name) => (name in of(row) ? count(of(row)[name]) : ""))]),
  ]);
}

function detail({ method, rank, memories, stages, layers }: Row): string {
  const place = (layer: number | null) => (layer === null ? "" : `layer ${layer}`);
  return [
    "",
    `${method}${rank === null ? "" : `, rank ${rank}`}`,
    ...table(
      [
        ["memory", "", "words × bits", "bits", "made of", "", "for"],
        ...memories.map((m) => [
          m.name,
          place(m.layer),
          `${count(m.words)} × ${m.wordBits}`,
          count(m.bits),
          m.kind,
          m.gradient ? "gradient" : "",
          m.purpose,
        ]),
        ...stages.map((s) => [s.name, place(s.layer), "", count(s.bits), "registers", "stage", ""]),
      ],
      [0, 1, 4, 5, 6],
    ),
    ...layers.map(
      (l) =>
        `  layer ${l.layer}: ${count(l.gradient)} bits for the gradient, yardstick ${count(l.yardstick.bits)} bits in ${count(l.yardstick.words)} words`,
    ),
  ].join("\n");
}
