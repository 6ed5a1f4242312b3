/** The figures of a run as a tidy table: one figure to a row, with what it is of. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Column } from "../sweep/columns.ts";
import type { RunRecord } from "./record.ts";
import { type Trained, trainedOf } from "./trained.ts";

const TIDY_COLUMNS: readonly Column[] = [
  { name: "run", type: "VARCHAR" },
  { name: "kind", type: "VARCHAR" },
  { name: "method", type: "VARCHAR" },
  { name: "rank", type: "BIGINT" },
  { name: "update", type: "VARCHAR" },
  { name: "learningRate", type: "DOUBLE" },
  { name: "seed", type: "BIGINT" },
  { name: "figure", type: "VARCHAR" },
  { name: "part", type: "VARCHAR" },
  { name: "epoch", type: "BIGINT" },
  { name: "value", type: "DOUBLE" },
  { name: "unit", type: "VARCHAR" },
];

interface Figure {
  readonly figure: string;
  /** A phase, a memory, a layer; null: of the whole. */
  readonly part: string | null;
  readonly epoch: number | null;
  readonly value: number;
  readonly unit: string;
}

const figure = (name: string, value: number, unit: string, part: string | null = null, epoch: number | null = null) =>
  ({ figure: name, part, epoch, value, unit }) satisfies Figure;

/** All figures of a run. */
export function tidyRows(record: RunRecord): object[] {
  const { name: run, kind } = record;
  if (record.kind === "train" || record.kind === "compare")
    return trainedOf(record).flatMap((trained) => {
      const { method, rank, update, learningRate, seed } = trained;
      return trainFigures(trained).map((row) => ({ run, kind, method, rank, update, learningRate, seed, ...row }));
    });
  const { gradient, training } = record.design;
  const { learningRate, seed } = training;
  const { method, rank = null, update = null } = gradient;
  const whole = { run, kind, method, rank, update, learningRate, seed };
  if (record.kind === "estimate")
    return Object.entries(record.result.figures).map(([id, { value, unit }]) => ({
      ...whole,
      ...figure(id, value, unit),
    }));
  const { equal, samples, cycles, eventsCompared, statesCompared, goldenError } = record.result;
  const bounds = goldenError.flatMap((layer) =>
    (["preactivation", "activation", "delta"] as const).flatMap((what) => {
      const held = layer[what];
      return held === null
        ? []
        : [
            figure(`${what} error`, held.error, "", `layer_${layer.layer}`),
            figure(`${what} bound`, held.bound, "", `layer_${layer.layer}`),
          ];
    }),
  );
  return [
    figure("equal", Number(equal), ""),
    figure("samples", samples, ""),
    figure("cycles", cycles, "cycle"),
    figure("events compared", eventsCompared, ""),
    figure("states compared", statesCompared, ""),
    ...bounds,
  ].map((row) => ({ ...whole, ...row }));
}

function trainFigures(t: Trained): Figure[] {
  return [
    ...t.accuracyPerEpoch.map((accuracy, n) => figure("accuracy", accuracy, "", null, n + 1)),
    figure("accuracy at the end", t.accuracy, ""),
    figure("cycles of a sample", t.cyclesPerSample, "cycle"),
    figure("cycles of an update", t.cyclesPerUpdate, "cycle"),
    ...Object.entries(t.cycles.byPhase).map(([phase, n]) => figure("cycles", n, "cycle", phase)),
    ...Object.entries(t.memory.bits).map(([name, bits]) => figure("memory", bits, "bit", name)),
    figure("gradient memory", t.gradientBits, "bit"),
    figure("pulses of a cell", t.pulsesPerCell, "pulse"),
    figure("most pulses in a cell", t.mostPulsesInACell, "pulse"),
    figure("saturations", t.saturations, ""),
  ];
}

/** @returns the bytes of a Parquet file */
export async function writeTidy(rows: readonly object[]): Promise<Uint8Array> {
  const { copyTo, database, fill } = await import("../sweep/duckdb.ts");
  const folder = mkdtempSync(join(tmpdir(), "rankloom-table-"));
  const on = await database();
  try {
    const file = join(folder, "table.parquet");
    await fill(on, "figures", TIDY_COLUMNS, rows);
    await copyTo(on, "from figures", file);
    return readFileSync(file);
  } finally {
    on.closeSync();
    rmSync(folder, { recursive: true, force: true });
  }
}
