/** The text of a Liberty file as nested groups. */
import { Refusal } from "../../generator/base/errors.ts";

/** `name (args) { … }` of a Liberty file. */
export interface Group {
  readonly name: string;
  readonly args: readonly string[];
  /** Values of `name : value;` and of `name (values);`. */
  readonly attributes: Map<string, string[]>;
  readonly groups: Group[];
}

/** @param file its name, for messages
 *  @returns the group `library`
 *  @throws Refusal where the text is none, with its line */
export function readLibrary(text: string, file: string): Group {
  return new Reader(text, file).library();
}

class Reader {
  readonly #text: string;
  readonly #file: string;
  #at = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  fail(what: string): never {
    const line = this.#text.slice(0, this.#at).split("\n").length;
    throw new Refusal(`${this.#file}: line ${line}: ${what}; use a Liberty file (.lib) of a standard-cell library`);
  }

  #space(): void {
    const skip = /(?:\s|\\\r?\n|\/\*[\s\S]*?\*\/|\/\/[^\n]*)*/y;
    skip.lastIndex = this.#at;
    skip.exec(this.#text);
    this.#at = skip.lastIndex;
  }

  #take(pattern: RegExp): string | null {
    this.#space();
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return null;
    this.#at = pattern.lastIndex;
    return match[1] ?? match[0];
  }

  #expect(pattern: RegExp, what: string): string {
    return this.#take(pattern) ?? this.fail(`${what} expected`);
  }

  end(): boolean {
    this.#space();
    return this.#at >= this.#text.length;
  }

  /** A value after a colon: quoted, or up to the end of its line; some libraries leave the semicolon out, and some
   *  write expressions, as VDD + 0.3. */
  #simple(): string {
    const blank = /(?:[ \t]|\\\r?\n|\/\*[\s\S]*?\*\/)*/y;
    blank.lastIndex = this.#at;
    blank.exec(this.#text);
    const value = /"((?:[^"\\]|\\[\s\S])*)"|((?:[^;{}\r\n\\/]|\\\r?\n|\/(?![/*]))*)/y;
    value.lastIndex = blank.lastIndex;
    const [, quoted, bare = ""] = value.exec(this.#text) ?? [];
    this.#at = value.lastIndex;
    return quoted ?? bare.trim();
  }

  #value(): string | null {
    return this.#take(/"((?:[^"\\]|\\[\s\S])*)"/y) ?? this.#take(/[^\s;{}(),:"]+/y);
  }

  #statement(into: Group): void {
    const name = this.#expect(/[\w.$]+(?:\[[\d:]+\])?/y, "a name");
    if (this.#take(/:/y) !== null) {
      into.attributes.set(name, [this.#simple()]);
      this.#take(/;/y);
      return;
    }
    this.#expect(/\(/y, "( or :");
    const args: string[] = [];
    while (this.#take(/\)/y) === null) {
      const word = this.#value();
      if (word !== null) args.push(word.replace(/\\\r?\n/g, " "));
      else if (this.#take(/[,:]/y) === null) this.fail(") expected");
    }
    if (this.#take(/\{/y) === null) {
      this.#take(/;/y);
      into.attributes.set(name, args);
      return;
    }
    into.groups.push(this.#body({ name, args, attributes: new Map(), groups: [] }));
    this.#take(/;/y);
  }

  #body(group: Group): Group {
    while (this.#take(/\}/y) === null) {
      if (this.end()) this.fail(`} of ${group.name} expected`);
      this.#statement(group);
    }
    return group;
  }

  library(): Group {
    const root: Group = { name: "", args: [], attributes: new Map(), groups: [] };
    if (this.end()) this.fail("library (…) { expected");
    this.#statement(root);
    const library = root.groups[0];
    if (library?.name !== "library") this.fail("library (…) { expected");
    return library;
  }
}
