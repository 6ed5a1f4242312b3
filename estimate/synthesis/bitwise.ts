/** Wide cells whose output bits do not depend on each other, taken apart bit by bit and put together again. */
import type { Bit, Cell } from "./netlist.ts";

/** Ports that have a bit for each bit of the output; the others are read by all bits. */
const PORTS: Readonly<Record<string, readonly string[]>> = {
  $mux: ["A", "B", "Y"],
  $and: ["A", "B", "Y"],
  $or: ["A", "B", "Y"],
  $xor: ["A", "B", "Y"],
  $xnor: ["A", "B", "Y"],
  $not: ["A", "Y"],
};

/** A cell of more bits is that of several lanes or words; one of fewer stays whole, as ABC then shares its select. */
const WORD = 64;

/** How many bits a cell falls into; 1: it stays whole. */
export const bitsOf = ({ type, connections }: Cell): number =>
  type in PORTS && connections.Y.length > WORD ? connections.Y.length : 1;

/** The cell that makes some bits of a cell's output.
 *  @param bits of Y, at most `bitsOf(cell)` of them */
export function part(cell: Cell, bits: readonly number[]): Cell {
  if (bits.length === bitsOf(cell)) return cell;
  const { type, parameters, port_directions, connections } = cell;
  const signed = isSigned(parameters.A_SIGNED) && isSigned(parameters.B_SIGNED ?? parameters.A_SIGNED);
  const own = PORTS[type];
  const extended = (list: readonly Bit[], n: number): Bit =>
    n < list.length ? list[n] : signed ? list[list.length - 1] : "0";
  const widths = Object.keys(parameters).filter((name) => name === "WIDTH" || name.endsWith("_WIDTH"));
  return {
    type,
    parameters: { ...parameters, ...Object.fromEntries(widths.map((name) => [name, bits.length])) },
    port_directions,
    connections: Object.fromEntries(
      Object.entries(connections).map(([port, list]) => [
        port,
        own.includes(port) ? bits.map((n) => extended(list, n)) : list,
      ]),
    ),
  };
}

/** Yosys writes a parameter as a number, or as its bits. */
const isSigned = (value: string | number | undefined): boolean => Number(value ?? 0) !== 0;
