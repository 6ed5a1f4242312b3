/** Writes generated files so that there is never half a set: into a folder beside the target first, then renamed.
 *  A checksum list (`SHA256SUMS`, for `sha256sum -c`) tells generated files from a user's own: those stay where they
 *  are, and a generated file that was edited is not overwritten. */
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { EXIT, Refusal } from "./errors.ts";

export type FileSet = ReadonlyMap<string, string | Uint8Array>;

/** The file by which a folder of generated hardware is known. */
const MARKER = "design.json";
const CHECKSUMS = "SHA256SUMS";

/** Writes the whole set to `dir`, or nothing. Names may hold `/`.
 *  @param marker the file by which a folder of such a set is known
 *  @throws Refusal where the folder is not ours or holds edited files (exit code 2), or cannot be written (3) */
export function writeFiles(dir: string, files: FileSet, marker = MARKER): void {
  if (!files.has(marker)) throw new Error(`a generated set has a ${marker}`);
  const target = existsSync(dir) ? realpathSync(dir) : resolve(dir);
  const own = generatedNames(dir, target, marker);
  refuseEdited(dir, target, own, files);

  const parent = dirname(target);
  const staging = join(parent, `.${basename(target)}.${process.pid}.new`);
  const previous = join(parent, `.${basename(target)}.${process.pid}.old`);
  const made = explained(dir, () => makeFolders(parent));
  try {
    explained(dir, () => {
      for (const [name, content] of [...files, [CHECKSUMS, checksums(files)] as const]) {
        const file = join(staging, name);
        makeFolders(dirname(file));
        writeFileSync(file, content, { flush: true });
      }
      replace(target, staging, previous, own);
    });
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    removeEmpty(made);
    throw error;
  }
}

/** Writes one file, or nothing: beside the target first, then renamed. Devices and pipes are written directly. */
export function writeFileWhole(file: string, content: string | Uint8Array): void {
  const whole = new WholeFile(file);
  try {
    whole.write(content);
  } finally {
    whole.discard();
  }
}

/** One file that appears complete or not at all. Opening it proves that it can be written, before long work begins. */
export class WholeFile {
  readonly #file: string;
  readonly #temporary: string | null;
  #descriptor: number | null;

  constructor(file: string) {
    this.#file = file;
    const regular = explained(file, () => {
      if (!existsSync(file)) return true;
      const kind = statSync(file);
      if (kind.isDirectory()) throw new Refusal(`${file}: is a folder; give the name of a file`);
      return kind.isFile();
    });
    const place = regular && existsSync(file) ? realpathSync(file) : file;
    this.#temporary = regular ? join(dirname(place), `.${basename(place)}.${process.pid}.new`) : null;
    this.#descriptor = explained(file, () => openSync(this.#temporary ?? file, "w"));
    process.once("exit", this.discard);
  }

  write(content: string | Uint8Array): void {
    const descriptor = this.#descriptor;
    if (descriptor === null) throw new Error("already written or discarded");
    explained(this.#file, () => {
      writeFileSync(descriptor, content, { flush: this.#temporary !== null });
      this.#close();
      if (this.#temporary !== null) {
        const target = existsSync(this.#file) ? realpathSync(this.#file) : this.#file;
        renameSync(this.#temporary, target);
      }
    });
    process.removeListener("exit", this.discard);
  }

  /** Leaves what was there before; does nothing after `write`. */
  readonly discard = (): void => {
    process.removeListener("exit", this.discard);
    if (this.#descriptor === null) return;
    this.#close();
    if (this.#temporary !== null) rmSync(this.#temporary, { force: true });
  };

  #close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }
}

/** Makes a folder and those above it; @returns the new ones, outermost first. (Node's own `recursive` never returns
 *  where a folder above exists but takes no entries, as in /proc.) */
export function makeFolders(folder: string): string[] {
  if (existsSync(folder) && statSync(folder).isDirectory()) return [];
  const made = dirname(folder) === folder ? [] : makeFolders(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another process was faster.
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return made;
    removeEmpty(made);
    throw error;
  }
  return [...made, folder];
}

/** Removes these folders again, as far as nothing else was put there meanwhile. */
function removeEmpty(folders: readonly string[]): void {
  for (const folder of folders.toReversed()) {
    try {
      rmdirSync(folder);
    } catch {
      return;
    }
  }
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function checksums(files: FileSet): string {
  const lines = [...files].map(([name, content]) => `${sha256(content)}  ${name}\n`);
  return lines.sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1)).join("");
}

/** Names and checksums of the set that is in `target` now. */
function generatedNames(dir: string, target: string, marker: string): Map<string, string> {
  return explained(dir, () => {
    if (!existsSync(target)) return new Map();
    if (!statSync(target).isDirectory()) throw new Refusal(`${dir}: is a file; give a folder`);
    if (readdirSync(target).length === 0) return new Map();
    const list = join(target, CHECKSUMS);
    if (!existsSync(join(target, marker)) || !existsSync(list))
      throw new Refusal(`${dir}: holds files that were not generated here; give an empty or a new folder`);
    const lines = readFileSync(list, "utf8").split("\n").filter(Boolean);
    return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]));
  });
}

function refuseEdited(dir: string, target: string, own: ReadonlyMap<string, string>, files: FileSet): void {
  explained(dir, () => {
    for (const [name, sum] of own) {
      const file = join(target, name);
      if (existsSync(file) && sha256(readFileSync(file)) !== sum)
        throw new Refusal(
          `${join(dir, name)}: was edited since it was generated; move it away, or generate into another folder`,
        );
    }
    for (const name of files.keys())
      if (!own.has(name) && existsSync(join(target, name)))
        throw new Refusal(`${join(dir, name)}: was not generated here; move it away, or generate into another folder`);
  });
}

/** Puts the complete set in place; what is not part of the old set moves along. Of two processes that write the same
 *  folder at once, the faster one's set stays. */
function replace(target: string, staging: string, previous: string, own: ReadonlyMap<string, string>): void {
  const moved = moveAway(target, previous);
  try {
    renameSync(staging, target);
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST"].includes(String((error as NodeJS.ErrnoException).code))) {
      if (moved) renameSync(previous, target);
      throw error;
    }
    rmSync(staging, { recursive: true, force: true });
  }
  if (!moved) return;
  for (const name of own.keys()) rmSync(join(previous, name), { force: true });
  rmSync(join(previous, CHECKSUMS), { force: true });
  moveRest(previous, previous, target);
  rmSync(previous, { recursive: true, force: true });
}

/** @returns whether there was anything to move */
function moveAway(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

function moveRest(folder: string, from: string, to: string): void {
  for (const name of readdirSync(folder)) {
    const source = join(folder, name);
    const destination = join(to, relative(from, source));
    if (existsSync(destination) && lstatSync(source).isDirectory()) moveRest(source, from, to);
    else renameSync(source, destination);
  }
}

/** Runs a file operation; what the system refuses becomes one line that says what would mend it. */
export function explained<T>(path: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    throw new Refusal(`${path}: cannot be written: ${reason(String(error.code), error.message)}`, EXIT.environment);
  }
}

function reason(code: string, message: string): string {
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return "no space is left on its disk; free some, or give another place";
    case "EACCES":
    case "EPERM":
      return "no permission; give a place that you may write";
    case "EROFS":
      return "its disk is read-only; give another place";
    case "ENOTDIR":
    case "EEXIST":
      return "a part of its path is a file, not a folder; give another place";
    case "ENOENT":
      return "its folder does not exist; make it, or give another place";
    case "EBUSY":
      return "the folder is a mount point; give a folder inside it";
    default:
      return message.replace(/\s+/g, " ");
  }
}
