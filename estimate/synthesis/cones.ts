/** Cuts a module's logic at its registers, instances and ports into cones: parts that share no net inside. The lanes of a
 *  unit are the same cone again and again, and each different one is synthesised once.
 *
 *  A cell as wide as all lanes (the multiplexer before their registers) is taken apart bit by bit, and what falls into one
 *  cone is put together again. A net that more than `MOST_READERS` cells, or parts that nothing else holds together, read
 *  is cut, too: it carries what all lanes are told (an enable, a shift), and would tie them together. */
import { createHash } from "node:crypto";
import { bitsOf, part } from "./bitwise.ts";
import type { Bit, Cell, YosysModule } from "./netlist.ts";
import { withTrees } from "./tables.ts";

interface Cone {
  /** What it computes: the same for cones that differ in the names of their nets alone. */
  readonly key: string;
  /** Nets of the module that enter and leave it. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

interface Flop {
  readonly d: readonly Bit[];
  readonly q: readonly Bit[];
}

interface Instance {
  readonly name: string;
  readonly type: string;
  readonly connections: Readonly<Record<string, readonly Bit[]>>;
}

/** A module, cut. */
export interface CutModule {
  readonly ports: YosysModule["ports"];
  readonly cones: readonly Cone[];
  readonly flops: readonly Flop[];
  readonly instances: readonly Instance[];
}

const MOST_READERS = 8;

const isInstance = ({ type }: Cell): boolean => !type.startsWith("$") || type.startsWith("$paramod");
const isNet = (bit: Bit): bit is number => typeof bit === "number";

function* nets(cell: Cell, direction: "input" | "output"): Generator<number> {
  for (const [port, bits] of Object.entries(cell.connections))
    if (cell.port_directions[port] === direction) for (const bit of bits) if (isNet(bit)) yield bit;
}

/** Some bits of a cell. */
interface Part {
  /** Number of the cell. */
  readonly cell: number;
  readonly bit: number;
}

/** @param found gets the logic of each cone that was not in it, as a module of its own, by its key */
export function cut(module: YosysModule, found: Map<string, YosysModule>): CutModule {
  const cells = Object.values(module.cells);
  const logic = cells.filter((cell) => !isInstance(cell) && cell.type !== "$dff");
  const parts = logic.flatMap((cell, n) => Array.from({ length: bitsOf(cell) }, (_, bit): Part => ({ cell: n, bit })));
  const driver = new Map<number, number>();
  const readers = new Map<number, Set<number>>();
  const group = new Groups(parts.length);
  const alike = new Map<string, number>();
  parts.forEach(({ cell, bit }, n) => {
    const one = part(logic[cell], [bit]);
    for (const net of nets(one, "output")) driver.set(net, n);
    for (const net of nets(one, "input")) {
      const list = readers.get(net);
      if (list) list.add(n);
      else readers.set(net, new Set([n]));
    }
    // Copies of one bit, as of a sign.
    if (bitsOf(logic[cell]) === 1) return;
    const { Y, ...inputs } = one.connections;
    const key = `${cell} ${Object.values(inputs).join(" ")}`;
    const same = alike.get(key);
    if (same === undefined) alike.set(key, n);
    else group.join(n, same);
  });
  /** Nets that the driver shares with few readers. */
  const near = () =>
    [...driver].filter(([net]) => {
      const list = [...(readers.get(net) ?? [])];
      const count = (of: (n: number) => number) => new Set(list.map(of)).size;
      return count((n) => parts[n].cell) <= MOST_READERS && count((n) => group.of(n)) <= MOST_READERS;
    });
  // Once more with what the first time held together: a word's select, if its bits come from one sum.
  for (let pass = 0; pass < 2; pass++)
    for (const [net, n] of near()) for (const reader of readers.get(net) ?? []) group.join(n, reader);
  const outside = new Set<number>();
  for (const { bits } of Object.values(module.ports)) for (const bit of bits) if (isNet(bit)) outside.add(bit);
  for (const cell of cells)
    if (isInstance(cell) || cell.type === "$dff")
      for (const bits of Object.values(cell.connections)) for (const bit of bits) if (isNet(bit)) outside.add(bit);
  const members = new Map<number, Map<number, number[]>>();
  parts.forEach(({ cell, bit }, n) => {
    const root = group.of(n);
    const list = members.get(root) ?? new Map<number, number[]>();
    members.set(root, list);
    list.set(cell, [...(list.get(cell) ?? []), bit]);
  });
  const leaves = (net: number): boolean => {
    if (outside.has(net)) return true;
    const home = group.of(driver.get(net) as number);
    for (const reader of readers.get(net) ?? []) if (group.of(reader) !== home) return true;
    return false;
  };
  return {
    ports: module.ports,
    cones: [...members.values()].map((list) =>
      coneOf(
        [...list].map(([n, bits]) => part(logic[n], bits)),
        leaves,
        found,
      ),
    ),
    flops: cells.flatMap(({ type, connections }) => (type === "$dff" ? [{ d: connections.D, q: connections.Q }] : [])),
    instances: Object.entries(module.cells)
      .filter(([, cell]) => isInstance(cell))
      .map(([name, { type, connections }]) => ({ name, type, connections })),
  };
}

/** @param leaves whether a net of the cone is read outside it */
function coneOf(cells: readonly Cell[], leaves: (net: number) => boolean, found: Map<string, YosysModule>): Cone {
  const numbers = new Map<number, number>();
  const number = (bit: Bit): Bit => {
    if (!isNet(bit)) return bit;
    const known = numbers.get(bit);
    if (known !== undefined) return known;
    // Yosys keeps 0 and 1 for constants.
    numbers.set(bit, numbers.size + 2);
    return numbers.size + 1;
  };
  const driven = new Set<number>();
  const renamed: Record<string, Cell> = {};
  cells.forEach((cell, n) => {
    const { type, parameters, port_directions, connections } = cell;
    const bits = Object.fromEntries(Object.entries(connections).map(([port, list]) => [port, list.map(number)]));
    renamed[`c${n}`] = { type, parameters, port_directions, connections: bits };
    for (const net of nets(cell, "output")) driven.add(net);
  });
  const all = [...numbers.keys()];
  const inputs = all.filter((net) => !driven.has(net));
  const outputs = all.filter((net) => driven.has(net) && leaves(net));
  const content = withTrees({
    attributes: {},
    ports: {
      I: { direction: "input" as const, bits: inputs.map(number) },
      O: { direction: "output" as const, bits: outputs.map(number) },
    },
    cells: renamed,
  });
  const key = createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 24);
  if (!found.has(key)) found.set(key, content);
  return { key, inputs, outputs };
}

/** Sets of numbers that are joined one by one. */
class Groups {
  readonly #parent: Int32Array;

  constructor(size: number) {
    this.#parent = Int32Array.from({ length: size }, (_, n) => n);
  }

  of(n: number): number {
    let root = n;
    while (this.#parent[root] !== root) root = this.#parent[root];
    for (let at = n; this.#parent[at] !== root; ) {
      const next = this.#parent[at];
      this.#parent[at] = root;
      at = next;
    }
    return root;
  }

  join(a: number, b: number): void {
    this.#parent[this.of(a)] = this.of(b);
  }
}
