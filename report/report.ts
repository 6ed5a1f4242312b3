/** A report: the pictures and tables of runs, or of a sweep, in the order in which they are read. */
import { count } from "../generator/base/quantities.ts";
import { prepareMachine } from "../prepare/machine.ts";
import { blockDiagram } from "./block-diagram.ts";
import { conductances, wearByTile } from "./cell-pictures.ts";
import { checksPicture } from "./checks.ts";
import { conductancesByTraining, type TrainedCells, wearByTraining } from "./comparison-pictures.ts";
import { areaPictures, clockOf, type Estimate, estimateOf } from "./estimate-pictures.ts";
import { batchTimeline, cyclesByPhase, memoryByBuffer, sampleTimeline } from "./machine-pictures.ts";
import type { Picture } from "./picture.ts";
import { again, type Run } from "./runs.ts";
import { trainedOf } from "./trained.ts";
import {
  accuracyAgainstLatency,
  accuracyAgainstMemory,
  accuracyByEpoch,
  memoryByMethod,
  sampleTime,
  type Training,
} from "./training-pictures.ts";

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Section {
  readonly title: string;
  readonly text?: readonly string[];
  readonly tables?: readonly Table[];
  readonly pictures: readonly Picture[];
  /** Text that a reader copies: command lines, designs. */
  readonly code?: readonly { readonly title: string; readonly text: string }[];
}

/** What a click on a mark shows, by the mark's column `details`. */
export type Details = Readonly<Record<string, string>>;

export interface Report {
  readonly title: string;
  readonly sections: readonly Section[];
  readonly details?: Details;
}

export function reportOf(runs: readonly Run[], files: readonly Estimate[]): Report {
  const estimates = [
    ...runs.flatMap(({ record }) => (record.kind === "estimate" ? [estimateOf(record.name, record.result)] : [])),
    ...files,
  ];
  const machines = runs
    .filter(({ record }) => record.kind === "train" || record.kind === "compare")
    .map((run) => ({ run, trainings: trainingsOf(run, estimates) }));
  const trainings = machines.flatMap((machine) => machine.trainings);
  const sections: Section[] = [];
  if (trainings.length > 0) sections.push(training(trainings));
  sections.push(checks(runs));
  for (const one of machines) sections.push(machine(one.run, one.trainings, machines.length > 1));
  estimates.forEach((estimate, n) => {
    const pictures = areaPictures(estimate, n === 0 ? "" : `-${n + 1}`);
    sections.push({ title: `Area: ${estimate.name}`, pictures });
  });
  sections.push(settings(runs));
  return { title: runs.map(({ record }) => record.name).join(", "), sections };
}

const trainingsOf = ({ record }: Run, estimates: readonly Estimate[]): Training[] =>
  trainedOf(record).map((trained) => ({
    ...trained,
    run: record.name,
    clock: clockOf(trained.design, estimates),
  }));

const percent = (part: number): string => (100 * part).toFixed(2);
const number = (n: number): string => count(Math.round(n));

function training(list: readonly Training[]): Section {
  const timed = list.some(({ clock }) => clock !== null);
  const microseconds = (t: Training) => (timed ? [sampleTime(t)?.toPrecision(4) ?? ""] : []);
  return {
    title: "Accuracy and what it costs",
    tables: [
      {
        head: [
          "run",
          "method",
          "rank",
          "update",
          "η",
          "seed",
          "accuracy (%)",
          "cycles a sample",
          ...(timed ? ["µs a sample"] : []),
          "cycles an update",
          "gradient memory (bit)",
          "pulses a cell",
          "most in one",
          "saturations",
        ],
        rows: list.map((t) => [
          t.run,
          t.method,
          t.rank === null ? "" : String(t.rank),
          t.update ?? "",
          String(t.learningRate),
          String(t.seed),
          percent(t.accuracy),
          number(t.cyclesPerSample),
          ...microseconds(t),
          number(t.cyclesPerUpdate),
          number(t.gradientBits),
          t.pulsesPerCell.toFixed(1),
          number(t.mostPulsesInACell),
          number(t.saturations),
        ]),
      },
    ],
    pictures: [
      accuracyByEpoch(list),
      accuracyAgainstMemory(list),
      accuracyAgainstLatency(list),
      ...(list.length > 1 ? [memoryByMethod(list)] : []),
    ],
  };
}

function checks(runs: readonly Run[]): Section {
  const done = runs.flatMap(({ record }) => (record.kind === "verify" ? [record] : []));
  if (done.length === 0)
    return {
      title: "Equality of Verilog, simulator and mathematics",
      text: ["No run of rankloom verify is part of this report."],
      pictures: [],
    };
  return {
    title: "Equality of Verilog, simulator and mathematics",
    tables: [
      {
        head: ["run", "state", "samples", "clock cycles", "events equal", "states equal", "host stalls", "data"],
        rows: done.map(({ name, result: r }) => [
          name,
          r.equal ? "equal" : "NOT equal",
          number(r.samples),
          number(r.cycles),
          number(r.eventsCompared),
          number(r.statesCompared),
          r.stalls === 0 ? "none" : `seed ${r.stalls}`,
          r.data.source,
        ]),
      },
      {
        head: ["run", "conductances (SHA-256), Verilog", "simulator"],
        rows: done.map(({ name, result: { stateHash } }) => [name, stateHash.rtl ?? "not reached", stateHash.sim]),
      },
    ],
    text: done.flatMap(({ name, result: { firstDifference } }) =>
      firstDifference
        ? [
            `${name}: first difference in cycle ${firstDifference.cycle}, ${firstDifference.module}, ${firstDifference.signal}`,
          ]
        : [],
    ),
    pictures: done.map((record, n) => checksPicture(record, n)),
  };
}

/** @param several whether the names of pictures must tell runs apart */
function machine(run: Run, trainings: readonly Training[], several: boolean): Section {
  const { record } = run;
  const { ir } = prepareMachine(record.design, { data: record.settings.data as string | undefined });
  const pictures: Picture[] = [
    {
      id: "architecture",
      title: "Architecture",
      note: "Sizes as generated. Of a layer's column: reading and errors above, gradient and update below.",
      content: { svg: blockDiagram(ir) },
    },
    memoryByBuffer(ir),
    ...(record.kind === "train" ? [cyclesByPhase(record.result)] : []),
    sampleTimeline(ir),
    batchTimeline(ir),
    ...cellPictures(run, trainings),
  ];
  return {
    title: record.kind === "compare" ? `The design compared: ${record.name}` : `The machine: ${record.name}`,
    text: record.kind === "compare" ? ["As the design file has it; each method changes its gradient and update."] : [],
    pictures: pictures.map((picture) => (several ? { ...picture, id: `${record.name}-${picture.id}` } : picture)),
  };
}

/** None where the run was left without its cells. */
function cellPictures({ record, cells }: Run, trainings: readonly Training[]): Picture[] {
  if (cells.length === 0) return [];
  if (record.kind !== "compare") return [wearByTile(cells[0]), conductances(cells[0])];
  const list = trainings.map((training, n): TrainedCells => ({ training, cells: cells[n] }));
  return [wearByTraining(list), conductancesByTraining(list)];
}

function settings(runs: readonly Run[]): Section {
  const data = ({ record }: Run): { readonly source: string; readonly sha256?: string } | null =>
    record.kind === "estimate" ? null : record.result.data;
  return {
    title: "To run it again",
    tables: [
      {
        head: ["run", "seed", "data", "data SHA-256", "conductances at the end (SHA-256)", "versions"],
        rows: runs.map((run) => {
          const { record } = run;
          const found = data(run);
          return [
            record.name,
            String(record.design.training.seed),
            found?.source ?? "",
            found?.sha256 ?? "",
            record.kind === "train" ? record.result.stateHash : "",
            Object.entries(record.versions)
              .map(([name, version]) => (version.toLowerCase().startsWith(name) ? version : `${name} ${version}`))
              .join("; "),
          ];
        }),
      },
    ],
    code: runs.flatMap(({ record }) => [
      { title: `${record.name}: command line`, text: again(record) },
      { title: `${record.name}: design`, text: JSON.stringify(record.design, null, 2) },
    ]),
    pictures: [],
  };
}
