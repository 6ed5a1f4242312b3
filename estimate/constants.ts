/** The constants of the estimate: `data/constants.json`, with the user's own file over it, and whether they hold where they
 *  are used. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { EXIT, Refusal } from "../generator/base/errors.ts";
import type { UsedConstant } from "./tree.ts";

const range = z.tuple([z.number(), z.number()]);

const constantSchema = z.strictObject({
  value: z.number(),
  unit: z.string(),
  nodeNm: z.number().optional().describe("The node it was measured at."),
  source: z.string().min(1),
  range: z
    .record(z.string(), range)
    .optional()
    .describe("Where it holds: lowest and highest value of what it depends on."),
  note: z.string().optional(),
});

const tableSchema = z.strictObject({
  unit: z.string(),
  of: z.string(),
  points: z
    .array(z.strictObject({ nodeNm: z.number().positive(), value: z.number().positive(), source: z.string().min(1) }))
    .min(1),
});

const fileSchema = z.strictObject({
  format: z.literal(1),
  tables: z.record(z.string(), tableSchema),
  constants: z.record(z.string(), constantSchema),
});

/** What a user may give: a value alone is enough. */
const ownSchema = z.strictObject({
  format: z.literal(1).optional(),
  tables: z.record(z.string(), tableSchema.partial({ unit: true, of: true })).optional(),
  constants: z
    .record(z.string(), z.union([z.number(), constantSchema.partial({ unit: true, source: true })]))
    .optional(),
});

type File = z.infer<typeof fileSchema>;

export class Constants {
  readonly #file: File;
  readonly #warnings = new Set<string>();
  /** Values outside a range, smallest and largest, by what was used and where. */
  readonly #outside = new Map<string, { lowest: number; highest: number; range: string }>();

  constructor(file: File) {
    this.#file = file;
  }

  get warnings(): string[] {
    const short = (value: number) => String(Number(value.toPrecision(4)));
    const outside = [...this.#outside].map(([what, { lowest, highest, range }]) => {
      const used = lowest === highest ? short(lowest) : `${short(lowest)} to ${short(highest)}`;
      return `${what} = ${used}, outside its range of ${range}`;
    });
    return [...outside, ...this.#warnings];
  }

  /** Names of all constants and tables. */
  get names(): string[] {
    return [...Object.keys(this.#file.tables), ...Object.keys(this.#file.constants)];
  }

  warn(text: string): void {
    this.#warnings.add(text);
  }

  /** Warns where something is used outside the range in which it is known. */
  within(name: string, key: string, value: number, [low, high]: readonly [number, number]): void {
    if (value >= low && value <= high) return;
    const what = `${name}: used at ${key}`;
    const known = this.#outside.get(what) ?? { lowest: value, highest: value };
    this.#outside.set(what, {
      lowest: Math.min(known.lowest, value),
      highest: Math.max(known.highest, value),
      range: `${Number(low.toPrecision(4))} to ${Number(high.toPrecision(4))}`,
    });
  }

  /** @param where what it is used at, by the names of its range */
  use(name: string, where: Readonly<Record<string, number>> = {}): UsedConstant {
    const constant = this.#file.constants[name];
    if (!constant) throw new Error(`no constant ${name}`);
    const { value, unit, source } = constant;
    for (const [key, limits] of Object.entries(constant.range ?? {}))
      if (where[key] !== undefined) this.within(name, key, where[key], limits);
    return { name, value, unit, source };
  }

  /** A table's value at a node, by straight lines in logarithms; beyond its ends those of the last two points. */
  at(name: string, nodeNm: number): UsedConstant {
    const table = this.#file.tables[name];
    if (!table) throw new Error(`no table ${name}`);
    const { unit } = table;
    const points = table.points.toSorted((a, b) => a.nodeNm - b.nodeNm);
    const exact = points.find((point) => point.nodeNm === nodeNm);
    const called = `${name}(${nodeNm} nm)`;
    if (exact) return { name: called, value: exact.value, unit, source: exact.source };
    const [first, last] = [points[0], points[points.length - 1]];
    this.within(name, "nodeNm", nodeNm, [first.nodeNm, last.nodeNm]);
    if (points.length === 1) return { name: called, value: first.value, unit, source: first.source };
    const above = Math.min(
      points.length - 1,
      Math.max(
        1,
        points.findIndex((point) => point.nodeNm > nodeNm),
      ),
    );
    const high = nodeNm > last.nodeNm ? points.length - 1 : above;
    const [a, b] = [points[high - 1], points[high]];
    const part = Math.log(nodeNm / a.nodeNm) / Math.log(b.nodeNm / a.nodeNm);
    return {
      name: called,
      value: a.value * (b.value / a.value) ** part,
      unit,
      source: `between ${a.nodeNm} nm (${a.value}: ${a.source}) and ${b.nodeNm} nm (${b.value}: ${b.source})`,
    };
  }
}

const own = new URL("./data/constants.json", import.meta.url);

function readJson(path: string | URL): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new Refusal(`${path}: cannot be read; give a JSON file of constants`, EXIT.environment);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const what = error instanceof Error ? error.message.replace(/\s+/g, " ") : "";
    throw new Refusal(`${path}: is no JSON (${what}); give a JSON file of constants`);
  }
}

/** @param path the user's file, merged over the project's
 *  @throws Refusal where it is malformed, or names a constant that there is not */
export function loadConstants(path?: string): Constants {
  const file = fileSchema.parse(readJson(own));
  if (path === undefined) return new Constants(file);
  const result = ownSchema.safeParse(readJson(path));
  if (!result.success) {
    const [issue] = result.error.issues;
    const where = issue.path.join(".") || "the file";
    throw new Refusal(
      `${path}: ${where}: ${issue.message}; use {"constants": {"name": number}} as in docs/estimate.md`,
    );
  }
  const { tables = {}, constants = {} } = result.data;
  const unknown =
    Object.keys(constants).find((name) => !Object.hasOwn(file.constants, name)) ??
    Object.keys(tables).find((name) => !Object.hasOwn(file.tables, name));
  if (unknown !== undefined)
    throw new Refusal(`${path}: ${unknown}: no such constant; use one of ${new Constants(file).names.join(", ")}`);
  for (const [name, given] of Object.entries(constants)) {
    const source = `the user's file ${path}`;
    const { unit } = file.constants[name];
    // A user's value holds where the user says so, or anywhere.
    file.constants[name] = typeof given === "number" ? { value: given, unit, source } : { source, ...given, unit };
  }
  for (const [name, given] of Object.entries(tables))
    file.tables[name] = { ...file.tables[name], points: given.points };
  return new Constants(file);
}
