/** Large tables that are written as a case of constants, such as the program of the low-rank units. Yosys makes each word a
 *  comparison and an input of one multiplexer, whose mapping takes a time by the square of the words. Here the multiplexer
 *  becomes a tree over the address, whose equal branches are one: the same function, mapped in a time by the words. */
import type { Bit, Cell, YosysModule } from "./netlist.ts";

/** Tables of fewer words stay as they are. */
const LEAST_WORDS = 64;

interface Table {
  /** Nets, the least significant first. */
  readonly address: readonly Bit[];
  readonly outputs: readonly Bit[];
  /** By address, the values of all outputs as 0 and 1. */
  readonly words: readonly string[];
}

/** The same module, its large tables as trees of multiplexers. */
export function withTrees(module: YosysModule): YosysModule {
  // Nearly no cone has one.
  if (!Object.values(module.cells).some(selectsMany)) return module;
  const drivers = new Map<Bit, Cell>();
  for (const cell of Object.values(module.cells)) for (const bit of cell.connections.Y ?? []) drivers.set(bit, cell);
  const cells: Record<string, Cell> = {};
  const trees = new Trees(module);
  for (const [name, cell] of Object.entries(module.cells)) {
    const table = tableOf(cell, drivers);
    if (table === null) cells[name] = cell;
    else trees.add(table);
  }
  return trees.empty ? module : { ...module, cells: { ...cells, ...trees.cells } };
}

const selectsMany = ({ type, connections }: Cell): boolean => type === "$pmux" && connections.S.length >= LEAST_WORDS;

/** What a multiplexer selects by comparisons of one address with constants, or null. */
function tableOf(cell: Cell, drivers: ReadonlyMap<Bit, Cell>): Table | null {
  if (!selectsMany(cell)) return null;
  const { A: otherwise, B: words, S: selects, Y: outputs } = cell.connections;
  let address: readonly Bit[] | null = null;
  const found = new Map<number, number>();
  for (const [n, select] of selects.entries()) {
    const compared = comparison(drivers.get(select));
    if (compared === null) return null;
    address ??= compared.nets;
    if (compared.nets.length !== address.length || compared.nets.some((net, k) => net !== address?.[k])) return null;
    if (found.has(compared.value)) return null;
    found.set(compared.value, n);
  }
  const width = outputs.length;
  if (address === null || !isConstant(otherwise) || !isConstant(words)) return null;
  const word = (at: number) => {
    const n = found.get(at);
    return (n === undefined ? otherwise : words.slice(n * width, (n + 1) * width)).join("");
  };
  return { address, outputs, words: Array.from({ length: 2 ** address.length }, (_, at) => word(at)) };
}

const isConstant = (bits: readonly Bit[]): boolean => bits.every((bit) => bit === "0" || bit === "1");

/** Of a cell that is 1 where nets have one value. */
function comparison(cell: Cell | undefined): { readonly nets: readonly Bit[]; readonly value: number } | null {
  if (cell === undefined) return null;
  const { A, B } = cell.connections;
  if (cell.type === "$logic_not") return { nets: A, value: 0 };
  if (cell.type !== "$eq" || A.length !== B.length || !isConstant(B)) return null;
  return { nets: A, value: B.reduce<number>((sum, bit, k) => sum + (bit === "1" ? 2 ** k : 0), 0) };
}

/** Multiplexers of one bit; those that select the same are one. */
class Trees {
  readonly cells: Record<string, Cell> = {};
  #count = 0;
  /** Of one table: nets by the values that they have from an address on, which say how many bits of it select. */
  #known = new Map<string, Bit>();
  #net: number;

  constructor({ cells }: YosysModule) {
    let last = 1;
    for (const { connections } of Object.values(cells))
      for (const bits of Object.values(connections))
        for (const bit of bits) if (typeof bit === "number" && bit > last) last = bit;
    this.#net = last + 1;
  }

  get empty(): boolean {
    return this.#count === 0;
  }

  add({ address, outputs, words }: Table): void {
    this.#known = new Map();
    outputs.forEach((output, n) => {
      const root = this.#node(address, words.map((word) => word[n]).join(""));
      this.#cell("$_BUF_", { A: [root], Y: [output] });
    });
  }

  /** The net that has the values, by address. */
  #node(address: readonly Bit[], values: string): Bit {
    if (!values.includes("1")) return "0";
    if (!values.includes("0")) return "1";
    const known = this.#known.get(values);
    if (known !== undefined) return known;
    const half = values.length / 2;
    const [low, high] = [values.slice(0, half), values.slice(half)].map((part) => this.#node(address, part));
    const select = address[Math.log2(values.length) - 1];
    const net = low === high ? low : this.#net++;
    if (low !== high) this.#cell("$_MUX_", { A: [low], B: [high], S: [select], Y: [net] });
    this.#known.set(values, net);
    return net;
  }

  #cell(type: string, connections: Readonly<Record<string, readonly Bit[]>>): void {
    const port_directions = Object.fromEntries(
      Object.keys(connections).map((port) => [port, port === "Y" ? ("output" as const) : ("input" as const)]),
    );
    this.cells[`tree${this.#count++}`] = { type, parameters: {}, port_directions, connections };
  }
}
