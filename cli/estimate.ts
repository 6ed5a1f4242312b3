/** `rankloom estimate`: area, clock, time, energy and endurance of a design, with what it saves against other methods. */

import { type Command, Option } from "commander";
import type { Estimate } from "../estimate/estimate-design.ts";
import type { Breakdown } from "../estimate/leaves.ts";
import { type Figure, show } from "../estimate/tree.ts";
import { FASTEST_MHZ, NODE_NM } from "../generator/base/asked.ts";
import { Refusal } from "../generator/base/errors.ts";
import { count } from "../generator/base/quantities.ts";
import type { Design } from "../generator/design/schema.ts";
import { variants } from "../generator/methods/compared.ts";
import { leftText, Output, table } from "../report/console.ts";
import {
  addDesign,
  addJson,
  addOut,
  appended,
  type DesignOptions,
  designOf,
  numberWithin,
  type OutOptions,
} from "./options.ts";

interface Options extends DesignOptions, OutOptions {
  readonly liberty?: readonly string[];
  readonly node?: number;
  readonly clock?: number;
  readonly constants?: string;
  readonly json?: string;
  readonly explain?: string;
  readonly savings: boolean;
}

/** Methods that every design is set beside: those that keep no factors. */
const baselines = (): string[] =>
  variants()
    .filter(({ keeps }) => keeps !== "factors")
    .sort((a, b) => a.look - b.look)
    .map(({ name }) => name);

/** A parser for a number above 0. */
const positive = (flag: string, max: number) => (text: string) => {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0 && value <= max))
    throw new Refusal(`${flag}: ${JSON.stringify(text)} is not allowed; use a number above 0, at most ${max}`);
  return value;
};

export function addEstimate(root: Command): Command {
  const command = root
    .command("estimate")
    .description(
      "estimate area, clock, time and energy of a design from its synthesised Verilog and a simulated batch",
    );
  return addOut(addJson(addDesign(command)))
    .option(
      "--liberty <file>",
      "standard-cell library to map to; again for each further file of it (default: gates of a generic library)",
      appended,
    )
    .option("--node <nm>", `feature size (default: ${NODE_NM.otherwise})`, numberWithin("--node", NODE_NM))
    .option(
      "--clock <mhz>",
      "clock (default: the highest that the slowest path allows)",
      positive("--clock", FASTEST_MHZ),
    )
    .option("--constants <file>", "constants of your own, over those of estimate/data/constants.json")
    .option("--explain <figure>", "how a figure came about, e.g. area or energy.sample.unit.adc")
    .addOption(new Option("--no-savings", "leave out the comparison with mbgd and sgd"))
    .action(run);
}

async function run(name: string, options: Options): Promise<void> {
  const { design } = await designOf(name, options);
  const { estimate, figuresOf } = await import("../estimate/estimate-design.ts");
  const { savings } = await import("../estimate/savings.ts");
  const { allFigures, explain } = await import("../estimate/tree.ts");
  const { estimateJson } = await import("../estimate/json.ts");
  const output = await Output.open(options.json);
  const { RunFolder } = await import("../report/runs.ts");
  const { data, liberty, node, clock, constants } = options;
  const settings = { data, liberty, node, clock, constants, savings: options.savings };
  const told = { kind: "estimate", design, settings } as const;
  const folder = RunFolder.open(options.out, told, {
    module: import.meta.url,
    reads: [...(liberty ?? []), ...(constants === undefined ? [] : [constants])],
  });
  const of = (one: Design) =>
    estimate(one, {
      data: options.data,
      liberty: options.liberty,
      nodeNm: options.node,
      clockMhz: options.clock,
      constants: options.constants,
      onProgress: (step, done, total) => output.progress(`${one.gradient.method}: ${step}`, done, total),
    });
  const result = await of(design);
  const compared: Record<string, Figure[]> = {};
  for (const method of options.savings ? baselines() : []) {
    const baseline = await baselineOf(design, method);
    if (baseline) compared[method] = savings(result, await of(baseline), method);
  }
  output.endProgress();
  const json = estimateJson(result, compared);
  await output.result(json);
  if (options.explain === undefined) {
    output.say(report(result, compared));
    if (folder) output.say(leftText(await folder.write({ ...told, result: json })));
    return;
  }
  const figures = new Map([...figuresOf(result), ...allFigures(Object.values(compared).flat())]);
  const figure = figures.get(options.explain);
  if (!figure)
    throw new Refusal(
      `--explain: ${JSON.stringify(options.explain)} is no figure; use ${alike(options.explain, [...figures.keys()])}`,
    );
  output.say(explain(figure));
}

/** The same design with another method; null where it is the design's own. */
async function baselineOf(design: Design, method: string): Promise<Design | null> {
  if (design.gradient.method === method) return null;
  const { combinations } = await import("./comparison.ts");
  const [combination] = combinations(design, {
    methods: [method],
    ranks: [1],
    updates: ["rank-sum"],
    rates: [design.training.learningRate],
    seeds: [design.training.seed],
  });
  return combination.design;
}

/** Names that begin as this one does, or the shortest. */
function alike(name: string, names: readonly string[]): string {
  const [first] = name.split(".");
  const near = names.filter((other) => other.startsWith(first));
  return (near.length > 0 ? near : names)
    .toSorted((a, b) => a.length - b.length)
    .slice(0, 12)
    .join(", ");
}

function report(result: Estimate, compared: Readonly<Record<string, readonly Figure[]>>): string {
  const { design, nodeNm, liberty, tool, clock, slowest, gates, memory, endurance, energy, time, area, activity } =
    result;
  const value = (figure: Figure): string => show(figure.value, figure.unit);
  const { method, rank } = design.gradient;
  return [
    `${design.name}, ${method}${rank === undefined ? "" : ` of rank ${rank}`}, ${nodeNm} nm, ${liberty} library, ${tool}`,
    ...table(
      [
        ["gates", value(gates)],
        ["area", value(area.total)],
        ["slowest path", `in ${slowest.module}, from ${slowest.from} to ${slowest.to}`],
        ["highest clock", value(clock.highest)],
        ["clock period", value(clock.period)],
        ["time of a sample", value(time.sample.total)],
        ["  of a batch", value(time.batch)],
        ["  of an epoch", value(time.epoch.total)],
        ["energy of a sample", value(energy.sample.total)],
        ["  of an epoch", value(energy.epoch.total)],
        [
          "gradient memory",
          `${count(memory.gradientBits.value)} bit, ${(100 * memory.gradientShare.value).toFixed(2)} % of logic and memories`,
        ],
        ["pulses of the most-written cell", `${value(endurance.writes)} a sample`],
        ["endurance", value(endurance.years)],
        ["simulated", `${count(activity.samples)} samples of ${activity.data}`],
      ],
      [0, 1],
    ),
    ...shares("area", area),
    ...shares("energy of a sample", energy.sample),
    ...shares("time of a sample", time.sample),
    ...Object.entries(compared).flatMap(([name, figures]) => [
      "",
      `by that of ${name}`,
      ...table(
        figures.map((figure) => [
          figure.id.slice(figure.id.lastIndexOf(".") + 1),
          `${Number(figure.value.toPrecision(3))} ×`,
        ]),
      ),
    ]),
    ...(result.warnings.length > 0
      ? ["", "outside what is known:", ...result.warnings.map((line) => `  ${line}`)]
      : []),
  ].join("\n");
}

/** A breakdown by unit and by layer, largest first. */
function shares(title: string, { total, byLayer, byUnit }: Breakdown): string[] {
  const rows = (groups: Readonly<Record<string, Figure>>) =>
    Object.entries(groups)
      .toSorted(([, a], [, b]) => b.value - a.value)
      .map(([name, figure]) => [
        name,
        show(figure.value, figure.unit),
        total.value === 0 ? "" : `${((100 * figure.value) / total.value).toFixed(1)} %`,
      ]);
  return ["", title, ...table([...rows(byLayer), ["", "", ""], ...rows(byUnit)])];
}
