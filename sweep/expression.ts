/** Conditions between fields, as a sweep file states them: `gradient.rank <= training.batch / 2`.
 *
 *    condition = and { "||" and }            and = comparison { "&&" comparison }
 *    comparison = sum [ ("=" | "!=" | "<" | "<=" | ">" | ">=") sum | "in" list ]
 *    sum = product { ("+" | "-") product }   product = value { ("*" | "/" | "%") value }
 *    value = number | 'text' | true | false | null | field | ("!" | "-") value | "(" condition ")" | list
 *    list = "[" [ condition { "," condition } ] "]"
 *
 *  A field that a design does not have is null; what is computed from it or ordered beside it is null too, as in SQL. */

export type Value = number | string | boolean | null | readonly Value[];
export type Lookup = (field: string) => Value;

export interface Expression {
  readonly text: string;
  readonly fields: readonly string[];
  evaluate(lookup: Lookup): Value;
}

/** What is wrong with a condition, and where. */
export class ExpressionProblem extends Error {}

type Node = (lookup: Lookup) => Value;

const TOKEN =
  /\s*(?:(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|'([^']*)'|([A-Za-z][\w-]*(?:\.\w+)*)|(\|\||&&|<=|>=|!=|==|[=<>+\-*/%!()[\],]))/y;

interface Token {
  readonly kind: "number" | "text" | "name" | "sign" | "end";
  readonly text: string;
}

function tokens(text: string): Token[] {
  const list: Token[] = [];
  let position = 0;
  while (text.slice(position).trim() !== "") {
    TOKEN.lastIndex = position;
    const found = TOKEN.exec(text);
    if (found === null)
      throw new ExpressionProblem(`${JSON.stringify(text.slice(position).trim()[0])} is not expected`);
    position = TOKEN.lastIndex;
    const [, number, string, name, sign] = found;
    if (number !== undefined) list.push({ kind: "number", text: number });
    else if (string !== undefined) list.push({ kind: "text", text: string });
    else if (name !== undefined) list.push({ kind: "name", text: name });
    else list.push({ kind: "sign", text: sign });
  }
  return [...list, { kind: "end", text: "its end" }];
}

/** null where either side is. */
const computed =
  (left: Node, right: Node, of: (a: number, b: number) => number | boolean): Node =>
  (lookup) => {
    const [a, b] = [left(lookup), right(lookup)];
    return a === null || b === null ? null : of(a as number, b as number);
  };

const same = (a: Value, b: Value): boolean => JSON.stringify(a) === JSON.stringify(b);

const COMPARISONS: Readonly<Record<string, (left: Node, right: Node) => Node>> = {
  "=": (left, right) => (lookup) => same(left(lookup), right(lookup)),
  "!=": (left, right) => (lookup) => !same(left(lookup), right(lookup)),
  "<": (left, right) => computed(left, right, (a, b) => a < b),
  "<=": (left, right) => computed(left, right, (a, b) => a <= b),
  ">": (left, right) => computed(left, right, (a, b) => a > b),
  ">=": (left, right) => computed(left, right, (a, b) => a >= b),
  in: (left, right) => (lookup) => (right(lookup) as readonly Value[]).some((b) => same(left(lookup), b)),
};

const SUMS: Readonly<Record<string, (a: number, b: number) => number>> = { "+": (a, b) => a + b, "-": (a, b) => a - b };
const PRODUCTS: Readonly<Record<string, (a: number, b: number) => number>> = {
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
};

/** @throws ExpressionProblem */
export function parseExpression(text: string): Expression {
  const list = tokens(text);
  const fields: string[] = [];
  let next = 0;
  const here = () => list[next];
  const isSign = (...signs: readonly string[]) => here().kind === "sign" && signs.includes(here().text);
  const take = () => list[next++];
  const expect = (sign: string) => {
    if (!isSign(sign)) throw new ExpressionProblem(`${here().text} where ${sign} is expected`);
    next++;
  };

  const value = (): Node => {
    const { kind, text: word } = take();
    if (kind === "number") return () => Number(word);
    if (kind === "text") return () => word;
    if (kind === "name") {
      if (word === "true" || word === "false" || word === "null") return () => JSON.parse(word);
      fields.push(word);
      return (lookup) => lookup(word);
    }
    if (word === "!") {
      const inner = value();
      return (lookup) => (inner(lookup) === null ? null : !inner(lookup));
    }
    if (word === "-") return computed(() => 0, value(), SUMS["-"]);
    if (word === "(") {
      const inner = condition();
      expect(")");
      return inner;
    }
    if (word === "[") {
      const elements: Node[] = [];
      if (!isSign("]"))
        do elements.push(condition());
        while (isSign(",") && take());
      expect("]");
      return (lookup) => elements.map((element) => element(lookup));
    }
    throw new ExpressionProblem(`${word} where a value is expected`);
  };
  const chain = (part: () => Node, of: Readonly<Record<string, (a: number, b: number) => number>>) => (): Node => {
    let left = part();
    while (isSign(...Object.keys(of))) {
      const operation = of[take().text];
      left = computed(left, part(), operation);
    }
    return left;
  };
  const product = chain(value, PRODUCTS);
  const sum = chain(product, SUMS);
  const comparison = (): Node => {
    const left = sum();
    if (isSign("=", "==", "!=", "<", "<=", ">", ">=")) return COMPARISONS[take().text.replace("==", "=")](left, sum());
    if (here().kind !== "name" || here().text !== "in") return left;
    next++;
    if (!isSign("[")) throw new ExpressionProblem(`${here().text} where [ is expected`);
    return COMPARISONS.in(left, value());
  };
  /** Three-valued: decided by one side where that is enough. */
  const joined = (part: () => Node, sign: string, decisive: boolean) => (): Node => {
    const parts = [part()];
    while (isSign(sign) && take()) parts.push(part());
    if (parts.length === 1) return parts[0];
    return (lookup) => {
      const values = parts.map((p) => p(lookup));
      if (values.includes(decisive)) return decisive;
      return values.includes(null) ? null : !decisive;
    };
  };
  const and = joined(comparison, "&&", false);
  const condition = joined(and, "||", true);

  const root = condition();
  if (here().kind !== "end") throw new ExpressionProblem(`${here().text} after the end of the condition`);
  return { text, fields, evaluate: root };
}
