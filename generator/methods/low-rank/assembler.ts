/** Writes the programs of the low-rank units: blocks of single assignments, scheduled to the cycle, and given addresses of
 *  the scalar memory. */
import { placeTemporaries } from "./places.ts";
import type { Node, Op, Program, Side, Timing, Value } from "./program.ts";
import { issueCycles, latencyOf } from "./schedule.ts";

/** A loop: its first and last block, and how often it is passed. */
interface Loop {
  readonly first: number;
  last: number;
  readonly times: number;
}

/** The columns of a unit. */
export interface Columns {
  /** Those that a combination turns. */
  readonly rank: number;
  /** All of them; also the number of the sample's vector. */
  readonly count: number;
}

/** How a coefficient's product is scaled. */
export const FACTOR = 0;
const VECTOR = 1;
export const CODE = 2;
type Scaling = typeof FACTOR | typeof VECTOR | typeof CODE;

const on = (side: Side, op: "get" | "element" | "put" | "combine" | "store" | "row"): Op =>
  `${op}${side === "x" ? "X" : "D"}` as Op;

/** Writes programs of one unit: they share constants, strengths and variables. */
export class Assembler {
  readonly #columns: Columns;
  readonly #timing: Timing;
  readonly #constants: number[] = [];
  readonly #constantValues = new Map<number, Value>();
  #next = 0;
  readonly #strengths: Value[];
  readonly #variables: Value[] = [];
  #blocks: Node[][] = [];
  #loops: Loop[] = [];
  #temporaries = 0;
  #written = false;

  constructor(columns: Columns, timing: Timing) {
    this.#columns = columns;
    this.#timing = timing;
    this.#strengths = Array.from({ length: columns.rank }, () => this.#value());
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

  get half(): Value {
    return this.constant(0.5);
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

  /** σ_r of a turned column: kept from sample to sample; zero for a fresh unit. */
  strength(r: number): Value {
    return this.#strengths[r];
  }

  /** A variable that `assign` may write more than once. All are made before the first program is. */
  variable(): Value {
    if (this.#written) throw new Error("a variable after a program: its place is taken");
    const value = this.#value();
    this.#variables.push(value);
    return value;
  }

  /** Variables in neighbouring places. */
  variables(count: number): Value[] {
    return Array.from({ length: count }, () => this.variable());
  }

  #emit(op: Op, d: Value | number | null, ...sources: (Value | number)[]): void {
    (this.#blocks.at(-1) as Node[]).push({ op, d, sources });
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

  /** 1 / a; zero where a is zero */
  reciprocal(a: Value): Value {
    return this.#temporary("reciprocal", a);
  }

  /** 1 / √a; zero where a is not positive */
  inverseRoot(a: Value): Value {
    return this.#temporary("inverseRoot", a);
  }

  divide(a: Value, b: Value): Value {
    return this.multiply(a, this.reciprocal(b));
  }

  root(a: Value): Value {
    return this.multiply(a, this.inverseRoot(a));
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

  larger(a: Value, b: Value): Value {
    return this.select(this.subtract(a, b), a, b);
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

  /** Dot products of columns a and b on both sides; with the sample's vector where no b is given. */
  project(a: number | "vector", b: number | "vector" = "vector"): { x: Value; d: Value } {
    const number = (n: number | "vector") => (n === "vector" ? this.#columns.count : n);
    this.#emit("dot", null, number(a), number(b));
    return { x: this.#temporary("getX"), d: this.#temporary("getD") };
  }

  /** The next combination's coefficient of new column r over old column q, over the vector where q is the rank. */
  turn(side: Side, r: number, q: number, value: Value): void {
    const { rank } = this.#columns;
    this.put(side, r * (rank + 1) + q, value, q === rank ? VECTOR : FACTOR);
  }

  /** Coefficient of a combination or a row, by its number. */
  put(side: Side, index: number, value: Value, scaling: Scaling): void {
    this.#emit(on(side, "put"), null, index, value, scaling);
  }

  combine(side: Side): void {
    this.#emit(on(side, "combine"), null);
  }

  /** This pass's element of a column, or of a slot's vector. */
  element(side: Side, column: number): Value {
    return this.#temporary(on(side, "element"), column);
  }

  /** Writes this pass's element of a column, at least `least` units. */
  store(side: Side, column: number, value: Value, least: 0 | 1): void {
    this.#emit(on(side, "store"), null, column, value, least);
  }

  /** The row along a side; @returns its products with the outer products' columns, as they are asked for */
  row(side: Side): (r: number) => Value {
    this.#emit(on(side, "row"), null);
    return (r) => this.#temporary("getRow", r);
  }

  /** Copies the outer products' columns to the first ones. */
  copy(): void {
    this.#emit("copy", null);
  }

  /** Keeps the sample in its slot, and its unit in that slot's variable.
   *  @param units variables in neighbouring places, one for each slot */
  keep(units: readonly Value[]): void {
    this.#emit("keep", units[0]);
  }

  /** Strength of an outer product, for the update. */
  sigma(index: number, value: Value): void {
    this.#emit("sigma", null, index, value);
  }

  /** A loop; `element` counts the passes of one that has none within it. Two levels at most. */
  repeat(times: number, body: () => void): void {
    if (times === 1) {
      body();
      return;
    }
    const loop = { first: this.#blocks.push([]) - 1, last: 0, times };
    const inner = this.#loops.length;
    body();
    const level = this.#loops.length > inner ? 1 : 0;
    this.#emit("loop", null, loop.first, times, level);
    loop.last = this.#blocks.length - 1;
    this.#loops.push(loop);
    this.#blocks.push([]);
  }

  /** Writes one program. */
  program(body: () => void): Program {
    this.#blocks = [[]];
    this.#loops = [];
    this.#written = true;
    body();
    this.#emit("end", null);
    return this.#schedule();
  }

  #schedule(): Program {
    const timing = this.#timing;
    const vector = this.#columns.count;
    const blocks = this.#blocks.map((nodes) => {
      const at = issueCycles(nodes, timing, vector);
      const order = nodes.map((_, n) => n).sort((p, q) => at[p] - at[q]);
      const last = nodes.at(-1)?.op;
      const drains = last === "loop" || last === "end";
      // A block that ends otherwise drains before the next one begins.
      const length = drains
        ? at[nodes.length - 1] + 1
        : Math.max(0, ...nodes.map((node, n) => at[n] + latencyOf(node, timing, vector)));
      return { nodes, at, order, length };
    });
    const starts: number[] = [];
    const firsts: number[] = [];
    let cycle = 0;
    let count = 0;
    for (const { nodes, length } of blocks) {
      starts.push(cycle);
      firsts.push(count);
      cycle += length;
      count += nodes.length;
    }
    const around = (block: number) => this.#loops.filter(({ first, last }) => first <= block && block <= last);
    const placed = blocks.flatMap(({ nodes, at, order, length }, k) => {
      const loops = around(k).map(({ first, last }) => ({
        from: starts[first],
        to: starts[last] + blocks[last].length - 1,
      }));
      return order.map((n, i) => ({
        node: nodes[n],
        cycle: starts[k] + at[n],
        loops,
        wait: (i + 1 < order.length ? at[order[i + 1]] : length) - at[n] - 1,
      }));
    });
    const { places, count: temporaries } = placeTemporaries(
      placed,
      this.#fixed(),
      this.#columns.rank + this.#variables.length,
    );
    this.#temporaries = Math.max(this.#temporaries, temporaries);
    const of = (v: Value | number | null | undefined): number =>
      v === null || v === undefined ? 0 : typeof v === "number" ? v : (places.get(v.id) as number);
    return {
      cycles: blocks.reduce(
        (sum, { length }, k) => sum + length * around(k).reduce((times, l) => times * l.times, 1),
        0,
      ),
      instructions: placed.map(({ node: { op, d, sources }, wait }) => ({
        op,
        d: of(d),
        a: op === "loop" ? firsts[sources[0] as number] : of(sources[0]),
        b: of(sources[1]),
        c: of(sources[2]),
        wait,
      })),
    };
  }

  /** Places of what is no temporary: constants are numbered when all programs are written, so they are placed from the top;
   *  strengths and variables from zero. */
  #fixed(): Map<number, number> {
    const places = new Map<number, number>();
    this.#strengths.forEach((v, r) => {
      places.set(v.id, r);
    });
    this.#variables.forEach((v, n) => {
      places.set(v.id, this.#columns.rank + n);
    });
    this.#constants.forEach((x, n) => {
      places.set((this.#constantValues.get(x) as Value).id, -1 - n);
    });
    return places;
  }

  /** Numbers of the constant table, in the order of their addresses (−1 is the first). */
  get constants(): readonly number[] {
    return this.#constants;
  }

  /** Words of the scalar memory: strengths, variables, temporaries. */
  get words(): number {
    return this.#columns.rank + this.#variables.length + this.#temporaries;
  }
}
