/** Writes a file so that it is there complete or not at all, and says in one line what the system refuses. */
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { EXIT, Refusal } from "./errors.ts";
import { isLeftBehind, OWNER } from "./owner.ts";

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
    if (regular) removeLeftBehind(place);
    this.#temporary = regular ? temporaryBeside(place) : null;
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
        keepRights(target, this.#temporary);
        renameSync(this.#temporary, target);
        syncFolder(dirname(target));
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

let temporaries = 0;

/** A name for what is written before it takes the place of `place`. */
export const temporaryBeside = (place: string): string =>
  join(dirname(place), `.${basename(place)}.${OWNER}.${temporaries++}.new`);

/** Removes what killed processes left of their work on `place`. */
export function removeLeftBehind(place: string): void {
  const start = `.${basename(place)}.`;
  for (const name of entries(dirname(place))) {
    if (!name.startsWith(start)) continue;
    const [, owner] = /^([0-9a-f]+-\d+-\d+)\.\d+\.new$/.exec(name.slice(start.length)) ?? [];
    const file = join(dirname(place), name);
    const changed = owner === undefined ? undefined : statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    if (owner !== undefined && changed !== undefined && isLeftBehind(owner, changed))
      rmSync(file, { recursive: true, force: true });
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** What takes a file's place has its mode, and where this user may, its owner and group. */
export function keepRights(file: string, successor: string): void {
  const now = statSync(file, { throwIfNoEntry: false });
  if (!now) return;
  chmodSync(successor, now.mode);
  const own = statSync(successor);
  if (own.uid === now.uid && own.gid === now.gid) return;
  try {
    chownSync(successor, now.uid, now.gid);
  } catch {
    // Only root may give files away.
  }
}

/** A rename lasts when its folder is on the disk. Where a file system cannot do that, it is left to it. */
export function syncFolder(folder: string): void {
  let descriptor: number | null = null;
  try {
    descriptor = openSync(folder, "r");
    fsyncSync(descriptor);
  } catch {
    // Not every file system takes it, and the files themselves are safe.
  } finally {
    if (descriptor !== null) closeSync(descriptor);
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
export function removeEmpty(folders: readonly string[]): void {
  for (const folder of folders.toReversed()) {
    try {
      rmdirSync(folder);
    } catch {
      return;
    }
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
