/** Parses JSON that people write: where it breaks is told by line and column, and a key given twice is refused. */

export class JsonProblem extends Error {
  readonly line: number;
  readonly column: number;
  constructor(line: number, column: number, problem: string) {
    super(problem);
    this.name = "JsonProblem";
    this.line = line;
    this.column = column;
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const WORD = /true|false|null/y;
const SPACE = /[ \t\r\n]*/y;
const DEPTH_LIMIT = 100;

/** @throws JsonProblem at the first character that cannot be right */
export function parseJson(text: string): unknown {
  let position = 0;

  const fail = (problem: string, where = position): never => {
    const before = text.slice(0, where).split("\n");
    throw new JsonProblem(before.length, before[before.length - 1].length + 1, problem);
  };
  const seen = () => (position < text.length ? JSON.stringify(text[position]) : "the end of the file");
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = position;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) position += found.length;
    return found;
  };
  const skip = () => void take(SPACE);
  const expect = (characters: string): string => {
    const found = text[position];
    if (found === undefined || !characters.includes(found))
      fail(`${seen()} where ${[...characters].map((c) => JSON.stringify(c)).join(" or ")} is expected`);
    position++;
    return found;
  };
  const string = (): string => {
    const start = position;
    const found = take(STRING);
    if (found === undefined) {
      if (text[position] !== '"') return fail(`${seen()} where a key in double quotes is expected`);
      return fail("a string that does not end on its line, or holds an unknown escape", start);
    }
    return JSON.parse(found);
  };

  const value = (depth: number): unknown => {
    if (depth > DEPTH_LIMIT) fail(`nested deeper than ${DEPTH_LIMIT}`);
    skip();
    const first = text[position];
    if (first === "{") return object(depth);
    if (first === "[") return array(depth);
    if (first === '"') return string();
    const word = take(WORD) ?? take(NUMBER);
    if (word === undefined) return fail(`${seen()} where a value is expected`);
    return JSON.parse(word);
  };

  const object = (depth: number): Record<string, unknown> => {
    const result = new Map<string, unknown>();
    position++;
    skip();
    if (text[position] === "}") position++;
    else
      do {
        skip();
        const start = position;
        const key = string();
        if (result.has(key)) fail(`the key ${JSON.stringify(key)} is given twice`, start);
        skip();
        expect(":");
        result.set(key, value(depth + 1));
        skip();
      } while (expect(",}") === ",");
    return Object.fromEntries(result);
  };

  const array = (depth: number): unknown[] => {
    const result: unknown[] = [];
    position++;
    skip();
    if (text[position] === "]") position++;
    else
      do {
        result.push(value(depth + 1));
        skip();
      } while (expect(",]") === ",");
    return result;
  };

  const result = value(0);
  skip();
  if (position < text.length) fail(`${seen()} after the end of the value`);
  return result;
}
