/** Writes a set of generated files into a folder. A checksum list (`SHA256SUMS`, for `sha256sum -c`) tells generated files
 *  from a user's own: those are never touched, and a generated file that was edited is not overwritten.
 *
 *  A new folder appears with the whole set in it. In a folder that is there, the new files are written beside the old ones
 *  first, into STAGE; when all are on the disk, STAGE gets its new name, COMMITTED, and the files are moved one by one.
 *  Whoever finds a COMMITTED of a killed process finishes its moves before doing anything else: no moment leaves a set
 *  that cannot be completed, and nothing of the user's is ever moved. */
import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { EXIT, Refusal } from "./errors.ts";
import { isLeftBehind, OWNER } from "./owner.ts";
import {
  explained,
  keepRights,
  makeFolders,
  removeEmpty,
  removeLeftBehind,
  syncFolder,
  temporaryBeside,
} from "./write.ts";

export type FileSet = ReadonlyMap<string, string | Uint8Array>;

/** The file by which a folder of generated hardware is known. */
const MARKER = "design.json";
const CHECKSUMS = "SHA256SUMS";
/** Inside the folder: files on their way; then, complete, the set that is being moved into place. */
const STAGE = /^\.rankloom-stage-([0-9a-f]+-\d+-\d+)$/;
const COMMITTED = /^\.rankloom-set-([0-9a-f]+-\d+-\d+)$/;

/** How often and how long a set of another process is waited for, in ms. */
const PAUSE_MS = 20;
const PATIENCE_MS = 10_000;

/** Writes the whole set to `dir`, or nothing. Names may hold `/`.
 *  @param marker the file by which a folder of such a set is known
 *  @throws Refusal where the folder is not ours or holds edited files (exit code 2), or cannot be written (3) */
export function writeFiles(dir: string, files: FileSet, marker = MARKER): void {
  if (!files.has(marker)) throw new Error(`a generated set has a ${marker}`);
  const whole: FileSet = new Map<string, string | Uint8Array>([...files, [CHECKSUMS, checksums(files)]]);
  const target = existsSync(dir) ? realpathSync(dir) : resolve(dir);
  if (!existsSync(target) && appears(dir, target, whole)) return;
  explained(dir, () => {
    finishOthers(target);
  });
  generatedNames(dir, target, marker);
  explained(dir, () => {
    const stage = join(target, `.rankloom-stage-${OWNER}`);
    try {
      writeInto(stage, whole);
    } catch (error) {
      rmSync(stage, { recursive: true, force: true });
      throw error;
    }
    commit(dir, target, stage, marker, files);
  });
}

/** Whether a folder can hold such a set: found before long work begins.
 *  @throws Refusal as `writeFiles` does */
export function checkFolder(dir: string, marker = MARKER): void {
  const target = existsSync(dir) ? realpathSync(dir) : resolve(dir);
  const made = explained(dir, () => makeFolders(target));
  try {
    generatedNames(dir, target, marker);
    explained(dir, () => {
      const proof = temporaryBeside(join(target, marker));
      writeFileSync(proof, "");
      rmSync(proof);
    });
  } finally {
    removeEmpty(made);
  }
}

/** A new folder, whole; @returns false where another process was faster. */
function appears(dir: string, target: string, files: FileSet): boolean {
  const made = explained(dir, () => makeFolders(dirname(target)));
  const staging = temporaryBeside(target);
  try {
    return explained(dir, () => {
      removeLeftBehind(target);
      writeInto(staging, files);
      try {
        renameSync(staging, target);
      } catch (error) {
        if (!existsSync(target)) throw error;
        rmSync(staging, { recursive: true, force: true });
        return false;
      }
      syncFolder(dirname(target));
      return true;
    });
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    removeEmpty(made);
    throw error;
  }
}

function writeInto(folder: string, files: FileSet): void {
  const folders = new Set<string>();
  for (const [name, content] of files) {
    const file = join(folder, name);
    makeFolders(dirname(file));
    folders.add(dirname(file));
    writeFileSync(file, content, { flush: true });
  }
  for (const made of folders) syncFolder(made);
}

/** One process at a time: a rename to a name that only one folder can have. */
function commit(dir: string, target: string, stage: string, marker: string, files: FileSet): void {
  const set = join(target, `.rankloom-set-${OWNER}`);
  try {
    for (;;) {
      finishOthers(target);
      renameSync(stage, set);
      // Who sees nobody else goes on, and whoever comes later sees it. Two that came at once both step back.
      if (readdirSync(target).every((name) => !COMMITTED.test(name) || name === basename(set))) break;
      renameSync(set, stage);
      pause(PAUSE_MS * Math.random());
    }
    // Only now nobody else moves anything.
    refuseEdited(dir, target, generatedNames(dir, target, marker, false), files);
  } catch (error) {
    rmSync(stage, { recursive: true, force: true });
    rmSync(set, { recursive: true, force: true });
    throw error;
  }
  moveIn(target, set);
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Sets of killed processes are finished; those of living ones are waited for; unfinished stages are removed.
 *  @throws Refusal where a living process takes too long */
function finishOthers(target: string): void {
  const begun = Date.now();
  for (;;) {
    let waits = false;
    for (const name of existsSync(target) && statSync(target).isDirectory() ? readdirSync(target) : []) {
      const folder = join(target, name);
      const owner = (STAGE.exec(name) ?? COMMITTED.exec(name))?.[1];
      const changed = owner === undefined ? undefined : lstatSync(folder, { throwIfNoEntry: false })?.mtimeMs;
      if (owner === undefined || changed === undefined || owner === OWNER) continue;
      if (!isLeftBehind(owner, changed)) waits ||= COMMITTED.test(name);
      else if (STAGE.test(name)) rmSync(folder, { recursive: true, force: true });
      else moveIn(target, folder);
    }
    if (!waits) return;
    if (Date.now() - begun > PATIENCE_MS)
      throw new Refusal(
        `${target}: another process writes there; wait until it is done, or give another folder`,
        EXIT.environment,
      );
    pause(PAUSE_MS);
  }
}

/** Moves a complete set into place; the checksum list of the old set goes first into the new one's folder, so that what
 *  only the old set had is known until it is removed. Every step may be done again. */
function moveIn(target: string, set: string): void {
  const next = readList(join(set, CHECKSUMS)) ?? readList(join(target, CHECKSUMS));
  const old = readList(join(target, CHECKSUMS));
  if (next) {
    for (const name of old?.keys() ?? []) if (!next.has(name)) removeGenerated(target, name, old?.get(name));
    for (const name of next.keys()) move(set, target, name);
    move(set, target, CHECKSUMS);
    syncFolder(target);
  }
  rmSync(set, { recursive: true, force: true });
}

function move(set: string, target: string, name: string): void {
  const from = join(set, name);
  if (!existsSync(from)) return;
  const to = join(target, name);
  makeFolders(dirname(to));
  keepRights(to, from);
  renameSync(from, to);
  if (dirname(to) !== target) syncFolder(dirname(to));
}

/** Removes a file of the old set, and its folders where nothing else is in them. */
function removeGenerated(target: string, name: string, sum: string | undefined): void {
  const file = join(target, name);
  if (!isFile(file) || sha256(readFileSync(file)) !== sum) return;
  rmSync(file, { force: true });
  for (let folder = dirname(file); folder !== target; folder = dirname(folder)) {
    try {
      rmdirSync(folder);
    } catch {
      return;
    }
  }
}

const isFile = (file: string): boolean => lstatSync(file, { throwIfNoEntry: false })?.isFile() ?? false;

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function checksums(files: FileSet): string {
  const lines = [...files].map(([name, content]) => `${sha256(content)}  ${name}\n`);
  return lines.sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1)).join("");
}

/** Names of a list that a stranger may have written: plain, below the folder. */
const isPlain = (name: string): boolean =>
  !/[\p{Cc}\\]/u.test(name) && name.split("/").every((part) => part !== "" && part !== "." && part !== "..");

/** Checksums by name; null: there is no list. A line that is none is refused: nothing is removed by it. */
function readList(file: string): Map<string, string> | null {
  if (!isFile(file)) return null;
  const lines = readFileSync(file, "utf8").split("\n");
  if (lines.at(-1) === "") lines.pop();
  return new Map(
    lines.map((line, n): [string, string] => {
      const [, sum, name] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
      if (sum === undefined || !isPlain(name))
        throw new Refusal(
          `${file}: line ${n + 1} is no checksum of a file of this folder; give an empty or a new folder`,
        );
      return [name, sum];
    }),
  );
}

/** Names and checksums of the set that is in `target` now.
 *  @param mustBe whether a folder of other things is refused */
function generatedNames(dir: string, target: string, marker: string, mustBe = true): Map<string, string> {
  return explained(dir, () => {
    if (!existsSync(target)) return new Map();
    if (!statSync(target).isDirectory()) throw new Refusal(`${dir}: is a file; give a folder`);
    const own = readdirSync(target).filter((name) => !STAGE.test(name) && !COMMITTED.test(name));
    if (own.length === 0) return new Map();
    const list = isFile(join(target, marker)) ? readList(join(target, CHECKSUMS)) : null;
    if (list === null && mustBe)
      throw new Refusal(`${dir}: holds files that were not generated here; give an empty or a new folder`);
    return list ?? new Map();
  });
}

/** Refuses a name whose folders are links: what is written below the folder must be in it. */
function refuseLinks(dir: string, target: string, name: string): void {
  for (let folder = dirname(name); folder !== "."; folder = dirname(folder))
    if (lstatSync(join(target, folder), { throwIfNoEntry: false })?.isSymbolicLink())
      throw new Refusal(`${join(dir, folder)}: is a link; give an empty or a new folder`);
}

function refuseEdited(dir: string, target: string, own: ReadonlyMap<string, string>, files: FileSet): void {
  explained(dir, () => {
    for (const name of [...own.keys(), ...files.keys()]) refuseLinks(dir, target, name);
    for (const [name, sum] of own) {
      const file = join(target, name);
      if (lstatSync(file, { throwIfNoEntry: false }) && (!isFile(file) || sha256(readFileSync(file)) !== sum))
        throw new Refusal(
          `${join(dir, name)}: was edited since it was generated; move it away, or generate into another folder`,
        );
    }
    for (const name of files.keys())
      if (!own.has(name) && lstatSync(join(target, name), { throwIfNoEntry: false }))
        throw new Refusal(`${join(dir, name)}: was not generated here; move it away, or generate into another folder`);
  });
}
