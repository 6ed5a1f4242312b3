/** What a command prints: text for people, a progress bar on a terminal, and the JSON result for scripts. */
import type { SingleBar } from "cli-progress";
import { Refusal } from "../generator/base/errors.ts";
import { count } from "../generator/base/quantities.ts";
import { WholeFile } from "../generator/base/write.ts";

export class Output {
  readonly #json: string | undefined;
  readonly #file: WholeFile | null;
  readonly #stream: NodeJS.WriteStream;
  readonly #newBar: NewBar | null;
  #bar: SingleBar | null = null;
  #label = "";
  #quarter = -1;

  /** @param json the value of --json: with `-`, standard output is the JSON's and text goes to standard error */
  static async open(json?: string): Promise<Output> {
    const stream = json === "-" ? process.stderr : process.stdout;
    return new Output(json, stream, stream.isTTY ? await barOn(stream) : null);
  }

  private constructor(json: string | undefined, stream: NodeJS.WriteStream, newBar: NewBar | null) {
    this.#json = json;
    this.#file = json === undefined || json === "-" ? null : new WholeFile(json);
    this.#stream = stream;
    this.#newBar = newBar;
  }

  say(text: string): void {
    this.endProgress();
    this.#stream.write(`${text}\n`);
  }

  /** Writes the result where --json asked for it. */
  async result(value: unknown): Promise<void> {
    const text = `${JSON.stringify(value, null, 2)}\n`;
    this.#file?.write(text);
    if (this.#json !== "-") return;
    await new Promise<void>((done, fail) =>
      process.stdout.write(text, (error) =>
        error ? fail(new Refusal(`--json -: standard output cannot be written (${error.message})`, 3)) : done(),
      ),
    );
  }

  /** Shows how far a step is: a bar on a terminal; elsewhere a line at its start and each further quarter.
   *  @param note shown beside it; if absent, the time left */
  progress(label: string, done: number, of: number, note?: string): void {
    if (label !== this.#label) this.endProgress();
    this.#label = label;
    if (this.#newBar === null) this.#line(done, of, note);
    else if (this.#bar === null) {
      this.#bar = this.#newBar(note !== undefined);
      this.#bar.start(of, done, { label, note });
    } else this.#bar.update(done, { note });
  }

  endProgress(): void {
    this.#bar?.stop();
    this.#bar = null;
    this.#label = "";
    this.#quarter = -1;
  }

  #line(done: number, of: number, note = ""): void {
    const quarter = Math.floor((4 * done) / of);
    if (quarter === this.#quarter || done === of) return;
    this.#quarter = quarter;
    this.#stream.write(`${this.#label}: ${count(done)} of ${count(of)}${note === "" ? "" : `, ${note}`}\n`);
  }
}

type NewBar = (noted: boolean) => SingleBar;

async function barOn(stream: NodeJS.WriteStream): Promise<NewBar> {
  const { default: progress } = await import("cli-progress");
  return (noted) =>
    new progress.SingleBar({
      format: `{label} {bar} {value} / {total}, ${noted ? "{note}" : "{eta_formatted} left"}`,
      stream,
      hideCursor: true,
      clearOnComplete: true,
    });
}

/** Lines of a table: first column left, the others right, unless `left` names them too. */
export function table(rows: readonly (readonly string[])[], left: readonly number[] = [0]): string[] {
  const widths = rows[0].map((_, c) => Math.max(...rows.map((row) => row[c].length)));
  return rows.map((row) =>
    `  ${row.map((cell, c) => (left.includes(c) ? cell.padEnd(widths[c]) : cell.padStart(widths[c]))).join("  ")}`.trimEnd(),
  );
}

/** Why there is no waveform. */
export const notReached = (from: number, cycles: number): string =>
  `${from} was not reached, the training ended after ${cycles} cycles; use a lower one, or train longer`;

/** A data set as a line of a table. */
export function dataOf({ name, source }: { readonly name: string; readonly source: string }): string {
  return source.startsWith(name) ? source : `${name} (${source})`;
}

/** Where a run left its results. */
export const leftText = (folder: string): string =>
  `results are in ${folder}; their pages and pictures: npx rankloom report ${folder}`;
