/** Loads a design by preset or file name, with the changes that a user asks for (`--set path=value`). */
import { readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { EXIT, Refusal } from "../base/errors.ts";
import { JsonProblem, parseJson } from "../base/json.ts";
import { presets } from "./presets.ts";
import { type Design, designJsonSchema, type SchemaNode, validateDesign } from "./schema.ts";

export interface LoadedDesign {
  readonly design: Design;
  /** The preset's name or the file's path, as the user gave it. */
  readonly source: string;
}

/** @param sets changes, each `path=value`, applied in order before validation
 *  @throws Refusal: what is wrong, where, and what would be right */
export function loadDesign(nameOrFile: string, sets: readonly string[] = []): LoadedDesign {
  const input = readDesign(nameOrFile);
  for (const set of sets) applySet(input, set);
  return { design: completeDesign(input, nameOrFile), source: nameOrFile };
}

/** A design as it was written, with its changes, completed and checked.
 *  @param input may be changed: a device file's content takes its name's place
 *  @param nameOrFile where it was read; a device file's path starts at its folder
 *  @param source for messages */
export function completeDesign(input: unknown, nameOrFile: string, source = nameOrFile): Design {
  readDevice(input, nameOrFile);
  return validateDesign(input, source);
}

/** A design as it was written: a preset, or a file's content, unchecked. */
export function readDesign(nameOrFile: string): unknown {
  if (Object.hasOwn(presets, nameOrFile)) return structuredClone(presets[nameOrFile]);
  return readJson(nameOrFile, "a design file", `give a design file, or a preset: ${Object.keys(presets).join(", ")}`);
}

/** A file's JSON.
 *  @param kind what it should be, for messages
 *  @param help what would be right where there is none */
export function readJson(file: string, kind: string, help: string): unknown {
  const text = readText(file, help);
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof JsonProblem)
      throw new Refusal(
        `${file}: line ${error.line}, column ${error.column}: ${error.message}; ${kind} is JSON without comments`,
      );
    throw error;
  }
}

/** A device file's content takes its name's place: a design holds all that it depends on. Its path starts at the design
 *  file's folder. */
function readDevice(input: unknown, nameOrFile: string): void {
  const { device } = (input ?? {}) as { device?: { preset?: unknown; model?: unknown } };
  const preset = device?.preset;
  if (!device || typeof preset !== "string" || !/\.json$/i.test(preset) || device?.model !== undefined) return;
  const base = Object.hasOwn(presets, nameOrFile) ? "." : dirname(nameOrFile);
  const file = isAbsolute(preset) ? preset : join(base, preset);
  device.model = readJson(file, "a device file", "give a device file, or use a preset of docs/devices.md");
  delete device.preset;
}

function readText(file: string, help: string): string {
  try {
    const kind = statSync(file);
    if (kind.isDirectory()) throw new Refusal(`${file}: is a folder; ${help}`);
    if (!kind.isFile() && !kind.isFIFO()) throw new Refusal(`${file}: is not a file; ${help}`);
    return readFileSync(file, "utf8").replace(/^\ufeff/, "");
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") throw new Refusal(`${file}: no such preset or file; ${help}`);
    throw new Refusal(`${file}: cannot be read (${code}); check its permissions`, EXIT.environment);
  }
}

/** Applies one `path=value` in place. The value is read as JSON, and as text where it is none. */
function applySet(input: unknown, set: string): void {
  const equals = set.indexOf("=");
  if (equals < 1) throw new Refusal(`--set ${set}: use --set path=value, e.g. --set training.batch=32`);
  const path = set.slice(0, equals);
  setField(input, path, parseValue(set.slice(equals + 1)), `--set ${set}`, (parent) => `use --set ${parent}=value`);
}

let schemaOfDesign: SchemaNode | null = null;

/** Sets one field of a design in place.
 *  @param path as `training.batch`
 *  @param value undefined: leaves the field out
 *  @param source for messages
 *  @param whole what would be right for a field that is one value
 *  @throws Refusal where a design has no such field */
export function setField(
  input: unknown,
  path: string,
  value: unknown,
  source: string,
  whole: (parent: string) => string = (parent) => `use ${parent}`,
): void {
  const keys = path.split(".");
  const refuse = (depth: number, why: string): never => {
    throw new Refusal(`${source}: ${keys.slice(0, depth + 1).join(".")}: ${why}`);
  };

  schemaOfDesign ??= designJsonSchema();
  let schema = schemaOfDesign;
  let target = input;
  keys.forEach((key, depth) => {
    const parent = depth === 0 ? "design" : keys.slice(0, depth).join(".");
    if (!schema.properties && !schema.items) refuse(depth, `${parent} is one value and has no parts; ${whole(parent)}`);
    if (typeof target !== "object" || target === null)
      refuse(depth, `${parent} is ${JSON.stringify(target)} and has no parts; correct the file`);
    if (schema.properties) {
      const known = Object.keys(schema.properties);
      if (!known.includes(key)) refuse(depth, `unknown key; ${parent} has ${known.join(", ")}`);
      schema = schema.properties[key];
    } else if (schema.items) {
      const length = Array.isArray(target) ? target.length : 0;
      if (!/^\d+$/.test(key) || Number(key) >= length)
        refuse(
          depth,
          length === 0
            ? `${parent} has no elements; set it as a whole: --set ${parent}=[…]`
            : `no such element; ${parent} has 0 to ${length - 1}`,
        );
      schema = schema.items;
    }

    const slot = target as Record<string, unknown>;
    if (depth === keys.length - 1) {
      if (value === undefined) delete slot[key];
      else slot[key] = value;
    } else if (slot[key] === undefined) slot[key] = schema.items ? [] : {};
    target = slot[key];
  });
}

/** What the schema says of a field, or null where a design has no such field.
 *  @param path as `training.batch` or `network.layers.1` */
export function fieldSchema(path: string): SchemaNode | null {
  schemaOfDesign ??= designJsonSchema();
  let node: SchemaNode | undefined = schemaOfDesign;
  for (const key of path.split(".")) node = node?.properties?.[key] ?? (/^\d+$/.test(key) ? node?.items : undefined);
  return node ?? null;
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
