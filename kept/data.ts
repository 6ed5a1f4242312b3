/** The key of what a run reads: by its content, wherever it lies. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type DataOptions, dataFiles } from "../data/dataset.ts";
import { unreadable } from "../data/files.ts";
import type { Shape } from "../data/samples.ts";
import { contentKey } from "./key.ts";

/** @param shape what is read of the data; of generated data, all that determines it
 *  @throws Refusal where there is no data, or it cannot be read */
export function dataKey(shape: Shape, { path, ...reading }: DataOptions = {}): string {
  const files = dataFiles(shape, { path, ...reading }).map((file) => {
    try {
      return checksum(file);
    } catch (error) {
      throw unreadable(file, error);
    }
  });
  return contentKey({ shape, ...reading, files });
}

/** @param paths of files, or of folders with all that is in them; what is not there is no content, for others to refuse */
export function filesKey(paths: readonly string[]): string {
  const content = (path: string): unknown => {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isDirectory()) return new Map(readdirSync(path).map((name) => [name, content(join(path, name))]));
    return found ? checksum(path) : null;
  };
  return contentKey({ files: paths.map(content) });
}

/** A file that was written less long ago may be written again without getting another time. */
const SETTLED_MS = 1000;

const known = new Map<string, string>();

/** SHA-256 of a file's content; of a file that has not changed since this process read it, the same again. */
function checksum(file: string): string {
  const { ino, size, mtimeNs, mtimeMs } = statSync(file, { bigint: true });
  const now = `${file} ${ino} ${size} ${mtimeNs}`;
  const found = known.get(now);
  if (found !== undefined) return found;
  const isSettled = Date.now() - Number(mtimeMs) > SETTLED_MS;
  const sum = createHash("sha256").update(readFileSync(file)).digest("hex");
  if (isSettled) known.set(now, sum);
  return sum;
}
