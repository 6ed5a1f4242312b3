/** Large tables as trees: the same words at every address, and no more multiplexers than the words differ. */
import { test as property } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { libraryOf } from "../../estimate/estimate-design.ts";
import type { Bit, Cell, YosysModule } from "../../estimate/synthesis/netlist.ts";
import { synthesise } from "../../estimate/synthesis/synthesise.ts";
import { withTrees } from "../../estimate/synthesis/tables.ts";

/** A case of words as Yosys writes it: addresses are nets from 2 on, outputs those from 100 on. */
function caseOf(addressBits: number, width: number, words: ReadonlyMap<number, number>, number = 0): YosysModule {
  const address = Array.from({ length: addressBits }, (_, k): Bit => 2 + number * addressBits + k);
  const outputs = Array.from({ length: width }, (_, k): Bit => 100 + number * width + k);
  const constant = (value: number, bits: number) =>
    Array.from({ length: bits }, (_, k): Bit => ((value >> k) & 1 ? "1" : "0"));
  const cell = (type: string, connections: Record<string, readonly Bit[]>): Cell => ({
    ...{ type, parameters: {}, connections },
    port_directions: { A: "input", B: "input", S: "input", Y: "output" },
  });
  const entries = [...words];
  const selects = entries.map((_, n): Bit => 1000 * (number + 1) + n);
  const compared = entries.map(([at], n) =>
    at === 0
      ? cell("$logic_not", { A: address, Y: [selects[n]] })
      : cell("$eq", { A: address, B: constant(at, addressBits), Y: [selects[n]] }),
  );
  const chosen = entries.flatMap(([, word]) => constant(word, width));
  const multiplexer = cell("$pmux", { A: constant(0, width), B: chosen, S: selects, Y: outputs });
  return {
    attributes: {},
    ports: { I: { direction: "input", bits: address }, O: { direction: "output", bits: outputs } },
    cells: Object.fromEntries([...compared, multiplexer].map((one, n) => [`c${number}_${n}`, one])),
  };
}

/** The outputs' value at an address, by the trees alone. */
function valueAt(module: YosysModule, address: number, width: number, first = 100): number {
  const drivers = new Map(Object.values(module.cells).map((cell) => [cell.connections.Y[0], cell]));
  const value = (bit: Bit): number => {
    if (bit === "0" || bit === "1") return Number(bit);
    const cell = drivers.get(bit);
    if (cell === undefined) return (address >> (Number(bit) - 2)) & 1;
    const { A, B, S } = cell.connections;
    if (cell.type === "$_BUF_") return value(A[0]);
    expect(cell.type).toBe("$_MUX_");
    return value(S[0]) ? value(B[0]) : value(A[0]);
  };
  return Array.from({ length: width }, (_, k) => value(first + k) << k).reduce((sum, bit) => sum + bit, 0);
}

const WIDTH = 6;
const table = fc
  .uniqueArray(fc.tuple(fc.nat(255), fc.nat(2 ** WIDTH - 1)), { selector: ([at]) => at, minLength: 64, maxLength: 200 })
  .map((entries) => new Map(entries));

describe("a table", () => {
  property.prop([table], { numRuns: 40 })("as trees has its words at every address, and 0 between them", (words) => {
    const trees = withTrees(caseOf(8, WIDTH, words));
    expect(Object.values(trees.cells).some(({ type }) => type === "$pmux")).toBe(false);
    for (let at = 0; at < 256; at++) expect(valueAt(trees, at, WIDTH)).toBe(words.get(at) ?? 0);
  });

  property.prop([table, table, fc.nat(255), fc.nat(255)], { numRuns: 20 })(
    "has its own address beside another",
    (one, other, here, there) => {
      const [first, second] = [caseOf(8, WIDTH, one), caseOf(8, WIDTH, other, 1)];
      const trees = withTrees({ ...first, cells: { ...first.cells, ...second.cells } });
      expect(valueAt(trees, here | (there << 8), WIDTH)).toBe(one.get(here) ?? 0);
      expect(valueAt(trees, here | (there << 8), WIDTH, 100 + WIDTH)).toBe(other.get(there) ?? 0);
    },
  );

  property.prop([fc.nat(2 ** WIDTH - 1)], { numRuns: 5 })("of one word needs no multiplexer", (word) => {
    const trees = withTrees(caseOf(6, WIDTH, new Map(Array.from({ length: 64 }, (_, at) => [at, word]))));
    expect(Object.values(trees.cells).filter(({ type }) => type === "$_MUX_")).toEqual([]);
  });

  it("of few words, or of words that are nets, stays as it is", () => {
    const few = caseOf(8, 2, new Map(Array.from({ length: 40 }, (_, at) => [at, at & 3])));
    expect(withTrees(few)).toBe(few);
    const many = caseOf(8, 2, new Map(Array.from({ length: 80 }, (_, at) => [at, at & 3])));
    const [name, multiplexer] = Object.entries(many.cells).find(([, { type }]) => type === "$pmux") as [string, Cell];
    const connections = { ...multiplexer.connections, B: multiplexer.connections.B.with(5, 2) };
    const moving = { ...many, cells: { ...many.cells, [name]: { ...multiplexer, connections } } };
    expect(withTrees(moving)).toBe(moving);
  });

  it("is mapped to fewer gates than comparisons and a multiplexer, half its words being 0", async () => {
    const word = (n: number) => (n % 2 === 0 ? 0 : (n * 2654435761) % 256);
    const gates = async (words: number) => {
      const cases = Array.from({ length: words }, (_, n) => `${n}: q <= ${word(n)};`).join(" ");
      const text = `module rankloom (input wire clk, input wire [7:0] a, output reg [7:0] q);
always @(posedge clk) case (a) ${cases} default: q <= 0; endcase\nendmodule\n`;
      const files = new Map([
        ["macros_blackbox.v", "(* blackbox *) module sram_1r1w (input wire clk);\nendmodule\n"],
        ["rtl/rankloom.v", text],
      ]);
      return (await synthesise(files, libraryOf().liberty, { threads: 1 })).modules[0].logic.area;
    };
    const [below, above] = [await gates(63), await gates(64)];
    expect(above).toBeLessThan(0.8 * below);
  });
});
