/** What a run leaves: a folder with its results as data.
 *
 *    run.json        what was run, with which program, and what came of it
 *    design.json     its design, to run again
 *    table.parquet   the figures, one to a row (tidy.ts)
 *    cells.json      of a training: conductances before and after, pulses by place (sim/cells.ts); of a comparison: a list
 *                    of them, in the order of its runs */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { shapeOf } from "../data/samples.ts";
import { EXIT, Refusal } from "../generator/base/errors.ts";
import { type FileSet, writeFiles } from "../generator/base/file-set.ts";
import { explained, makeFolders } from "../generator/base/write.ts";
import { dataKey, filesKey } from "../kept/data.ts";
import { contentKey } from "../kept/key.ts";
import { programVersion } from "../kept/program.ts";
import type { CellMaps } from "../sim/cells.ts";
import { FORMAT, type Kind, type RecordOf, type RunRecord, type Told } from "./record.ts";
import { tidyRows, writeTidy } from "./tidy.ts";

/** Where runs are left that have no place of their own. */
export const RUNS = join("out", "runs");

/** Of a run's key, in its name. */
const NAME_DIGITS = 8;

const RECORD = "run.json";
const CELLS = "cells.json";

/** A run before it has a result. */
type Asked = Pick<Told<Kind>, "kind" | "design" | "settings">;

/** A run that was read back. */
export interface Run {
  readonly folder: string;
  readonly record: RunRecord;
  /** Of each of its trainings. */
  readonly cells: readonly CellMaps[];
}

/** What determines a run beside its design and settings. */
export interface Behind {
  /** Module of the command, as `import.meta.url` has it. */
  readonly module: string;
  /** Files and folders that are read beside the data set. */
  readonly reads?: readonly string[];
}

/** The name of a run: the same for the same run, in words as far as they go, and another one where data or program have
 *  changed, so that no result takes the place of a different one. */
export function runName(told: Asked, { module, reads = [] }: Behind): string {
  const { kind, design } = told;
  const { data: path, ...settings } = told.settings;
  const { method, rank } = design.gradient;
  const own = kind === "compare" ? [] : [method, ...(rank === undefined ? [] : [`k${rank}`])];
  const key = contentKey({
    ...{ kind, design, settings },
    data: dataKey(shapeOf(design.network), { path }),
    files: filesKey(reads),
    version: programVersion(module),
  });
  return [design.name, ...own, kind, key.slice(0, NAME_DIGITS)].join("-");
}

/** The folder that a run is going to be left in; made when it is opened, so that long work does not end in vain. */
export class RunFolder {
  readonly #dir: string;
  readonly #name: string;

  /** @param out the value of --out; false: the run leaves nothing */
  static open(out: string | false | undefined, told: Asked, behind: Behind) {
    if (out === false) return null;
    if (out === "") throw new Refusal("--out: needs the name of a folder");
    const dir = out ?? join(RUNS, runName(told, behind));
    if (existsSync(dir) && statSync(dir).isDirectory() && readdirSync(dir).length > 0 && !existsSync(join(dir, RECORD)))
      throw new Refusal(`${dir}: holds files that no run left; give an empty or a new folder`);
    explained(dir, () => makeFolders(join(dir, "..")));
    return new RunFolder(dir, basename(dir));
  }

  private constructor(dir: string, name: string) {
    this.#dir = dir;
    this.#name = name;
  }

  /** @param others versions of what took part beside the program and Node
   *  @returns the folder */
  async write<K extends Kind>(
    told: Told<K>,
    cells?: CellMaps | readonly CellMaps[],
    others: Readonly<Record<string, string>> = {},
  ) {
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    const versions = { rankloom: version, node: process.versions.node, ...others };
    const command = process.argv.slice(2);
    const record: RecordOf<K> = { format: FORMAT, name: this.#name, command, versions, ...told };
    const files: FileSet = new Map<string, string | Uint8Array>([
      [RECORD, `${JSON.stringify(record, null, 2)}\n`],
      ["design.json", `${JSON.stringify(told.design, null, 2)}\n`],
      ["table.parquet", await writeTidy(tidyRows(record as unknown as RunRecord))],
      ...(cells ? [[CELLS, `${JSON.stringify(cells)}\n`] as const] : []),
    ]);
    writeFiles(this.#dir, files, RECORD);
    return this.#dir;
  }
}

export const isRun = (folder: string): boolean => existsSync(join(folder, RECORD));

/** Folders of runs in their usual place, the one that was left last first. */
export function runsIn(all: string = RUNS): string[] {
  if (!existsSync(all)) return [];
  const left = (folder: string) => statSync(join(folder, RECORD)).mtimeMs;
  return readdirSync(all)
    .map((name) => join(all, name))
    .filter(isRun)
    .toSorted((a, b) => left(b) - left(a));
}

/** @throws Refusal where the folder holds no run of this program */
export function readRun(folder: string): Run {
  const record = readJson(join(folder, RECORD)) as RunRecord;
  if (record.format !== FORMAT)
    throw new Refusal(`${folder}: was left by another version of rankloom; run it again: ${again(record)}`);
  const cells = join(folder, CELLS);
  return { folder, record, cells: existsSync(cells) ? [readJson(cells) as CellMaps | CellMaps[]].flat() : [] };
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    const [line] = (error as Error).message.split("\n");
    throw new Refusal(`${file}: cannot be read (${line}); run it again`, EXIT.badInput);
  }
}

/** The command line as a shell takes it. */
export const again = ({ command }: Pick<RunRecord, "command">): string =>
  [
    "npx rankloom",
    ...command.map((word) => (/^[\w./=:,@+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)),
  ].join(" ");
