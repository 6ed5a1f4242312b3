/** Programs of the low-rank unit's scalar processor: written as blocks of single assignments, scheduled to the cycle,
 *  and given addresses of its memory. An instruction is issued in a known cycle, so a program's length is a constant
 *  of the design, and the hardware needs no interlocks. */

/** What an instruction does: docs/low-rank.md. The place in this list is its code. */
export const OPS = [
  "mac",
  "nmac",
  "select",
  "reciprocal",
  "inverseRoot",
  "random",
  "count",
  "getX",
  "getD",
  "getRow",
  "elementX",
  "elementD",
  "keep",
  "dot",
  "putX",
  "putD",
  "combineX",
  "combineD",
  "storeX",
  "storeD",
  "rowX",
  "rowD",
  "copy",
  "sigma",
  "loop",
  "end",
] as const;
export type Op = (typeof OPS)[number];

export interface Instruction {
  readonly op: Op;
  readonly d: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  /** Cycles from its issue to the next instruction's, less one. */
  readonly wait: number;
}

/** A scheduled program. */
export interface Program {
  readonly instructions: readonly Instruction[];
  /** Cycles from the first instruction's issue to the one after `end`. */
  readonly cycles: number;
  /** By instruction: issue cycles after the program's start, all of them where it is in a loop. */
  readonly issues: readonly (readonly number[])[];
}

/** A value of the program: a constant, a strength, a variable that may be assigned again, or a temporary. */
export type Value = { readonly id: number };

/** Cycles from an issue to the issue of a reader of its result. */
export const LATENCY = 4;
/** The same for divide and root. */
export const ITERATIVE_LATENCY = 26;
/** A coefficient is in its buffer so many cycles after its issue. */
const PUT_LATENCY = 3;

interface Node {
  readonly op: Op;
  readonly d: Value | number | null;
  readonly sources: readonly (Value | number)[];
}

interface Scheduled {
  readonly node: Node;
  /** Issue cycle with each loop passed once, and the block that it is in. */
  readonly cycle: number;
  readonly block: { readonly from: number; readonly to: number; readonly loops: boolean };
  readonly wait: number;
  readonly issues: readonly number[];
}

type Block = { readonly nodes: Node[]; readonly repeat: number };

export interface Timing {
  /** Cycles of one dot product of two factor columns, of one with the vector, and of a combination. */
  readonly columnDot: number;
  readonly vectorDot: number;
  readonly combine: number;
}

/** Writes programs of one unit: they share constants, strengths and variables. */
export class Assembler {
  readonly #rank: number;
  readonly #timing: Timing;
  readonly #constants: number[] = [];
  readonly #constantValues = new Map<number, Value>();
  #next = 0;
  readonly #strengths: Value[];
  readonly #variables: Value[] = [];
  #blocks: Block[] = [];
  #temporaries = 0;

  constructor(rank: number, timing: Timing) {
    this.#rank = rank;
    this.#timing = timing;
    this.#strengths = Array.from({ length: rank }, () => this.#value());
  }

  #value(): Value {
    return { id: this.#next++ };
  }

  get zero(): Value {
    return this.constant(0);
  }

  get one(): Value {
    return this.constant(1);
  }

  /** A number of the constant table. */
  constant(x: number): Value {
    let value = this.#constantValues.get(x);
    if (!value) {
      value = this.#value();
      this.#constantValues.set(x, value);
      this.#constants.push(x);
    }
    return value;
  }

  /** σ_r: kept from sample to sample; zero for a fresh unit. */
  strength(r: number): Value {
    return this.#strengths[r];
  }

  /** A variable that `assign` may write more than once. */
  variable(): Value {
    const value = this.#value();
    this.#variables.push(value);
    return value;
  }

  #emit(op: Op, d: Value | number | null, ...sources: (Value | number)[]): void {
    (this.#blocks.at(-1) as Block).nodes.push({ op, d, sources });
  }

  #temporary(op: Op, ...sources: (Value | number)[]): Value {
    const d = this.#value();
    this.#emit(op, d, ...sources);
    return d;
  }

  /** Makes a new value: c + a · b */
  mac(a: Value, b: Value, c: Value): Value {
    return this.#temporary("mac", a, b, c);
  }

  /** c − a · b */
  nmac(a: Value, b: Value, c: Value): Value {
    return this.#temporary("nmac", a, b, c);
  }

  multiply(a: Value, b: Value): Value {
    return this.mac(a, b, this.zero);
  }

  add(a: Value, b: Value): Value {
    return this.mac(a, this.one, b);
  }

  subtract(a: Value, b: Value): Value {
    return this.nmac(b, this.one, a);
  }

  negative(a: Value): Value {
    return this.nmac(a, this.one, this.zero);
  }

  /** a > 0 ? b : c */
  select(a: Value, b: Value, c: Value): Value {
    return this.#temporary("select", a, b, c);
  }

  divide(a: Value, b: Value): Value {
    return this.#temporary("divide", a, b);
  }

  root(a: Value): Value {
    return this.#temporary("root", a);
  }

  random(): Value {
    return this.#temporary("random");
  }

  count(): Value {
    return this.#temporary("count");
  }

  absolute(a: Value): Value {
    return this.select(a, a, this.negative(a));
  }

  /** start − Σ a_i²: what orthogonal parts leave of a squared length. */
  withoutSquares(a: readonly Value[], start: Value): Value {
    return a.reduce((rest, x) => this.nmac(x, x, rest), start);
  }

  /** Σ a_i b_i */
  dot(a: readonly Value[], b: readonly Value[], start: Value = this.zero): Value {
    return a.reduce((sum, x, i) => this.mac(x, b[i], sum), start);
  }

  /** Copies into a variable or a strength. */
  assign(d: Value, a: Value): void {
    this.#emit("mac", d, a, this.one, this.zero);
  }

  /** Dot products of columns a and b on both sides. */
  project(a: number, b: number): { x: Value; d: Value } {
    this.#emit("dot", null, a, b);
    return { x: this.#temporary("getX"), d: this.#temporary("getD") };
  }

  /** Coefficient of new column r over old column q; over the vector where q is the rank. */
  put(side: "x" | "d", r: number, q: number, value: Value): void {
    this.#emit(side === "x" ? "putX" : "putD", null, r * (this.#rank + 1) + q, value, q === this.#rank ? 1 : 0);
  }

  combine(): void {
    this.#emit("combine", null);
  }

  sigma(index: number, value: Value): void {
    this.#emit("sigma", null, index, value);
  }

  repeat(times: number, body: () => void): void {
    this.#blocks.push({ nodes: [], repeat: times });
    body();
    this.#blocks.push({ nodes: [], repeat: 1 });
  }

  /** Writes one program. */
  program(body: () => void): Program {
    this.#blocks = [{ nodes: [], repeat: 1 }];
    body();
    this.#emit("end", null);
    return this.#schedule(this.#blocks.filter((b) => b.nodes.length > 0));
  }

  #latency(node: Node): number {
    switch (node.op) {
      case "divide":
      case "root":
        return ITERATIVE_LATENCY;
      case "dot":
        return node.sources.includes(this.#rank) ? this.#timing.vectorDot : this.#timing.columnDot;
      case "combine":
        return this.#timing.combine;
      case "putX":
      case "putD":
        return PUT_LATENCY;
      default:
        return LATENCY;
    }
  }

  /** Edges [from, to, cycles] of one block, in the order of its nodes. */
  #edges(nodes: readonly Node[]): { to: number; cycles: number }[][] {
    const edges: { to: number; cycles: number }[][] = nodes.map(() => []);
    const edge = (from: number, to: number, cycles: number) => edges[from].push({ to, cycles });
    const writer = new Map<number, number>();
    const readers = new Map<number, number[]>();
    let dot = -1;
    let gets: number[] = [];
    let random = -1;
    let iterative = -1;
    const puts: number[] = [];
    let combine = -1;
    nodes.forEach((node, n) => {
      for (const s of node.sources) {
        if (typeof s === "number") continue;
        const w = writer.get(s.id);
        if (w !== undefined) edge(w, n, this.#latency(nodes[w]));
        readers.set(s.id, [...(readers.get(s.id) ?? []), n]);
      }
      if (node.d !== null && typeof node.d !== "number") {
        const { id } = node.d;
        for (const r of readers.get(id) ?? []) if (r !== n) edge(r, n, 1);
        const w = writer.get(id);
        if (w !== undefined) edge(w, n, this.#latency(nodes[w]));
        readers.set(id, []);
        writer.set(id, n);
      }
      switch (node.op) {
        case "dot":
          for (const g of gets) edge(g, n, 1);
          if (combine >= 0) edge(combine, n, this.#timing.combine);
          gets = [];
          dot = n;
          break;
        case "getX":
        case "getD":
          edge(dot, n, this.#latency(nodes[dot]));
          gets.push(n);
          break;
        case "random":
          if (random >= 0) edge(random, n, 1);
          random = n;
          break;
        case "divide":
        case "root":
          if (iterative >= 0) edge(iterative, n, ITERATIVE_LATENCY);
          iterative = n;
          break;
        case "putX":
        case "putD":
          if (combine >= 0) edge(combine, n, this.#timing.combine);
          puts.push(n);
          break;
        case "combine":
          for (const p of puts) edge(p, n, PUT_LATENCY);
          if (dot >= 0) edge(dot, n, this.#latency(nodes[dot]));
          combine = n;
          break;
        case "loop":
        case "end":
          for (let before = 0; before < n; before++) edge(before, n, this.#latency(nodes[before]));
          break;
        default:
      }
    });
    return edges;
  }

  /** Issue cycles of one block: the ready node with the longest way to the end goes first. */
  #issue(nodes: readonly Node[]): number[] {
    const edges = this.#edges(nodes);
    const height = nodes.map(() => 0);
    for (let n = nodes.length - 1; n >= 0; n--)
      for (const { to, cycles } of edges[n]) height[n] = Math.max(height[n], cycles + height[to]);
    const earliest = nodes.map(() => 0);
    const missing = nodes.map(() => 0);
    for (const list of edges) for (const { to } of list) missing[to]++;
    const open = new Set(nodes.flatMap((_, n) => (missing[n] === 0 ? [n] : [])));
    const writes = new Set<number>();
    const at = nodes.map(() => -1);
    const isIterative = (n: number) => nodes[n].op === "divide" || nodes[n].op === "root";
    const writeCycle = (n: number, t: number): number | null => {
      const { d, op } = nodes[n];
      if (d === null || typeof d === "number") return null;
      return t + (op === "divide" || op === "root" ? ITERATIVE_LATENCY : LATENCY) - 1;
    };
    for (let t = 0; open.size > 0; t++) {
      let best = -1;
      for (const n of open) {
        if (earliest[n] > t) continue;
        const w = writeCycle(n, t);
        if (w !== null && writes.has(w)) continue;
        if (best < 0 || height[n] > height[best] || (height[n] === height[best] && n < best)) best = n;
      }
      if (best < 0) continue;
      at[best] = t;
      const w = writeCycle(best, t);
      if (w !== null && isIterative(best)) writes.add(w);
      open.delete(best);
      for (const { to, cycles } of edges[best]) {
        earliest[to] = Math.max(earliest[to], t + cycles);
        if (--missing[to] === 0) open.add(to);
      }
    }
    return at;
  }

  #schedule(blocks: readonly Block[]): Program {
    const withLoops = blocks.map(({ nodes, repeat }) => ({
      nodes: repeat > 1 ? [...nodes, { op: "loop" as const, d: null, sources: [0, repeat] }] : nodes,
      repeat,
    }));
    const schedule: Scheduled[] = [];
    let start = 0;
    let cycles = 0;
    withLoops.forEach(({ nodes, repeat }, k) => {
      const at = this.#issue(nodes);
      const last = k === withLoops.length - 1;
      const order = nodes.map((_, n) => n).sort((p, q) => at[p] - at[q]);
      // A block that ends without a loop drains before the next one begins.
      const drain = last || repeat > 1 ? 1 : Math.max(...nodes.map((node, n) => at[n] + this.#latency(node)));
      const length = last || repeat > 1 ? at[order[order.length - 1]] + 1 : drain;
      const first = schedule.length;
      order.forEach((n, i) => {
        const next = i + 1 < order.length ? at[order[i + 1]] : length;
        const node = nodes[n].op === "loop" ? { ...nodes[n], sources: [first, repeat] } : nodes[n];
        schedule.push({
          node,
          cycle: cycles + at[n],
          block: { from: cycles, to: cycles + length - 1, loops: repeat > 1 },
          wait: next - at[n] - 1,
          issues: Array.from({ length: repeat }, (_, pass) => start + pass * length + at[n]),
        });
      });
      cycles += length;
      start += repeat * length;
    });
    const address = this.#allocate(schedule);
    const of = (v: Value | number | null | undefined): number =>
      v === null || v === undefined ? 0 : typeof v === "number" ? v : (address.get(v.id) as number);
    return {
      cycles: start,
      issues: schedule.map((s) => s.issues),
      instructions: schedule.map(({ node: { op, d, sources }, wait }) => ({
        op,
        d: of(d),
        a: of(sources[0]),
        b: of(sources[1]),
        c: of(sources[2]),
        wait,
      })),
    };
  }

  /** Addresses: constants are numbered when all programs are written, so they are placed from the top; strengths,
   *  variables and temporaries from zero. A temporary's place is free again after its last reader's issue. */
  #allocate(schedule: readonly Scheduled[]): Map<number, number> {
    const address = new Map<number, number>();
    this.#strengths.forEach((v, r) => {
      address.set(v.id, r);
    });
    this.#variables.forEach((v, n) => {
      address.set(v.id, this.#rank + n);
    });
    const base = this.#rank + this.#variables.length;
    for (const [x, v] of this.#constantValues) address.set(v.id, -1 - this.#constants.indexOf(x));
    const lastRead = new Map<number, number>();
    const written = new Map<number, number>();
    for (const { node, cycle, block } of schedule) {
      for (const s of node.sources) {
        if (typeof s === "number") continue;
        // What comes from before a loop is read in every pass.
        const outside = block.loops && (written.get(s.id) ?? -1) < block.from;
        lastRead.set(s.id, Math.max(lastRead.get(s.id) ?? 0, outside ? block.to : cycle));
      }
      if (node.d !== null && typeof node.d !== "number") written.set(node.d.id, cycle);
    }
    const free: number[] = [];
    const busy: { until: number; place: number }[] = [];
    let places = 0;
    for (const { node, cycle } of schedule) {
      for (let k = busy.length - 1; k >= 0; k--)
        if (busy[k].until < cycle) free.push(...busy.splice(k, 1).map((b) => b.place));
      const { d } = node;
      if (d === null || typeof d === "number" || address.has(d.id)) continue;
      const place = free.length > 0 ? (free.sort((p, q) => p - q).shift() as number) : places++;
      address.set(d.id, base + place);
      busy.push({ until: Math.max(lastRead.get(d.id) ?? 0, cycle + ITERATIVE_LATENCY), place });
    }
    this.#temporaries = Math.max(this.#temporaries, places);
    return address;
  }

  /** Numbers of the constant table, in the order of their addresses (−1 is the first). */
  get constants(): readonly number[] {
    return this.#constants;
  }

  /** Words of the scalar memory: strengths, variables, temporaries. */
  get words(): number {
    return this.#rank + this.#variables.length + this.#temporaries;
  }
}
