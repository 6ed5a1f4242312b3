/** How values are written into Verilog. */

export type Value = number | string;

/** A Verilog parameter of `layer`; a comment begins a group. */
export interface Parameter {
  readonly name: string;
  readonly value: Value;
  readonly comment?: string;
}

export const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

/** A code as a sized constant, two's complement. */
export function sized(value: number, bits: number): string {
  const code = value < 0 ? value + 2 ** bits : value;
  return `${bits}'h${hex(code, Math.ceil(bits / 4))}`;
}

/** A table as lines of one concatenation: index 0 comes last, in the lowest bits. */
export function tableLines(table: readonly number[], bits: number): { line: string }[] {
  const codes = [...table].reverse().map((code) => sized(code, bits));
  const lines: { line: string }[] = [];
  for (let k = 0; k < codes.length; k += 8)
    lines.push({ line: codes.slice(k, k + 8).join(", ") + (k + 8 < codes.length ? "," : "") });
  return lines;
}

/** Seeds as one number, the first in the lowest bits. */
export const seedList = (seeds: readonly number[]): string =>
  `{${[...seeds]
    .reverse()
    .map((seed) => `32'h${hex(seed, 8)}`)
    .join(", ")}}`;
