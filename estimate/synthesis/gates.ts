/** A mapped cone: its area, its cells and the delay from each of its inputs to each of its outputs. */
import { type Liberty, type LibertyCell, lookUp } from "./liberty.ts";

/** What synthesis found of one cone. Areas and times in the library's units. */
export interface MappedCone {
  readonly area: number;
  readonly cells: number;
  /** Longest path to each output that has one, by input: [output, input, delay] one after the other. */
  readonly arcs: readonly number[];
}

interface Gate {
  readonly cell: LibertyCell;
  readonly pins: ReadonlyMap<string, string>;
}

interface Model {
  readonly gates: Gate[];
  /** Nets that are another net, or a constant where null. */
  readonly alias: Map<string, string | null>;
  readonly inputs: string[];
  readonly outputs: string[];
}

/** Models of a BLIF file that Yosys wrote with `-gates`. */
function* modelsOf(blif: string, { cells }: Liberty): Generator<[string, Model]> {
  let model: Model = { gates: [], alias: new Map(), inputs: [], outputs: [] };
  let name = "";
  let names: string[] | null = null;
  for (const line of blif.replace(/\\\n/g, " ").split("\n")) {
    const words = line.trim().split(/\s+/);
    if (names) {
      // The cover of .names: one input that is passed on, or a constant.
      const [output] = names.slice(-1);
      if (names.length === 2 && words[0] === "1" && words[1] === "1") model.alias.set(output, names[0]);
      else model.alias.set(output, null);
      names = null;
      if (!words[0].startsWith(".")) continue;
    }
    switch (words[0]) {
      case ".model":
        name = words[1].replace(/^\\/, "");
        model = { gates: [], alias: new Map(), inputs: [], outputs: [] };
        break;
      case ".inputs":
        model.inputs.push(...words.slice(1));
        break;
      case ".outputs":
        model.outputs.push(...words.slice(1));
        break;
      case ".names":
        names = words.slice(1);
        break;
      case ".gate": {
        const cell = cells.get(words[1]);
        if (!cell) throw new Error(`Yosys used a cell ${words[1]} that the library does not have`);
        model.gates.push({
          cell,
          pins: new Map(words.slice(2).map((word) => word.split("=") as [string, string])),
        });
        break;
      }
      case ".end":
        yield [name, model];
        break;
      case ".subckt":
        throw new Error(`Yosys left a cell ${words[1]} that it could not map`);
    }
  }
}

/** The number in `I[7]`; a port of one bit is `I`. */
const indexOf = (port: string): number => Number(/\[(\d+)\]$/.exec(port)?.[1] ?? 0);

/** @returns mapped cones by key */
export function mappedCones(blif: string, library: Liberty): Map<string, MappedCone> {
  const result = new Map<string, MappedCone>();
  for (const [name, model] of modelsOf(blif, library)) result.set(name, mapped(model, library));
  return result;
}

/** Load at a cone's outputs: four inputs of the smallest inverter. */
const outputLoad = ({ inverter }: Liberty): number => 4 * [...inverter.inputs.values()][0];

function mapped(model: Model, library: Liberty): MappedCone {
  const resolve = (net: string): string | null => {
    let at: string | null = net;
    while (at !== null && model.alias.has(at)) at = model.alias.get(at) ?? null;
    return at;
  };
  const loads = new Map<string, number>();
  const load = (net: string | null, by: number) => {
    if (net !== null) loads.set(net, (loads.get(net) ?? 0) + by);
  };
  const gates = model.gates.map(({ cell, pins }) => ({
    cell,
    inputs: [...cell.inputs].flatMap(([pin]) =>
      pins.has(pin) ? [{ pin, net: resolve(pins.get(pin) as string) }] : [],
    ),
    outputs: [...cell.outputs].flatMap(([pin, arcs]) =>
      pins.has(pin) ? [{ arcs, net: pins.get(pin) as string }] : [],
    ),
  }));
  for (const { cell, inputs } of gates) for (const { pin, net } of inputs) load(net, cell.inputs.get(pin) ?? 0);
  for (const output of model.outputs) load(resolve(output), outputLoad(library));
  const order = sorted(gates);
  const slopes = slopesOf(order, loads);
  const arcs: number[] = [];
  const outputs = model.outputs.map((port) => ({ index: indexOf(port), net: resolve(port) }));
  const readers = new Map<string, number[]>();
  order.forEach(({ inputs }, n) => {
    for (const { net } of inputs) if (net !== null) readers.set(net, [...(readers.get(net) ?? []), n]);
  });
  for (const input of model.inputs) {
    // Only what the input reaches, in order.
    const arrival = new Map<string, number>([[input, 0]]);
    const reached = new Set<number>(readers.get(input));
    const queue = new Heap([...reached]);
    for (let n = queue.pop(); n !== undefined; n = queue.pop()) {
      const { inputs, outputs: driven } = order[n];
      for (const { arcs: own, net } of driven) {
        let latest = -1;
        for (const { pin, net: from } of inputs) {
          const at = from === null ? undefined : arrival.get(from);
          if (at !== undefined)
            latest = Math.max(latest, at + delayOf(own, pin, slopes.get(from as string) ?? 0, loads.get(net) ?? 0));
        }
        if (latest < 0) continue;
        arrival.set(net, latest);
        for (const reader of readers.get(net) ?? [])
          if (!reached.has(reader)) {
            reached.add(reader);
            queue.push(reader);
          }
      }
    }
    for (const { index, net } of outputs) {
      const at = net === null ? undefined : arrival.get(net);
      if (at !== undefined) arcs.push(index, indexOf(input), Math.ceil(at * 1000) / 1000);
    }
  }
  return { area: gates.reduce((sum, { cell }) => sum + cell.area, 0), cells: gates.length, arcs };
}

interface Wired {
  readonly cell: LibertyCell;
  readonly inputs: readonly { readonly pin: string; readonly net: string | null }[];
  readonly outputs: readonly {
    readonly arcs: LibertyCell["outputs"] extends ReadonlyMap<string, infer A> ? A : never;
    readonly net: string;
  }[];
}

/** Gates so that each comes after those that drive it. */
function sorted(gates: readonly Wired[]): Wired[] {
  const driver = new Map<string, number>();
  gates.forEach(({ outputs }, n) => {
    for (const { net } of outputs) driver.set(net, n);
  });
  const state = new Uint8Array(gates.length);
  const order: Wired[] = [];
  for (let first = 0; first < gates.length; first++) {
    const stack = [first];
    while (stack.length > 0) {
      const n = stack[stack.length - 1];
      if (state[n] === 2) {
        stack.pop();
        continue;
      }
      if (state[n] === 1) {
        state[n] = 2;
        order.push(gates[n]);
        stack.pop();
        continue;
      }
      state[n] = 1;
      for (const { net } of gates[n].inputs) {
        const from = net === null ? undefined : driver.get(net);
        if (from !== undefined && state[from] === 0) stack.push(from);
      }
    }
  }
  return order;
}

const delayOf = (arcs: Wired["outputs"][number]["arcs"], pin: string, slope: number, load: number): number => {
  let delay = 0;
  for (const arc of arcs)
    if (arc.from === pin) for (const table of arc.delays) delay = Math.max(delay, lookUp(table, slope, load));
  return delay;
};

/** The steepest edges are at the cone's inputs; behind a gate, the flattest of its arcs. */
function slopesOf(order: readonly Wired[], loads: ReadonlyMap<string, number>): Map<string, number> {
  const slopes = new Map<string, number>();
  for (const { inputs, outputs } of order)
    for (const { arcs, net } of outputs) {
      let slope = 0;
      for (const { pin, net: from } of inputs)
        for (const arc of arcs)
          if (arc.from === pin)
            for (const table of arc.slopes)
              slope = Math.max(slope, lookUp(table, slopes.get(from ?? "") ?? 0, loads.get(net) ?? 0));
      slopes.set(net, slope);
    }
  return slopes;
}

/** Numbers, smallest first. */
class Heap {
  readonly #list: number[] = [];

  constructor(numbers: readonly number[]) {
    for (const n of numbers) this.push(n);
  }

  push(n: number): void {
    const list = this.#list;
    let at = list.push(n) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (list[up] <= list[at]) break;
      [list[up], list[at]] = [list[at], list[up]];
      at = up;
    }
  }

  pop(): number | undefined {
    const list = this.#list;
    const top = list[0];
    const last = list.pop();
    if (last === undefined || list.length === 0) return top;
    list[0] = last;
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      if (left >= list.length) return top;
      const least = left + 1 < list.length && list[left + 1] < list[left] ? left + 1 : left;
      if (list[at] <= list[least]) return top;
      [list[at], list[least]] = [list[least], list[at]];
      at = least;
    }
  }
}
