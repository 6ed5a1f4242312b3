/** Reads the reference vectors: from the folder RANKLOOM_REFERENCE names, else from this one. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const referenceFolder = process.env.RANKLOOM_REFERENCE || import.meta.dirname;

export function readReference<T>(name: string): T {
  return JSON.parse(readFileSync(join(referenceFolder, name), "utf8")) as T;
}
