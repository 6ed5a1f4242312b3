/** Streaming reader of a value change dump (IEEE 1364-2005, section 18.2), cut into chunks at any place.
 *
 *  vcd-stream was to do this. Fed the same dump in two chunks it lost or invented changes at most places of the cut
 *  (reported "error 4", 8 events of 227 where the cut fell behind `#0`), so what a run showed depended on the pipe's
 *  timing. It still reads whole dumps as the oracle of this reader's test. */
import { type Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";

export interface VcdListener {
  /** Once, when all declarations are read: reference codes by the variable's path, scopes joined by dots, without its
   *  range.
   *  @returns the codes whose changes are wanted: a dump holds every signal, a reader looks at a few */
  declared(codes: ReadonlyMap<string, number>): ReadonlySet<number>;
  time(time: number): void;
  /** A wanted code's. Bits that are x or z read as 0. */
  change(code: number, value: bigint): void;
}

const NEWLINE = 10;
const SPACE = 32;
const HASH = 35;
const DOLLAR = 36;
const ZERO = 48;
const ONE = 49;
const LOWER = 32;
const VECTOR = "b".charCodeAt(0);
const X = "x".charCodeAt(0);
const Z = "z".charCodeAt(0);
/** Bits that a number holds exactly. */
const EXACT_BITS = 52;

/** An identifier code of printable characters as a number. */
function codeOf(text: Buffer, from: number, to: number): number {
  let code = 0;
  for (let i = from; i < to; i++) code = code * 95 + text[i] - SPACE;
  return code;
}

function declarations(text: string): Map<string, number> {
  const codes = new Map<string, number>();
  const scopes: string[] = [];
  // An identifier code may hold a dollar sign, even begin with one.
  for (const [, up, kind, body] of text.matchAll(/\$(?:(upscope)|(scope|var)\s+(.*?))\s+\$end/gs)) {
    if (up) scopes.pop();
    else if (kind === "scope") scopes.push(body.split(/\s+/)[1]);
    else {
      const [, , code, name] = body.split(/\s+/);
      codes.set([...scopes, name.replace(/\[.*$/, "")].join("."), codeOf(Buffer.from(code, "latin1"), 0, code.length));
    }
  }
  return codes;
}

/** The value of binary digits; x and z are 0. */
function binaryValue(text: Buffer, from: number, to: number): bigint {
  if (to - from > EXACT_BITS) return BigInt(`0b${text.toString("latin1", from, to).replace(/[xz]/gi, "0")}`);
  let value = 0;
  for (let i = from; i < to; i++) value = 2 * value + (text[i] === ONE ? 1 : 0);
  return BigInt(value);
}

/** A last line without its end is left out: its writer was stopped in the middle of it.
 *  @throws Error on text that is no value change dump: the line's beginning is named */
export class VcdReader {
  /** Once the declarations are read. */
  private wanted: ReadonlySet<number> | null = null;
  private held: Buffer = Buffer.alloc(0);

  private readonly listener: VcdListener;

  constructor(listener: VcdListener) {
    this.listener = listener;
  }

  /** Takes the next piece; a line counts when its end is there, so that a dump which was cut off ends with its last
   *  whole line. */
  push(chunk: Buffer): void {
    const text = this.held.length > 0 ? Buffer.concat([this.held, chunk]) : chunk;
    let at = 0;
    if (this.wanted === null) {
      const end = text.indexOf("$enddefinitions");
      const line = end < 0 ? -1 : text.indexOf(NEWLINE, end);
      if (line < 0) {
        this.held = text;
        return;
      }
      this.wanted = this.listener.declared(declarations(text.toString("latin1", 0, end)));
      at = line + 1;
    }
    const whole = text.lastIndexOf(NEWLINE) + 1;
    while (at < whole) at = this.line(text, at, this.wanted);
    this.held = text.subarray(at);
  }

  /** One line.
   *  @returns where the next begins */
  private line(text: Buffer, from: number, wanted: ReadonlySet<number>): number {
    if (text[from] === NEWLINE) return from + 1;
    const first = text[from] | LOWER;
    let split = from + 1;
    if (first === VECTOR) while (text[split] > SPACE) split++;
    const codeFrom = first === VECTOR ? split + 1 : split;
    let to = split;
    while (text[to] !== NEWLINE) to++;
    if (first === ZERO || first === ONE || first === X || first === Z) {
      const code = codeOf(text, codeFrom, to);
      if (wanted.has(code)) this.listener.change(code, first === ONE ? 1n : 0n);
    } else if (first === VECTOR && text[split] === SPACE) {
      const code = codeOf(text, codeFrom, to);
      if (wanted.has(code)) this.listener.change(code, binaryValue(text, from + 1, split));
    } else if (text[from] === HASH) this.listener.time(Number(text.toString("latin1", from + 1, to)));
    else if (text[from] !== DOLLAR)
      throw new Error(`no line of a value change dump: ${text.toString("latin1", from, Math.min(to, from + 40))}`);
    return to + 1;
  }
}

/** Reads a whole dump from a stream. */
export function readVcd(stream: Readable, listener: VcdListener): Promise<void> {
  const reader = new VcdReader(listener);
  return pipeline(
    stream,
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        try {
          reader.push(chunk);
          done();
        } catch (error) {
          done(error as Error);
        }
      },
    }),
  );
}
