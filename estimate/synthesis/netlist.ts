/** A netlist as Yosys writes it as JSON. */

/** A net's number, or a constant. */
export type Bit = number | "0" | "1" | "x" | "z";

export interface Cell {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string | number>>;
  readonly port_directions: Readonly<Record<string, "input" | "output" | "inout">>;
  readonly connections: Readonly<Record<string, readonly Bit[]>>;
}

export interface YosysModule {
  readonly attributes: Readonly<Record<string, string>>;
  readonly ports: Readonly<
    Record<string, { readonly direction: "input" | "output" | "inout"; readonly bits: readonly Bit[] }>
  >;
  readonly cells: Readonly<Record<string, Cell>>;
}
