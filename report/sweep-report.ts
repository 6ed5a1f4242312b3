/** The report of a sweep: its Pareto fronts, its points over all axes at once and over each, the designs behind them. */
import { availableParallelism } from "node:os";
import { nameOfMethod } from "../generator/methods/compared.ts";
import { type Aim, paretoFront, preference } from "../sweep/pareto.ts";
import type { Store } from "../sweep/store.ts";
import { Tables } from "../sweep/table.ts";
import { pointText, type Task } from "../sweep/task.ts";
import type { Row, Value } from "./picture.ts";
import type { Details, Report, Table } from "./report.ts";
import { again } from "./runs.ts";
import { parallelCoordinates, type SweepRows, slices, trade } from "./sweep-pictures.ts";

/** Points that a picture has at most: the front's, and others evenly out of the rest. */
const MOST_POINTS = 2000;
/** Designs that the page holds in full. */
const MOST_DESIGNS = 500;

/** Figures of which less is better, against which the first of GAINS is drawn: as far as the sweep has them. */
const COSTS: readonly (readonly [string, string])[] = [
  ["gradientBits", "memory that only holds the gradient (bit)"],
  ["cyclesPerSample", "clock cycles of a training sample"],
  ["pulsesPerCell", "programming pulses of a cell, mean"],
];
const GAIN = ["accuracy", "part of the test samples right"] as const;

export async function sweepReport(store: Store): Promise<Report> {
  const plan = store.plan();
  const tasks = store.tasks();
  const tables = await Tables.open(store, availableParallelism());
  const { columns, rows: all } = await tables.rows("from results order by task");
  const { rows: failures } = await tables.rows("from failures");
  const axes = tables.axes().filter((name) => name !== "task");
  tables.close();
  const has = (name: string) => columns.includes(name) && all.some((row) => typeof row[name] === "number");
  const costs = COSTS.filter(([name]) => has(name));
  const aims: Aim[] = has(GAIN[0])
    ? [{ column: GAIN[0], better: "more" }, ...costs.map(([column]) => ({ column, better: preference(column) }))]
    : [];
  const front = new Set(aims.length > 0 ? paretoFront(all, aims).map(({ task }) => Number(task)) : []);
  const stride = Math.ceil(all.length / MOST_POINTS);
  const shown = all.filter(({ task }, n) => n % stride === 0 || front.has(Number(task)));
  const rows = shown.map((row): Row => {
    const task = tasks[Number(row.task)];
    return {
      ...Object.fromEntries([...axes, ...costs.map(([name]) => name), GAIN[0]].map((name) => [name, plain(row[name])])),
      method: nameOfMethod(task.design.gradient),
      task: task.hash,
      front: front.has(Number(row.task)),
    };
  });
  const sweep: SweepRows = { axes, rows };
  const drawn =
    stride === 1 ? "" : ` The pictures show ${rows.length}: the front, and every ${stride}th of the others.`;
  const gain = { field: GAIN[0], title: GAIN[1] };
  return {
    title: `Sweep ${plan.name}`,
    details: detailsOf(shown.map(({ task }) => tasks[Number(task)]).slice(0, MOST_DESIGNS)),
    sections: [
      {
        title: "Results",
        text: [
          `${all.length} of ${tasks.length} tasks have results, ${failures.length} failed. Axes: ${plan.axes.join(", ")}.${drawn}`,
          ...(aims.length === 0 ? ["The sweep has no accuracy: there is nothing to draw."] : []),
          "A click on a point shows its design and the command that runs it.",
        ],
        pictures:
          aims.length === 0
            ? []
            : [
                ...costs.map(([field, title]) => trade(sweep, { field, title }, gain)),
                parallelCoordinates(sweep, [...costs.map(([name]) => name), GAIN[0]]),
                ...slices(sweep, gain),
              ],
      },
      {
        title: `The Pareto front in ${aims.map(({ column }) => column).join(", ")}`,
        text: front.size === 0 ? ["It is empty."] : [],
        tables:
          front.size === 0
            ? []
            : [
                frontTable(
                  all.filter(({ task }) => front.has(Number(task))),
                  tasks,
                  aims,
                ),
              ],
        pictures: [],
      },
      {
        title: "To run it again",
        pictures: [],
        code: [
          { title: "command line", text: `npx rankloom sweep ${plan.file}` },
          ...(tasks.length > 0
            ? [
                {
                  title: "program (sources' hash)",
                  text: [...new Set(tasks.map(({ program }) => program))].join("\n"),
                },
                { title: "design of the first task", text: JSON.stringify(tasks[0].design, null, 2) },
              ]
            : []),
        ],
      },
    ],
  };
}

/** Lists become text. */
const plain = (value: unknown): Value =>
  value === null || ["number", "string", "boolean"].includes(typeof value) ? (value as Value) : JSON.stringify(value);

function frontTable(
  rows: readonly Readonly<Record<string, unknown>>[],
  tasks: readonly Task[],
  aims: readonly Aim[],
): Table {
  return {
    head: [...aims.map(({ column }) => column), "point", "task"],
    rows: rows
      .toSorted((a, b) => Number(b[aims[0].column]) - Number(a[aims[0].column]))
      .map((row) => {
        const task = tasks[Number(row.task)];
        return [
          ...aims.map(({ column }) => String(Number(Number(row[column]).toPrecision(6)))),
          pointText(task.point),
          task.hash,
        ];
      }),
  };
}

function detailsOf(tasks: readonly Task[]): Details {
  return Object.fromEntries(
    tasks.map(({ hash, point, design, work, data }) => [
      hash,
      [
        pointText(point),
        `task ${hash}`,
        `with the design below as design.json: ${commandOf(work, data)}`,
        JSON.stringify(design, null, 2),
      ].join("\n\n"),
    ]),
  );
}

/** The command that does a task's work by itself: its settings are options of the same names. */
function commandOf({ kind, ...settings }: Task["work"], data: Task["data"]): string {
  const options = Object.entries({ ...settings, data }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, String(value)],
  );
  return again({ command: [kind, "design.json", ...options] });
}
