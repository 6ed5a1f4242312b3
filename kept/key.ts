/** The key under which a result is kept: a hash over everything that determines it, and nothing else.
 *
 *  This room stands below all that keep something (kernels, Verilated binaries, synthesis, sweeps, comparisons, runs), so
 *  that what determines a result is said in one way: a design, the key of the data that is read (data.ts), the version
 *  of the program that reads it (program.ts) and the settings of the work. cache.ts says where that lies which can be
 *  made again. It knows data sets and nothing else of the project. */
import { createHash } from "node:crypto";

/** @param what by name; the order of names says nothing, and a setting that is undefined is one that is absent
 *  @returns 32 hexadecimal digits */
export function contentKey(what: Readonly<Record<string, unknown>>): string {
  return createHash("sha256").update(JSON.stringify(what, ordered)).digest("hex").slice(0, 32);
}

/** One text for one content: names of objects and maps in order, typed arrays as lists. What JSON would turn into
 *  something else is refused: two contents must not share a text. */
function ordered(name: string, value: unknown): unknown {
  if (value instanceof Map) return { map: [...value].sort(([a], [b]) => (a < b ? -1 : 1)) };
  if (ArrayBuffer.isView(value)) return [...(value as Uint8Array)];
  if (Array.isArray(value) || value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (value === undefined) return value;
  if (typeof value === "object" && [Object.prototype, null].includes(Object.getPrototypeOf(value)))
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  throw new Error(`${name}: a key cannot hold ${String(value)}`);
}
