/** The runs of a comparison: every combination of method, rank, update, learning rate and seed, each trained in a
 *  process of its own, and kept by what was trained, so that a comparison goes on where it stopped. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { shapeOf } from "../data/samples.ts";
import { EXIT, Refusal } from "../generator/base/errors.ts";
import { writeFileWhole } from "../generator/base/write.ts";
import { type Design, type DesignInput, validateDesign } from "../generator/design/schema.ts";
import { updates as updateFields, variantOf } from "../generator/methods/compared.ts";
import { dataKey } from "../kept/data.ts";
import { contentKey } from "../kept/key.ts";
import { programVersion } from "../kept/program.ts";
import type { RecordOf } from "../report/record.ts";
import { isRun, readRun } from "../report/runs.ts";
import type { CellMaps } from "../sim/cells.ts";
import type { TrainResult } from "../sim/train.ts";

export interface Choices {
  readonly methods: readonly string[];
  readonly ranks: readonly number[];
  readonly updates: readonly string[];
  readonly rates: readonly number[];
  readonly seeds: readonly number[];
}

export interface Amounts {
  readonly epochs: number;
  readonly samples?: number;
  readonly testSamples?: number;
  readonly data?: string;
}

export interface Combination {
  readonly method: string;
  /** null where the method has none. */
  readonly rank: number | null;
  readonly update: string | null;
  readonly learningRate: number;
  readonly seed: number;
  readonly design: Design;
}

/** Fields of `gradient` that every method has. */
const COMMON = ["rounding", "lanes", "maxPulses"] as const;

/** All designs to compare, in the order of the choices.
 *  @throws Refusal where a combination is no design */
export function combinations(base: Design, { methods, ranks, updates, rates, seeds }: Choices): Combination[] {
  const list: Combination[] = [];
  for (const method of methods) {
    const { gradient: own, keeps } = variantOf(method);
    const lowRank = keeps === "factors";
    for (const rank of lowRank ? ranks : [null])
      for (const update of lowRank ? updates : [null])
        for (const learningRate of rates)
          for (const seed of seeds) {
            // What the base's method alone has would be refused for another.
            const same = base.gradient.method === own.method && base.gradient.frontEnd === own.frontEnd;
            const kept: Partial<Design["gradient"]> = same
              ? base.gradient
              : Object.fromEntries(COMMON.map((key) => [key, base.gradient[key]]));
            const chosen = update === null ? {} : { rank, ...updateFields[update] };
            const gradient = { ...kept, ...own, ...chosen };
            const input = { ...base, gradient, training: { ...base.training, learningRate, seed } };
            const design = validateDesign(input as DesignInput, `${base.name} as ${method}`);
            list.push({ method, rank, update, learningRate, seed, design });
          }
  }
  return list;
}

const program = fileURLToPath(new URL("rankloom.mjs", import.meta.url));
/** The command that leaves a run. */
const TRAIN = new URL("./train.ts", import.meta.url).href;

/** What a finished run of a comparison left. */
export interface Finished {
  readonly result: TrainResult;
  readonly cells: CellMaps;
}

/** Finished runs, each a folder as `rankloom train` leaves it, by what was trained, on which data and by which program. */
export class RunStore {
  readonly #folder: string;
  readonly #amounts: Amounts;

  constructor(folder: string, amounts: Amounts) {
    this.#folder = folder;
    this.#amounts = amounts;
    mkdirSync(folder, { recursive: true });
  }

  #place({ design }: Combination): string {
    const { data: path, ...amounts } = this.#amounts;
    const data = dataKey(shapeOf(design.network), { path });
    return join(this.#folder, contentKey({ design, data, version: programVersion(TRAIN), ...amounts }));
  }

  /** What was finished earlier, or null. */
  read(combination: Combination): Finished | null {
    const folder = this.#place(combination);
    if (!isRun(folder)) return null;
    const { record, cells } = readRun(folder);
    return { result: (record as RecordOf<"train">).result, cells: cells[0] };
  }

  forget(combination: Combination): void {
    rmSync(this.#place(combination), { recursive: true, force: true });
  }

  /** Trains one combination in a process of its own.
   *  @throws Refusal with the process's own line where it fails, and where it may have read other data than is asked for */
  async run(combination: Combination, started: (child: ChildProcess) => void): Promise<Finished> {
    const { epochs, samples, testSamples, data } = this.#amounts;
    const folder = this.#place(combination);
    const design = `${folder}.design.json`;
    writeFileWhole(design, `${JSON.stringify(combination.design, null, 2)}\n`);
    const amounts = Object.entries({ epochs, samples, "test-samples": testSamples, data }).flatMap(([key, value]) =>
      value === undefined ? [] : [`--${key}`, String(value)],
    );
    const args = [program, "train", design, "--threads", "1", "--out", folder, ...amounts];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
    started(child);
    let complaint = "";
    child.stderr.on("data", (text: Buffer) => {
      complaint += text.toString();
    });
    const code = await new Promise<number>((done, failed) => {
      child.on("error", failed);
      child.on("close", (status) => done(status ?? 130));
    });
    rmSync(design, { force: true });
    if (this.#place(combination) !== folder) {
      rmSync(folder, { recursive: true, force: true });
      throw new Refusal(
        `${data ?? "the data"}: has changed while it was trained on; run the comparison again`,
        EXIT.environment,
      );
    }
    const finished = code === 0 ? this.read(combination) : null;
    if (finished === null) throw new Refusal(complaint.trim() || `a run ended with code ${code}`, code || 1);
    return finished;
  }
}

/** Runs what is not yet in the store, `jobs` at once.
 *  @param each called with the number of finished runs, those of the store first
 *  @param signal stops: runs under way are ended, finished ones stay
 *  @returns results in the order of the combinations; null where the signal came first */
export async function runAll(
  list: readonly Combination[],
  store: RunStore,
  jobs: number,
  signal: AbortSignal,
  each: (done: number) => void,
): Promise<(Finished | null)[]> {
  const results = list.map((combination) => store.read(combination));
  const open = list.map((_, n) => n).filter((n) => results[n] === null);
  const running = new Set<ChildProcess>();
  const stop = () => {
    for (const child of running) child.kill();
  };
  signal.addEventListener("abort", stop);
  process.once("exit", stop);
  let done = list.length - open.length;
  each(done);
  let failure: unknown = null;
  const worker = async () => {
    while (open.length > 0 && !signal.aborted && failure === null) {
      const n = open.shift() as number;
      let child: ChildProcess | null = null;
      try {
        results[n] = await store.run(list[n], (started) => {
          child = started;
          running.add(started);
        });
        each(++done);
      } catch (error) {
        if (!signal.aborted) failure ??= error;
      } finally {
        if (child) running.delete(child);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, open.length) }, worker));
  process.off("exit", stop);
  if (failure) throw failure;
  return results;
}
