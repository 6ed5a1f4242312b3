/** Walks the JSON Schema of the design file: every field, and values that it must refuse. */
import { designJsonSchema, type SchemaNode } from "../../generator/design/schema.ts";

export interface Field {
  readonly path: string;
  readonly node: SchemaNode;
  readonly required: boolean;
}

export const rootSchema = designJsonSchema();

/** Every object and every field, outside first. */
export function fields(node: SchemaNode = rootSchema, path = ""): Field[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const name = path === "" ? key : `${path}.${key}`;
    return [{ path: name, node: child, required: node.required?.includes(key) ?? false }, ...fields(child, name)];
  });
}

/** The value of each JSON type. */
const samples: Record<string, unknown> = {
  null: null,
  boolean: true,
  integer: 5,
  number: 0.37,
  string: "zebra",
  array: [5],
  object: { a: 1 },
};

/** Whether every value of its type is within its bounds: other rules may still refuse it. */
export const isUnbounded = (node: SchemaNode): boolean =>
  (node.type === "string" || node.type === "number") &&
  [node.pattern, node.enum, node.minLength, node.minimum, node.maximum, node.exclusiveMinimum].every(
    (bound) => bound === undefined,
  );

export function outOfRange(node: SchemaNode): unknown[] {
  if (node.anyOf) return node.anyOf.flatMap(outOfRange).filter((value) => typeof value === "number");
  const values: unknown[] = [];
  if (node.minimum !== undefined) values.push(node.minimum - 1, -1e9);
  if (node.exclusiveMinimum !== undefined) values.push(node.exclusiveMinimum, node.exclusiveMinimum - 1);
  if (node.maximum !== undefined) values.push(node.maximum + 1, 1e300);
  if (node.type === "integer") values.push((node.minimum ?? 0) + 0.5);
  if (node.minLength) values.push("a".repeat(node.minLength - 1));
  if (node.maxLength) values.push("a".repeat(node.maxLength + 1));
  if (node.pattern) values.push("", "Zebra Crossing!");
  if (node.enum) values.push("zebra", "", String(node.enum[0]).toUpperCase());
  if (node.type === "array" && node.items) {
    const element = node.items.minimum ?? 0;
    if (node.minItems) values.push(Array(node.minItems - 1).fill(element));
    if (node.maxItems) values.push(Array(node.maxItems + 1).fill(element));
    for (const bad of [...outOfRange(node.items), ...wrongTypes(node.items)])
      values.push(Array(node.minItems ?? 1).fill(bad));
  }
  return values;
}

export function wrongTypes(node: SchemaNode): unknown[] {
  const own = new Set((node.anyOf ?? [node]).flatMap(({ type, const: value }) => type ?? typeof value));
  if (own.has("number")) own.add("integer");
  const values = Object.entries(samples).filter(([type]) => !own.has(type));
  const constant = node.const === undefined ? [] : [typeof node.const === "boolean" ? !node.const : "zebra"];
  return [...values.map(([, value]) => value), ...constant];
}
