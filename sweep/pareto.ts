/** The results that no other one beats: better or equal in all that counts, and better in one. */
import { Refusal } from "../generator/base/errors.ts";
import type { Figure } from "./work.ts";
import { works } from "./works.ts";

export interface Aim {
  readonly column: string;
  readonly better: "more" | "less";
}

/** What is better of a figure, as its kind of work says.
 *  @param text e.g. `accuracy,memory` or `accuracy,area:less` */
export function aimsOf(text: string): Aim[] {
  return text.split(",").map((part) => {
    const [, column, better] = /^\s*([^:]+?)\s*(?::(more|less))?\s*$/.exec(part) ?? [];
    if (column === undefined)
      throw new Refusal(`--pareto: ${JSON.stringify(part)} is not allowed; use names of columns, e.g. accuracy,memory`);
    return { column, better: (better as Aim["better"]) ?? preference(column) };
  });
}

/** @throws Refusal where no kind of work says */
export function preference(column: string): "more" | "less" {
  for (const { figures } of Object.values(works)) {
    const figure: Figure | undefined = (figures as Record<string, Figure>)[column];
    if (figure?.better) return figure.better;
  }
  if (column === "seconds") return "less";
  throw new Refusal(
    `${column}: whether more or less of it is better is not known; write ${column}:more or ${column}:less`,
  );
}

type Row = Readonly<Record<string, unknown>>;

/** In the order of the first aim, best first. Rows that lack a value are left out. */
export function paretoFront<R extends Row>(rows: readonly R[], aims: readonly Aim[]): R[] {
  const costs = rows.map((row) =>
    aims.map(({ column, better }) => {
      const value = row[column];
      if (value === null || value === undefined) return null;
      return better === "more" ? -Number(value) : Number(value);
    }),
  );
  const order = rows.map((_, n) => n).filter((n) => !costs[n].includes(null));
  const of = (n: number) => costs[n] as number[];
  const compare = (a: number[], b: number[]) => {
    const differs = a.findIndex((cost, k) => cost !== b[k]);
    return differs < 0 ? 0 : a[differs] - b[differs];
  };
  order.sort((a, b) => compare(of(a), of(b)) || a - b);
  // Whatever beats a row comes before it.
  const front: number[] = [];
  for (const n of order) {
    const beaten = front.some((f) => of(f).every((cost, k) => cost <= of(n)[k]) && compare(of(f), of(n)) !== 0);
    if (!beaten) front.push(n);
  }
  return front.map((n) => rows[n]);
}
