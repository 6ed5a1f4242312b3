/** Reads bytes from plain and gzip-compressed files; every failure becomes a one-line refusal. */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { constants, gunzipSync } from "node:zlib";
import { Refusal } from "../generator/base/errors.ts";

export interface FileBytes {
  readonly bytes: Uint8Array;
  /** Length of the whole content; null where only the first part of a compressed file was read. */
  readonly total: number | null;
}

export function readBytes(file: string): FileBytes {
  const bytes = isCompressed(file) ? decompress(file, readWhole(file), false) : readWhole(file);
  return { bytes, total: bytes.length };
}

/** At least the first `wanted` bytes of the content, as far as there are so many. */
export function readFirstBytes(file: string, wanted: number): FileBytes {
  if (!isCompressed(file)) {
    const { bytes, size } = readStart(file, wanted);
    return { bytes, total: size };
  }
  // Deflate never grows data by more than 0.1 %, and the file's own header is short, so this part is enough.
  const { bytes } = readStart(file, Math.ceil(wanted * 1.001) + 4096);
  return { bytes: decompress(file, bytes, true), total: null };
}

export function isCompressed(file: string): boolean {
  return file.endsWith(".gz");
}

/** What a refusal says of a failed system call. */
export function unreadable(file: string, error: unknown): Refusal {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT") return new Refusal(`${file}: does not exist; give a directory of IDX files or a CSV file`, 3);
  return new Refusal(`${file}: cannot be read (${oneLine(error)}); check its permissions`, 3);
}

export function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ").trim();
}

function readWhole(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function readStart(file: string, wanted: number): { bytes: Uint8Array; size: number } {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, "r");
    const size = fstatSync(descriptor).size;
    const bytes = new Uint8Array(Math.min(wanted, size));
    let filled = 0;
    while (filled < bytes.length) {
      const got = readSync(descriptor, bytes, filled, bytes.length - filled, filled);
      if (got === 0) break;
      filled += got;
    }
    return { bytes: bytes.subarray(0, filled), size };
  } catch (error) {
    throw unreadable(file, error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function decompress(file: string, bytes: Uint8Array, partial: boolean): Uint8Array {
  try {
    return gunzipSync(bytes, partial ? { finishFlush: constants.Z_SYNC_FLUSH } : {});
  } catch (error) {
    throw new Refusal(`${file}: is not a whole gzip file (${oneLine(error)}); download it again`);
  }
}
