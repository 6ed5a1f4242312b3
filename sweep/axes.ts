/** The axes of a sweep as sets of values: by number where there are finitely many, by a part of the way where not. */
import { Refusal } from "../generator/base/errors.ts";
import { fieldSchema } from "../generator/design/load.ts";
import { type Expression, ExpressionProblem, parseExpression } from "./expression.ts";
import type { Axis, AxisValue } from "./schema.ts";

/** One value of an axis: what the table shows, and the fields it sets (null: leaves out). */
export interface Choice {
  readonly shown: AxisValue;
  readonly fields: Readonly<Record<string, AxisValue>>;
}

export interface AxisSet {
  readonly name: string;
  /** null: any value between two ends. */
  readonly count: number | null;
  readonly when: Expression | null;
  readonly every: boolean;
  /** @param part 0 ≤ part < 1 of the way through the axis */
  at(part: number): Choice;
  /** @param n from 0 to count − 1 */
  nth(n: number): Choice;
}

/** @throws Refusal where a condition cannot be read */
export function condition(text: string, source: string, known: (field: string) => boolean): Expression {
  try {
    const expression = parseExpression(text);
    const unknown = expression.fields.find((field) => !known(field));
    if (unknown !== undefined)
      throw new Refusal(
        `${source}: ${JSON.stringify(text)}: ${unknown} is no axis and no field of a design; correct it`,
      );
    return expression;
  } catch (error) {
    if (!(error instanceof ExpressionProblem)) throw error;
    throw new Refusal(
      `${source}: ${JSON.stringify(text)}: ${error.message}; write e.g. gradient.rank <= training.batch`,
    );
  }
}

/** @param source of messages, e.g. `file: axes.training.batch` */
export function axisSet(name: string, axis: Axis, source: string, known: (field: string) => boolean): AxisSet {
  const { when: text, every } = Array.isArray(axis) ? { when: undefined, every: false } : axis;
  const when = text === undefined ? null : condition(text, `${source}.when`, known);
  const common = { name, when, every };
  const field = fieldSchema(name);
  const refuseField = (path: string) => {
    if (fieldSchema(path) === null)
      throw new Refusal(`${source}: ${path} is no field of a design; docs/design-file.md lists them`);
  };
  if (!Array.isArray(axis) && "choices" in axis) {
    const list = Object.entries(axis.choices).map(([shown, fields]): Choice => {
      Object.keys(fields).forEach(refuseField);
      return { shown, fields };
    });
    if (list.length === 0)
      throw new Refusal(`${source}.choices: has no elements; give one or more, or leave the axis out`);
    return finite(common, list);
  }
  refuseField(name);
  const only = (shown: AxisValue): Choice => ({ shown, fields: { [name]: shown } });
  if (Array.isArray(axis)) return finite(common, axis.map(only));
  if ("values" in axis) return finite(common, axis.values.map(only));
  const whole = field?.type === "integer" || (field?.anyOf?.some(({ type }) => type === "integer") ?? false);
  const values = rangeValues(axis, source);
  const rounded = (x: number) => (whole ? Math.round(x) : tidy(x));
  if (values !== null) return finite(common, [...new Set(values.map(rounded))].map(only));
  const between = scaleOf(axis, source);
  return {
    ...common,
    count: null,
    at: (part) => only(rounded(between(part))),
    nth: () => {
      throw new Error("an axis without steps has no nth value");
    },
  };
}

function finite(common: Pick<AxisSet, "name" | "when" | "every">, list: readonly Choice[]): AxisSet {
  const count = list.length;
  return { ...common, count, at: (part) => list[Math.min(count - 1, Math.floor(part * count))], nth: (n) => list[n] };
}

type Range = Extract<Axis, { readonly from: number }>;

/** Twelve digits: what is left of 0.1 + 0.2 is not shown. */
const tidy = (x: number): number => Number(x.toPrecision(12));

function scaleOf({ from, to, scale }: Range, source: string): (part: number) => number {
  if (scale === "linear") return (part) => from + part * (to - from);
  if (from * to <= 0)
    throw new Refusal(`${source}: a log scale from ${from} to ${to} crosses 0; use two numbers of the same sign`);
  return (part) => from * (to / from) ** part;
}

/** null: any value between the ends. */
function rangeValues(range: Range, source: string): number[] | null {
  const { from, to, step, steps, scale } = range;
  const between = scaleOf(range, source);
  if (step !== undefined && steps !== undefined)
    throw new Refusal(`${source}: has step and steps; leave one of them out`);
  if (steps !== undefined)
    return Array.from({ length: steps }, (_, n) => (steps === 1 ? from : between(n / (steps - 1))));
  if (step === undefined) return null;
  if (scale === "log" && step <= 1)
    throw new Refusal(`${source}.step: ${step} is no ratio that rises; use more than 1`);
  const distance = scale === "log" ? Math.abs(Math.log(to / from)) / Math.log(step) : Math.abs(to - from) / step;
  const count = Math.floor(distance + 1e-9) + 1;
  if (count > 1_000_000) throw new Refusal(`${source}.step: makes ${count} values; use a larger step`);
  const sign = to < from ? -1 : 1;
  return Array.from({ length: count }, (_, n) =>
    scale === "log" ? from * step ** (sign * n) : from + sign * n * step,
  );
}
