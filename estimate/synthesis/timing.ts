/** The slowest path between registers, from the mapped cones, module by module from the leaves: a module is seen from
 *  outside by its ports. Times in the library's units. */
import type { CutModule } from "./cones.ts";
import type { MappedCone } from "./gates.ts";
import { type Liberty, lookUp } from "./liberty.ts";
import type { Bit } from "./netlist.ts";

/** What a module's ports need and give. */
export interface PortTimes {
  /** Longest from an input to a register. */
  readonly in: ReadonlyMap<string, number>;
  /** Longest from a clock edge to an output. */
  readonly out: ReadonlyMap<string, number>;
  /** Longest from an input to an output, where no register is between. */
  readonly through: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

export interface Path {
  readonly time: number;
  /** Names of the nets where it starts and ends. */
  readonly from: string;
  readonly to: string;
}

export interface ModuleTiming {
  readonly ports: PortTimes;
  /** The slowest path between two registers that the module closes; null where it has none. */
  readonly slowest: Path | null;
  /** Inverters of the trees that carry nets of many readers. */
  readonly treeInverters: number;
}

/** Readers of a net beyond which it is carried by a tree of inverters, four each. */
const TREE = 4;

interface Edge {
  readonly to: number;
  readonly delay: number;
}

const isNet = (bit: Bit): bit is number => typeof bit === "number";

export interface LibraryTimes {
  /** From the clock edge to Q. */
  readonly clockToOutput: number;
  readonly setUp: number;
  /** An inverter that drives four of its like. */
  readonly stage: number;
}

export function libraryTimes({ flop, inverter }: Liberty): LibraryTimes {
  const load = 4 * [...inverter.inputs.values()][0];
  const worst = (cell: typeof flop): number =>
    Math.max(
      0,
      ...[...cell.outputs.values()].flatMap((arcs) =>
        arcs.flatMap((a) => a.delays.map((table) => lookUp(table, 0, load))),
      ),
    );
  const clockToOutput = worst(flop);
  // Set-up times have arcs of the input pin, which the reader leaves out: half the clock-to-output time.
  return { clockToOutput, setUp: clockToOutput / 2, stage: worst(inverter) };
}

/** @param cones mapped, by key
 *  @param children port times of the modules that it has instances of
 *  @param nameOf of a net */
export function timeModule(
  module: CutModule,
  cones: ReadonlyMap<string, MappedCone>,
  children: ReadonlyMap<string, PortTimes>,
  times: LibraryTimes,
  nameOf: (net: number) => string,
): ModuleTiming {
  const edges = new Map<number, Edge[]>();
  const readers = new Map<number, number>();
  let virtual = -1;
  const edge = (from: number, to: number, delay: number): void => {
    const list = edges.get(from);
    if (list) list.push({ to, delay });
    else edges.set(from, [{ to, delay }]);
  };
  const read = (net: Bit): void => {
    if (isNet(net)) readers.set(net, (readers.get(net) ?? 0) + 1);
  };
  /** Starts and ends: time before, and after, by net. */
  const starts = new Map<number, number>();
  const ends = new Map<number, number>();
  const most = (map: Map<number, number>, net: Bit, time: number): void => {
    if (isNet(net)) map.set(net, Math.max(map.get(net) ?? 0, time));
  };
  for (const { key, inputs, outputs } of module.cones) {
    const { arcs } = cones.get(key) as MappedCone;
    for (let n = 0; n < arcs.length; n += 3) edge(inputs[arcs[n + 1]], outputs[arcs[n]], arcs[n + 2]);
    for (const net of inputs) read(net);
  }
  for (const { d, q } of module.flops) {
    for (const bit of d) {
      most(ends, bit, times.setUp);
      read(bit);
    }
    for (const bit of q) most(starts, bit, times.clockToOutput);
  }
  for (const { type, connections } of module.instances) {
    const child = children.get(type);
    if (!child) continue;
    for (const [port, time] of child.in)
      for (const bit of connections[port] ?? []) {
        most(ends, bit, time);
        read(bit);
      }
    for (const [port, time] of child.out) for (const bit of connections[port] ?? []) most(starts, bit, time);
    for (const [port, targets] of child.through)
      for (const [target, delay] of targets) {
        const middle = virtual--;
        for (const bit of connections[port] ?? []) if (isNet(bit)) edge(bit, middle, 0);
        for (const bit of connections[target] ?? []) if (isNet(bit)) edge(middle, bit, delay);
      }
  }
  let treeInverters = 0;
  const tree = new Map<number, number>();
  for (const [net, count] of readers) {
    if (count <= TREE) continue;
    treeInverters += Math.ceil((count - TREE) / (TREE - 1));
    tree.set(net, times.stage * Math.ceil(Math.log(count / TREE) / Math.log(TREE)));
  }
  const order = topological([...starts.keys(), ...inputNets(module)], edges);
  const arrivals = (from: ReadonlyMap<number, number>): { at: Map<number, number>; source: Map<number, number> } => {
    const at = new Map(from);
    const source = new Map<number, number>([...from.keys()].map((net) => [net, net]));
    for (const net of order) {
      const now = at.get(net);
      if (now === undefined) continue;
      const leaving = now + (tree.get(net) ?? 0);
      for (const { to, delay } of edges.get(net) ?? [])
        if (leaving + delay > (at.get(to) ?? Number.NEGATIVE_INFINITY)) {
          at.set(to, leaving + delay);
          source.set(to, source.get(net) as number);
        }
    }
    return { at, source };
  };
  const latest = (at: ReadonlyMap<number, number>) => {
    let found: { net: number; time: number } | null = null;
    for (const [net, after] of ends) {
      const now = at.get(net);
      if (now === undefined) continue;
      const time = now + (tree.get(net) ?? 0) + after;
      if (!found || time > found.time) found = { net, time };
    }
    return found;
  };
  const inside = arrivals(starts);
  const worst = latest(inside.at);
  const out = new Map<string, number>();
  const into = new Map<string, number>();
  const through = new Map<string, Map<string, number>>();
  const atPort = (bits: readonly Bit[], at: ReadonlyMap<number, number>): number | null => {
    let time: number | null = null;
    for (const bit of bits) {
      const now = isNet(bit) ? at.get(bit) : undefined;
      if (now !== undefined) time = Math.max(time ?? 0, now);
    }
    return time;
  };
  for (const [name, port] of Object.entries(module.ports)) {
    if (port.direction === "output") {
      const time = atPort(port.bits, inside.at);
      if (time !== null) out.set(name, time);
      continue;
    }
    const { at } = arrivals(new Map(port.bits.filter(isNet).map((net) => [net, 0])));
    const end = latest(at);
    if (end) into.set(name, end.time);
    const targets = new Map<string, number>();
    for (const [other, { direction, bits }] of Object.entries(module.ports)) {
      const time = direction === "output" ? atPort(bits, at) : null;
      if (time !== null) targets.set(other, time);
    }
    if (targets.size > 0) through.set(name, targets);
  }
  return {
    ports: { in: into, out, through },
    slowest: worst
      ? { time: worst.time, from: nameOf(inside.source.get(worst.net) as number), to: nameOf(worst.net) }
      : null,
    treeInverters,
  };
}

function* inputNets({ ports }: CutModule): Generator<number> {
  for (const { direction, bits } of Object.values(ports))
    if (direction === "input") for (const bit of bits) if (isNet(bit)) yield bit;
}

/** Nets that the roots reach, each after those that lead to it. A loop, which only ports seen as a whole can make, is cut
 *  where it closes. */
function topological(roots: readonly number[], edges: ReadonlyMap<number, readonly Edge[]>): number[] {
  const open = new Map<number, number>();
  const done = new Set<number>();
  const order: number[] = [];
  for (const root of roots) {
    const stack = [root];
    while (stack.length > 0) {
      const net = stack[stack.length - 1];
      const list = edges.get(net) ?? [];
      const next = open.get(net) ?? 0;
      if (done.has(net)) stack.pop();
      else if (next >= list.length) {
        done.add(net);
        order.push(net);
        stack.pop();
      } else {
        open.set(net, next + 1);
        const { to } = list[next];
        if (!done.has(to) && !open.has(to)) stack.push(to);
      }
    }
  }
  return order.reverse();
}
