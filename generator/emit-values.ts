/** How values are written into Verilog. */

export type Value = number | string;

/** A Verilog parameter of `layer`; a comment begins a group. */
export interface Parameter {
  readonly name: string;
  readonly value: Value;
  readonly comment?: string;
}

export const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
