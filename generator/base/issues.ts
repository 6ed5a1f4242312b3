/** What a schema says is wrong with a user's file, as `path: what; what would be right`. */
import { z } from "zod";

function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text === undefined ? "nothing" : text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((v, key) => (v as Record<PropertyKey, unknown> | undefined)?.[key], value);
}

type Issue = z.core.$ZodIssue;

function explain(issue: Issue): string {
  switch (issue.code) {
    case "invalid_value":
      return `use ${issue.values.map((v) => JSON.stringify(v)).join(" or ")}`;
    case "too_small":
      return issue.origin === "array"
        ? `use at least ${issue.minimum} elements`
        : `use ${issue.inclusive ? "at least" : "more than"} ${issue.minimum}`;
    case "too_big":
      return issue.origin === "array" ? `use at most ${issue.maximum} elements` : `use at most ${issue.maximum}`;
    case "invalid_type":
      return `use ${issue.expected === "int" ? "a whole number" : `a value of type ${issue.expected}`}`;
    case "invalid_format":
      return `use ${issue.message}`;
    case "invalid_union":
      return issue.errors.length === 0
        ? `use ${(issue as { options?: unknown[] }).options?.map((v) => JSON.stringify(v)).join(" or ")}`
        : `use ${issue.errors.map((e) => e.map(explain).join(" and ").replace(/^use /, "")).join(", or ")}`;
    default:
      return issue.message;
  }
}

/** @param whole what the file is called where no part of it is to blame */
export function issueText(schema: z.ZodType, input: unknown, issue: Issue, whole: string): string {
  if (issue.code === "unrecognized_keys") {
    const where = [...issue.path, issue.keys[0]].join(".");
    return `${where}: unknown key; use one of ${keysAt(schema, issue.path).join(", ")}`;
  }
  const where = issue.path.join(".") || whole;
  const value = at(input, issue.path);
  return `${where}: ${value === undefined ? "missing" : `${show(value)} is not allowed`}; ${explain(issue)}`;
}

/** The parts of JSON Schema that lead to an object's keys. */
interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
}

function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const node = path.reduce<Node | undefined>(
    (of, key) => (typeof key === "number" ? of?.items : of?.properties?.[String(key)]),
    z.toJSONSchema(schema, { io: "input" }) as Node,
  );
  return Object.keys(node?.properties ?? {});
}
