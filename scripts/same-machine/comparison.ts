/** Compares what two commits gave for the same commands, name by name, and makes a table of it. */
import { count } from "../../generator/base/quantities.ts";
import { table } from "../../report/console.ts";

/** What one command gave: the text of each generated file, or of each field of a result, by its name. */
export type Answer = ReadonlyMap<string, string>;

/** The name of an answer that is none: why the command was refused. */
export const REFUSAL = "refusal";

/** The sums of the other files. */
const SUMS = "SHA256SUMS";

interface Row {
  compared: number;
  differ: number;
  /** Where it differed first. */
  first: string | null;
}

export class Comparison {
  readonly #rows = new Map<string, Row>();
  readonly #expected: ReadonlySet<string>;
  #commands = 0;

  /** @param expected names whose difference is reported, but allowed */
  constructor(expected: readonly string[] = []) {
    this.#expected = new Set(expected);
  }

  /** @param command what was run, for messages */
  add(command: string, a: Answer, b: Answer): void {
    this.#commands++;
    // Two equal refusals show nothing of the machine: they count as a difference.
    if (a.has(REFUSAL) || b.has(REFUSAL)) {
      const refused = (answer: Answer) => answer.get(REFUSAL)?.trim() ?? "(not refused)";
      this.#count(REFUSAL, `${REFUSAL} of ${command}\n    A  ${refused(a)}\n    B  ${refused(b)}`);
      return;
    }
    for (const name of new Set([...a.keys(), ...b.keys()])) {
      const [left, right] = [a, b].map((answer) => this.#told(name, answer.get(name)));
      this.#count(name, left === right ? null : `${name} of ${command}: ${firstDifference(left, right)}`);
    }
  }

  /** No name differs but those that may. */
  get same(): boolean {
    return [...this.#rows].every(([name, { differ }]) => differ === 0 || this.#expected.has(name));
  }

  /** @param of what has the names, for the head of the table */
  lines(of: string): string[] {
    const rows = [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1));
    const sum = (value: (row: Row) => number) => rows.reduce((total, [, row]) => total + value(row), 0);
    const state = ([name, { differ }]: [string, Row]) =>
      differ === 0 ? "" : this.#expected.has(name) ? "as expected" : "NOT EXPECTED";
    const cells = rows.map((row) => [row[0], count(row[1].compared), count(row[1].differ), state(row)]);
    const total = ["all", count(sum((row) => row.compared)), count(sum((row) => row.differ)), ""];
    return [
      `${count(this.#commands)} combinations`,
      ...table([[of, "compared", "differ", ""], ...cells, total], [0, 3]),
      ...rows.flatMap(([, { first }]) => first ?? []),
    ];
  }

  #count(name: string, difference: string | null): void {
    const row = this.#rows.get(name) ?? { compared: 0, differ: 0, first: null };
    this.#rows.set(name, row);
    row.compared++;
    if (difference !== null) row.differ++;
    row.first ??= difference;
  }

  /** The sums say nothing new of files that may differ. */
  #told(name: string, text: string | undefined): string | undefined {
    if (name !== SUMS || text === undefined) return text;
    const lines = text.split("\n");
    return lines.filter((line) => !this.#expected.has(line.split(/\s+/).at(-1) ?? "")).join("\n");
  }
}

/** The first line that differs, on both sides. */
export function firstDifference(a: string | undefined, b: string | undefined): string {
  if (a === undefined) return "is in B only";
  if (b === undefined) return "is in A only";
  const [left, right] = [a, b].map((text) => text.split("\n"));
  const at = left.findIndex((line, i) => line !== right[i]);
  const line = at === -1 ? left.length : at;
  const shown = (lines: readonly string[]) => (line < lines.length ? lines[line].slice(0, 200) : "(no such line)");
  return [`line ${line + 1}`, `    A  ${shown(left)}`, `    B  ${shown(right)}`].join("\n");
}
