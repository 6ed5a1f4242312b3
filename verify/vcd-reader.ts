/** Streaming reader of a value change dump (IEEE 1364-2005, section 18.2), cut into chunks at any place.
 *
 *  vcd-stream was to do this. Fed the same dump in two chunks it lost or invented changes at most places of the cut
 *  (reported "error 4", 8 events of 227 where the cut fell behind `#0`), so what a run showed depended on the pipe's
 *  timing. It still reads whole dumps as the oracle of this reader's test. */
import { type Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";

export interface VcdListener {
  /** Once, when all declarations are read: reference codes by the variable's path, scopes joined by dots, without its
   *  range. */
  declared(codes: ReadonlyMap<string, number>): void;
  time(time: number): void;
  /** Bits that are x or z read as 0. */
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
const UNKNOWN = ["x".charCodeAt(0), "z".charCodeAt(0)];

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

/** A last line without its end is left out: its writer was stopped in the middle of it.
 *  @throws Error on text that is no value change dump: the line's beginning is named */
export class VcdReader {
  private declared = false;
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
    if (!this.declared) {
      const end = text.indexOf("$enddefinitions");
      const line = end < 0 ? -1 : text.indexOf(NEWLINE, end);
      if (line < 0) {
        this.held = text;
        return;
      }
      this.listener.declared(declarations(text.toString("latin1", 0, end)));
      this.declared = true;
      at = line + 1;
    }
    for (;;) {
      const end = text.indexOf(NEWLINE, at);
      if (end < 0) break;
      this.line(text, at, end);
      at = end + 1;
    }
    this.held = text.subarray(at);
  }

  private line(text: Buffer, from: number, to: number): void {
    if (from === to) return;
    const first = text[from];
    if (first === HASH) this.listener.time(Number(text.toString("latin1", from + 1, to)));
    else if (first === ZERO || first === ONE) this.listener.change(codeOf(text, from + 1, to), first === ONE ? 1n : 0n);
    else if ((first | LOWER) === VECTOR) {
      const space = text.indexOf(SPACE, from);
      const bits = text.toString("latin1", from + 1, space).replace(/[xz]/gi, "0");
      this.listener.change(codeOf(text, space + 1, to), BigInt(`0b${bits}`));
    } else if (UNKNOWN.includes(first | LOWER)) this.listener.change(codeOf(text, from + 1, to), 0n);
    else if (first !== DOLLAR)
      throw new Error(`no line of a value change dump: ${text.toString("latin1", from, Math.min(to, from + 40))}`);
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
