/** The schedule as tables of docs/machine.md: what `generator/ir/schedule.ts` prints of small machines of every kind. */
import type { Length } from "../generator/base/formula.ts";
import { loadDesign } from "../generator/design/load.ts";
import type { Ir } from "../generator/ir/ir.ts";
import { phases, SYMBOLS, schedule } from "../generator/ir/schedule.ts";
import { prepareMachine } from "../prepare/machine.ts";

const machine = (...sets: string[]): Ir => prepareMachine(loadDesign("tiny", sets).design).ir;

const lowRank = ["gradient.method=sbpca", "gradient.rank=2"];
const coincidence = [...lowRank, "gradient.update=rank-seq", "gradient.programming=coincidence"];

/** Machines of which each has something that no other one has. */
const machines = {
  tiny: machine(),
  squared: machine("network.loss=squared-error"),
  lowRank: machine(...lowRank),
  coincidence: machine(...coincidence),
  pairs: machine("tile.encoding=differential"),
};

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  row(heads),
  `|${"---|".repeat(heads.length)}`,
  ...rows.map(row),
];

const placesOf = ({ places }: Length): string => [...places].map((place) => `\`${place}\``).join(", ");

/** Named constants that add up to one of the formula; those of an event that is counted from another are once in each. */
const constantsOf = ({ pipelines }: Length): string => {
  const cycles = new Map<string, number>();
  for (const { why, cycles: c } of pipelines) cycles.set(why, (cycles.get(why) ?? 0) + c);
  return [...cycles].flatMap(([why, c]) => (c === 0 ? [] : [`${c}: ${why}`.replace("-", "−")])).join("; ");
};

function lengthRows(): string[][] {
  const { tiny, squared, lowRank: ranks, coincidence: trains, pairs } = machines;
  const of = (ir: Ir, phase: string) => {
    const found = phases(ir).find((p) => p.phase === phase);
    if (!found) throw new Error(`no ${phase}`);
    return found.formula;
  };
  const line = (title: string, ir: Ir, phase: string, length: Length | null) => [
    title,
    of(ir, phase),
    length ? placesOf(length) : "",
  ];
  const s = schedule(tiny);
  return [
    line("LOAD", tiny, "load", s.load.length),
    line("FORWARD of layer l", tiny, "forward", s.forward[0].all),
    line("ERROR, softmax", tiny, "error", s.errorLength),
    line("ERROR, squared error", squared, "error", schedule(squared).errorLength),
    line("BACKWARD through layer l", tiny, "backward", s.backwardLength[1]),
    line("GRADIENT, mbgd", tiny, "gradient", s.gradient?.length ?? null),
    line("GRADIENT, low rank", ranks, "gradient", null),
    line("UPDATE by row, sgd and mbgd", tiny, "update", s.update.length),
    line("UPDATE by row, low rank", ranks, "update", schedule(ranks).update.length),
    line("UPDATE by coincidence", trains, "update", schedule(trains).update.length),
    line("RANGE", tiny, "range", s.range.length),
    line("RANGE with differential pairs", pairs, "range", schedule(pairs).range.length),
  ];
}

function eventRows(): string[][] {
  const s = schedule(machines.tiny);
  const ranks = schedule(machines.lowRank).update.layers[0];
  const { error } = schedule(machines.squared);
  const trains = schedule(machines.coincidence).update.layers[0].trains;
  const line = (event: string, from: string, length: Length | null | undefined) => {
    if (!length) throw new Error(`no ${event}`);
    return [event, from, length.formula, constantsOf(length)];
  };
  const raw = (of: typeof error) =>
    of.period.formula === "1" ? `${of.start.formula} + n` : `${of.start.formula} + n · (${of.period.formula})`;
  return [
    line("`x_write` of layer 0", "a beat's acceptance", s.load.write),
    line("the first codes of a read", "entry", s.forward[0].codes),
    line("the first word of FORWARD: `x_write`, `y_write`", "entry", s.forward[0].word),
    line("the first word of BACKWARD: `raw_write`", "entry", s.backward[1]?.word),
    line("the first `exp_write`", "entry", s.error.exponential),
    line("`prediction_valid`, softmax", "entry", s.error.prediction),
    line("`prediction_valid`, squared error", "entry", error.prediction),
    ["`raw_write` that ends with the nth output, softmax", "entry", raw(s.error), constantsOf(s.error.period)],
    ["`raw_write` that ends with the nth output, squared error", "entry", raw(error), constantsOf(error.start)],
    line("the first `delta_write`", "the cycle after the last `raw_write`", s.scalers[0].delta),
    line("the first `gradient_write`", "entry", s.gradient?.write),
    line("the first row or outer product", "entry of UPDATE", s.update.begin),
    line("`count_write`, sgd and mbgd", "the cycle after the word's issue", s.update.layers[0].rows?.count),
    line("`count_write`, low rank", "the cycle after the word's last issue", ranks.rows?.count),
    line("the first pulse's slot, sgd and mbgd", "the row's first cycle", s.update.layers[0].rows?.pulses),
    line("the first pulse's slot, low rank", "the row's first cycle", ranks.rows?.pulses),
    line("the first threshold's write", "the outer product's first cycle", trains?.thresholds),
    line("the first slot of a train", "the outer product's first cycle", trains?.pulses),
    line("what follows an outer product of zeros", "its first cycle", trains?.idle),
    line("another range", "entry of RANGE", s.range.change),
  ];
}

const SCHEDULE = /(<!-- schedule: .* -->\n).*(?=<!-- end of schedule -->)/s;

const tables = (): string =>
  [
    ...table(["phase", "cycles", "names are fields of the IR, and of its"], lengthRows()),
    "",
    ...table(
      ["what data or the host decide", "is"],
      Object.entries(SYMBOLS).map(([name, meaning]) => [name, meaning]),
    ),
    "",
    ...table(["event", "from", "cycles later", "of which"], eventRows()),
    "",
  ].join("\n");

/** The page of the machine with its schedule as it is now. */
export const withSchedule = (page: string): string => page.replace(SCHEDULE, (_, start) => `${start}\n${tables()}\n`);
