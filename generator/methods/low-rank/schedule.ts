/** Gives the instructions of one block their cycles: list scheduling with the longest way to the end first. */
import {
  FUNCTION_LATENCY,
  LATENCY,
  type Node,
  type Op,
  PUT_LATENCY,
  type Side,
  STORE_LATENCY,
  type Timing,
} from "./program.ts";

interface VectorWork {
  readonly sides: readonly Side[];
  /** For as many cycles as there are words, or at one element. */
  readonly use: "long" | "element" | "store";
}

/** What an instruction does in the vector units, and on which sides. */
export const vectorWork: Partial<Record<Op, VectorWork>> = {
  dot: { sides: ["x", "d"], use: "long" },
  copy: { sides: ["x", "d"], use: "long" },
  keep: { sides: ["x", "d"], use: "long" },
  combineX: { sides: ["x"], use: "long" },
  combineD: { sides: ["d"], use: "long" },
  rowX: { sides: ["x"], use: "long" },
  rowD: { sides: ["d"], use: "long" },
  elementX: { sides: ["x"], use: "element" },
  elementD: { sides: ["d"], use: "element" },
  storeX: { sides: ["x"], use: "store" },
  storeD: { sides: ["d"], use: "store" },
};

/** Cycles from a node's issue to the issue of what needs what it leaves.
 *  @param vector number of the sample's vector among the columns */
export function latencyOf({ op, sources }: Node, timing: Timing, vector: number): number {
  switch (op) {
    case "reciprocal":
    case "inverseRoot":
      return FUNCTION_LATENCY;
    case "dot":
      return sources.includes(vector) ? timing.vectorDot : timing.columnDot;
    case "combineX":
      return timing.combine.x;
    case "combineD":
      return timing.combine.d;
    case "rowX":
      return timing.row.x;
    case "rowD":
      return timing.row.d;
    case "copy":
      return timing.copy;
    case "keep":
      return Math.max(timing.keep, LATENCY);
    case "putX":
    case "putD":
      return PUT_LATENCY;
    case "storeX":
    case "storeD":
      return STORE_LATENCY;
    default:
      return LATENCY;
  }
}

interface Edge {
  readonly to: number;
  readonly cycles: number;
}

/** What must be so many cycles before what, in the order of a block's nodes. */
function edgesOf(nodes: readonly Node[], latency: (n: number) => number): Edge[][] {
  const edges: Edge[][] = nodes.map(() => []);
  const edge = (from: number, to: number, cycles: number) => edges[from].push({ to, cycles });
  const writer = new Map<number, number>();
  const readers = new Map<number, number[]>();
  /** The last of an order that must be kept. */
  const lasts = new Map<string, number>();
  const follow = (order: string, n: number, cycles: (before: number) => number = latency) => {
    const before = lasts.get(order);
    if (before !== undefined) edge(before, n, cycles(before));
  };
  const gets = { dot: [] as number[], row: [] as number[] };
  const work: Record<Side, { long: number; since: number[] }> = {
    x: { long: -1, since: [] },
    d: { long: -1, since: [] },
  };
  const puts: Record<Side, number[]> = { x: [], d: [] };

  nodes.forEach((node, n) => {
    for (const s of node.sources) {
      if (typeof s === "number") continue;
      const w = writer.get(s.id);
      if (w !== undefined) edge(w, n, latency(w));
      readers.set(s.id, [...(readers.get(s.id) ?? []), n]);
    }
    if (node.d !== null && typeof node.d !== "number") {
      const { id } = node.d;
      for (const r of readers.get(id) ?? []) if (r !== n) edge(r, n, 1);
      const w = writer.get(id);
      if (w !== undefined) edge(w, n, latency(w));
      readers.set(id, []);
      writer.set(id, n);
    }
    const kind = vectorWork[node.op];
    for (const side of kind?.sides ?? []) {
      const own = work[side];
      if (own.long >= 0) edge(own.long, n, latency(own.long));
      if (kind?.use === "long") {
        for (const m of own.since) edge(m, n, nodes[m].op.startsWith("store") ? STORE_LATENCY : 1);
        work[side] = { long: n, since: [] };
      } else {
        if (kind?.use === "element")
          for (const m of own.since) if (nodes[m].op.startsWith("store")) edge(m, n, STORE_LATENCY);
        own.since.push(n);
      }
    }
    switch (node.op) {
      case "dot":
        for (const g of gets.dot) edge(g, n, 1);
        gets.dot = [];
        lasts.set("dot", n);
        break;
      case "rowX":
      case "rowD":
        for (const g of gets.row) edge(g, n, 1);
        gets.row = [];
        lasts.set("row", n);
        break;
      case "getX":
      case "getD":
        follow("dot", n);
        gets.dot.push(n);
        break;
      case "getRow":
        follow("row", n);
        gets.row.push(n);
        break;
      case "random":
        follow("random", n, () => 1);
        lasts.set("random", n);
        break;
      case "putX":
      case "putD": {
        const side = node.op === "putX" ? "x" : "d";
        follow(`coefficients ${side}`, n);
        puts[side].push(n);
        break;
      }
      case "loop":
      case "end":
        for (let before = 0; before < n; before++) edge(before, n, latency(before));
        break;
      default:
    }
    if (node.op === "combineX" || node.op === "combineD" || node.op === "rowX" || node.op === "rowD") {
      const side = node.op.endsWith("X") ? "x" : "d";
      for (const p of puts[side]) edge(p, n, PUT_LATENCY);
      puts[side] = [];
      lasts.set(`coefficients ${side}`, n);
    }
  });
  return edges;
}

/** Cycle, after its issue, in which a node's result is written to the scalar memory. */
function writeDelay({ op, d }: Node): number | null {
  if (d === null || typeof d === "number") return null;
  return (op === "reciprocal" || op === "inverseRoot" ? FUNCTION_LATENCY : LATENCY) - 1;
}

/** Issue cycles of a block's nodes, from 0; no two in one cycle, no two results written in one cycle. */
export function issueCycles(nodes: readonly Node[], timing: Timing, vector: number): number[] {
  const edges = edgesOf(nodes, (n) => latencyOf(nodes[n], timing, vector));
  const height = nodes.map(() => 0);
  for (let n = nodes.length - 1; n >= 0; n--)
    for (const { to, cycles } of edges[n]) height[n] = Math.max(height[n], cycles + height[to]);
  const earliest = nodes.map(() => 0);
  const missing = nodes.map(() => 0);
  for (const list of edges) for (const { to } of list) missing[to]++;
  const open = new Set(nodes.flatMap((_, n) => (missing[n] === 0 ? [n] : [])));
  const writes = new Set<number>();
  const at = nodes.map(() => -1);
  for (let t = 0; open.size > 0; t++) {
    let best = -1;
    for (const n of open) {
      if (earliest[n] > t) continue;
      const delay = writeDelay(nodes[n]);
      if (delay !== null && writes.has(t + delay)) continue;
      if (best < 0 || height[n] > height[best] || (height[n] === height[best] && n < best)) best = n;
    }
    if (best < 0) continue;
    at[best] = t;
    const delay = writeDelay(nodes[best]);
    if (delay !== null) writes.add(t + delay);
    open.delete(best);
    for (const { to, cycles } of edges[best]) {
      earliest[to] = Math.max(earliest[to], t + cycles);
      if (--missing[to] === 0) open.add(to);
    }
  }
  return at;
}
