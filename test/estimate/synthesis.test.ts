/** Synthesis: gates by Yosys of small modules whose gates are known, Liberty files of one's own, and what is kept. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { test as property } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { libraryOf } from "../../estimate/estimate-design.ts";
import { part } from "../../estimate/synthesis/bitwise.ts";
import { cut } from "../../estimate/synthesis/cones.ts";
import { GATE, genericLiberty } from "../../estimate/synthesis/generic-liberty.ts";
import { lookUp, parseLiberty } from "../../estimate/synthesis/liberty.ts";
import { logicValue, truthTable } from "../../estimate/synthesis/liberty-logic.ts";
import type { Bit, Cell, YosysModule } from "../../estimate/synthesis/netlist.ts";
import { type Synthesis, synthesise } from "../../estimate/synthesis/synthesise.ts";
import { temporaryFolder } from "../cli/rankloom.ts";

const generic = parseLiberty([{ name: "generic", text: genericLiberty() }]);

/** A library of few cells, with areas of the user's. */
const TABLES = ["cell_rise", "cell_fall", "rise_transition", "fall_transition"];
const arc = (pin: string, sense: string) =>
  `timing () { related_pin : "${pin}"; timing_sense : ${sense};
    ${TABLES.map((name) => `${name} (t) { values ("0.1, 1", "0.1, 1"); }`).join("\n    ")} }`;
const inputPin = (pin: string) => `pin ("${pin}") { direction : input; capacitance : 0.001; }`;
const gate = (name: string, area: number, pins: string[], logic: string) =>
  `cell ("${name}") { area : ${area}; ${pins.map(inputPin).join(" ")}
    pin ("Y") { direction : output; function : "${logic}"; ${pins.map((pin) => arc(pin, "negative_unate")).join("\n")} } }`;
const MINE = `/* mine */
library (mine) {
  time_unit : "1ns"; capacitive_load_unit (1, pf); delay_model : table_lookup;
  lu_table_template (t) { variable_1 : input_net_transition; variable_2 : total_output_net_capacitance;
    index_1 ("0, 1"); index_2 ("0, 1"); }
  ${gate("NAND", 10, ["A", "B"], "(!(A B))")}
  ${gate("NOR", 11, ["A", "B"], "(!(A+B))")}
  ${gate("INV", 6, ["A"], "!A")}
  ${gate("BUF", 8, ["A"], "A")}
  cell ("FLOP") { area : 50; ff (IQ, IQN) { clocked_on : "C"; next_state : "D"; }
    pin ("C") { direction : input; clock : true; capacitance : 0.001; } ${inputPin("D")}
    pin ("Q") { direction : output; function : "IQ"; ${arc("C", "non_unate")} } }
}
`;

/** A top module's text, with macros that it does not use. */
const rtl = (body: string, width = 8) =>
  new Map([
    ["macros_blackbox.v", "(* blackbox *) module sram_1r1w (input wire clk);\nendmodule\n"],
    [
      "rtl/rankloom.v",
      `module rankloom (input wire clk, input wire [${width - 1}:0] a, input wire [${width - 1}:0] b, output reg [${width - 1}:0] q, output reg [${width - 1}:0] r);\n${body}\nendmodule\n`,
    ],
  ]);

/** A function of Liberty that reads the same in JavaScript, as far as it can. */
const logicArbitrary = fc.letrec<{ sum: string }>((tie) => ({
  sum: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom("A", "B", "C1", "0", "1", "A'", "C1'"),
    fc.tuple(tie("sum"), fc.constantFrom("&", "|", "^"), tie("sum")).map(([a, op, b]) => `(${a} ${op} ${b})`),
    tie("sum").map((a) => `!${a}`),
  ),
})).sum;

const run = (body: string, width = 8, library = generic): Promise<Synthesis> =>
  synthesise(rtl(body, width), library, { threads: 1 });
const top = ({ modules }: Synthesis) => modules[modules.length - 1];

describe("the generic library", () => {
  it("counts a NAND of two as one gate, and has an inverter and a flip-flop", () => {
    expect([generic.nand.name, generic.nand.area]).toEqual([GATE, 1]);
    expect([generic.inverter.name, generic.flop.name]).toEqual(["INV_X1", "DFF_X1"]);
    // An inverter with four like it: an FO4 of 5 τ.
    const [delay] = generic.inverter.outputs.get("Y")?.[0].delays ?? [];
    expect(lookUp(delay, 0, 4)).toBe(5);
  });
});

describe("a Liberty file", () => {
  it("of the user's is mapped to, with its own areas and times", async () => {
    const mine = parseLiberty([{ name: "mine.lib", text: MINE }]);
    expect([mine.nand.name, mine.inverter.name, mine.flop.name, mine.timeUnitPs]).toEqual([
      "NAND",
      "INV",
      "FLOP",
      1000,
    ]);
    const found = await run("always @(posedge clk) begin q <= ~(a & b); r <= a; end", 8, mine);
    expect(top(found).registers).toEqual({ cells: 16, area: 16 * 50 });
    expect(top(found).logic).toEqual({ cells: 8, area: 8 * 10 });
  });

  it("whose flip-flops can all be cleared has one with that input tied off", () => {
    const held = MINE.replace('next_state : "D";', `next_state : "D"; clear : "R'";`).replace(
      inputPin("D"),
      `${inputPin("D")} ${inputPin("R")}`,
    );
    const { flop } = parseLiberty([{ name: "mine.lib", text: held }]);
    expect([flop.name, flop.flop]).toEqual(["FLOP", "held"]);
    const both = MINE.replace(
      /\}\s*$/,
      `${held.slice(held.indexOf('cell ("FLOP")')).replace("FLOP", "SMALL").replace("50", "5")}`,
    );
    expect(parseLiberty([{ name: "mine.lib", text: both }]).flop.name).toBe("FLOP");
  });

  it("gives the mapper one arc of each input, the slowest", () => {
    const more = MINE.replace(arc("A", "negative_unate"), (text) => `${text.replaceAll("0.1, 1", "0.1, 3")} ${text}`);
    const { text } = parseLiberty([{ name: "mine.lib", text: more }]);
    const { text: plain } = parseLiberty([{ name: "mine.lib", text: MINE }]);
    expect(text.match(/timing \(/g)).toEqual(plain.match(/timing \(/g));
    expect(text.match(/0\.1, 3/g)).toHaveLength(8);
  });

  it("may have tables whose load comes first", () => {
    const load = `lu_table_template (u) { variable_1 : total_output_net_capacitance; variable_2 : input_net_transition;
      index_1 ("0, 2"); index_2 ("0, 10"); }`;
    const text = MINE.replace("lu_table_template", `${load} lu_table_template`).replace(
      'cell_rise (t) { values ("0.1, 1", "0.1, 1"); }',
      'cell_rise (u) { values ("0, 1", "4, 5"); }',
    );
    const delay = parseLiberty([{ name: "mine.lib", text }])
      .cells.get("NAND")
      ?.outputs.get("Y")?.[0].delays[0];
    // 2 a unit of load, 0.1 a unit of slope.
    expect(delay && lookUp(delay, 10, 2)).toBe(5);
    expect(delay && lookUp(delay, 5, 1)).toBeCloseTo(2.5, 12);
  });

  it("may come in several files, compressed, without semicolons, with a flip-flop that inverts", async () => {
    const [header] = MINE.split("  cell (");
    const cells = MINE.slice(header.length)
      .replace(/\}\s*$/, "")
      .split(/(?= {2}cell \()/);
    const flop = cells[4].replace('next_state : "D"', 'next_state : "!D"').replace("area : 50;", "area : 50\n");
    const folder = temporaryFolder();
    const write = (name: string, some: readonly string[]) => {
      const path = join(folder, name);
      writeFileSync(path, gzipSync(`${header}${some.join("")}}\n`));
      return path;
    };
    const paths = [write("simple.lib.gz", cells.slice(0, 4)), write("seq.lib.gz", [flop])];
    const { name, liberty } = libraryOf(paths);
    expect(name).toBe("simple.lib.gz, seq.lib.gz");
    const found = await run("always @(posedge clk) begin q <= ~(a & b); r <= a; end", 8, liberty);
    expect([top(found).registers.area, top(found).logic.area]).toEqual([16 * 50, 8 * 10]);
    expect(() => libraryOf(paths.slice(0, 1))).toThrow(/simple\.lib\.gz: has no D flip-flop with an area/);
    const other = write("other.lib.gz", []);
    writeFileSync(other, gzipSync(MINE.replace("(1, pf)", "(1, ff)")));
    expect(() => libraryOf([paths[0], other])).toThrow(
      /other\.lib\.gz: capacitive_load_unit is 1ff, in .*simple\.lib\.gz 1pf; use files of one library/,
    );
  });

  property.prop([logicArbitrary])("function has the values of its text", (logic) => {
    const pins = ["A", "B", "C1"];
    // The same in JavaScript, whose ^ binds less than its &: everything is in parentheses.
    const theirs = Function(...pins, `return ${logic.replace(/\w+'/g, (pin) => `!${pin.slice(0, -1)}`)}`) as (
      ...values: boolean[]
    ) => number;
    const rows = Array.from({ length: 8 }, (_, row) => pins.map((_pin, bit) => ((row >> bit) & 1) === 1));
    expect(truthTable(logic.replaceAll("&", " "), pins)).toEqual(rows.map((row) => Boolean(theirs(...row))));
    expect(truthTable(logic, pins)).toEqual(truthTable(logic.replaceAll("&", "*").replaceAll("|", "+"), pins));
  });

  it("function is ranked as in Liberty: inversion, ^, AND, OR", () => {
    const value = (logic: string, a: boolean, b: boolean, c: boolean) =>
      logicValue(logic, (pin) => ({ A: a, B: b, C: c })[pin] ?? false);
    expect(value("A + B * C", true, false, false)).toBe(true);
    expect(value("A ^ B C", true, true, true)).toBe(false);
    expect(value("!A ^ B'", false, true, false)).toBe(true);
    for (const wrong of ["", "A +", "(A", "A)", "+ A", "A * * B", "D"])
      expect(truthTable(wrong, ["A", "B"])).toBe(null);
  });

  it.each([
    ["", /mine\.lib: line 1: library \(…\) \{ expected; use a Liberty file/],
    ["module x; endmodule", /mine\.lib: line 1: .* expected; use a Liberty file/],
    ["library (x) {\n cell (A) { area : 1;\n", /mine\.lib: line 3: \} of (cell|library) expected; use/],
    ["library (x) { cell (A) { area : 1; } }", /mine\.lib: has no two-input NAND with an area; use/],
    [MINE.replace("ff (IQ", "latch (IQ"), /mine\.lib: has no D flip-flop with an area; use/],
  ])("%#: malformed, is refused in one line", (text, message) => {
    const path = join(temporaryFolder(), "mine.lib");
    writeFileSync(path, text);
    const load = () => libraryOf([path]);
    expect(load).toThrow(message);
    expect(() => libraryOf(["/nowhere.lib"])).toThrow(
      "--liberty /nowhere.lib: cannot be read; give a Liberty file (.lib)",
    );
  });
});

describe("synthesis", () => {
  it("finds the gates of what is known, and each lane once", async () => {
    const nands = await run("always @(posedge clk) begin q <= ~(a & b); r <= ~(b & q); end", 8);
    expect(top(nands).logic).toEqual({ cells: 16, area: 16 });
    expect(top(nands).registers.cells).toBe(16);
    // Clock to output and set-up and a NAND between.
    expect(nands.slowest.time).toBeGreaterThan(10);
    expect(nands.slowest.module).toBe("rankloom");
    expect(nands.slowest.to).not.toBe("");
  });

  it("a multiplier of twice the bits has about four times the gates, and a longer path", async () => {
    const wide = (bits: number) =>
      run(`reg [${bits / 2 - 1}:0] c, d; always @(posedge clk) begin c <= a; d <= b; q <= c; r <= c * d; end`, bits);
    const [small, large] = [await wide(8), await wide(16)];
    const ratio = top(large).logic.area / top(small).logic.area;
    expect(ratio).toBeGreaterThan(3);
    expect(ratio).toBeLessThan(6.5);
    expect(large.slowest.time).toBeGreaterThan(1.3 * small.slowest.time);
  });

  it("counts instances, and a path from one through the top into another", async () => {
    const files = rtl(
      "wire [7:0] s; one first (.clk(clk), .x(a), .y(s)); one second (.clk(clk), .x(s + b), .y(q)); always @* r = 0;",
      8,
    );
    files.set(
      "rtl/rankloom.v",
      (files.get("rtl/rankloom.v") ?? "").replace("output reg [7:0] q", "output wire [7:0] q"),
    );
    files.set(
      "rtl/one.v",
      "module one (input wire clk, input wire [7:0] x, output reg [7:0] y);\nalways @(posedge clk) y <= ~x;\nendmodule\n",
    );
    const found = await synthesise(files, generic, { threads: 1 });
    const [one, whole] = found.modules;
    expect(whole.children.map(([name, n]) => [name, found.modules[n].name])).toEqual([
      ["first", "one"],
      ["second", "one"],
    ]);
    expect(one.registers.cells).toBe(8);
    expect(one.slowest).toBeNull();
    expect(found.slowest.module).toBe("rankloom");
  });
});

describe("cones", () => {
  const cell = (type: string, a: number, b: number, y: number) => ({
    type,
    parameters: {},
    port_directions: { A: "input", B: "input", Y: "output" } as const,
    connections: { A: [a], B: [b], Y: [y] },
  });

  it("that differ in their nets' names alone are one", () => {
    const module: YosysModule = {
      attributes: {},
      ports: { p: { direction: "input", bits: [2, 3, 4, 5] }, q: { direction: "output", bits: [10, 11] } },
      cells: {
        a: cell("$and", 2, 3, 6),
        b: cell("$or", 6, 3, 10),
        c: cell("$and", 4, 5, 7),
        d: cell("$or", 7, 5, 11),
      },
    };
    const found = new Map<string, YosysModule>();
    const { cones } = cut(module, found);
    expect(cones.map(({ inputs, outputs }) => [inputs, outputs])).toEqual([
      [[2, 3], [10]],
      [[4, 5], [11]],
    ]);
    expect(found.size).toBe(1);
    expect(new Set(cones.map(({ key }) => key)).size).toBe(1);
  });

  it("are cut at a net that many cells read", () => {
    const readers = Array.from({ length: 9 }, (_, n) => [`r${n}`, cell("$and", 4, 10 + n, 30 + n)] as const);
    const module: YosysModule = {
      attributes: {},
      ports: {
        p: { direction: "input", bits: [2, 3, ...readers.map((_, n) => 10 + n)] },
        q: { direction: "output", bits: readers.map((_, n) => 30 + n) },
      },
      cells: { source: cell("$or", 2, 3, 4), ...Object.fromEntries(readers) },
    };
    const found = new Map<string, YosysModule>();
    expect(cut(module, found).cones).toHaveLength(10);
    expect(found.size).toBe(2);
  });

  it("a cell as wide as all lanes falls into the lanes, and they are one", () => {
    const [lanes, bits] = [16, 8];
    const range = (from: number, length: number) => Array.from({ length }, (_, n) => from + n);
    const wide = lanes * bits;
    const [a, b, sum, old, out, enable] = [100, 300, 500, 700, 900, 9];
    const adders = range(0, lanes).map((lane): [string, Cell] => [
      `add${lane}`,
      {
        type: "$add",
        parameters: { A_WIDTH: bits, B_WIDTH: bits, Y_WIDTH: bits, A_SIGNED: 0, B_SIGNED: 0 },
        port_directions: { A: "input", B: "input", Y: "output" },
        connections: {
          A: range(a + lane * bits, bits),
          B: range(b + lane * bits, bits),
          Y: range(sum + lane * bits, bits),
        },
      },
    ]);
    const mux: Cell = {
      type: "$mux",
      parameters: { WIDTH: wide },
      port_directions: { A: "input", B: "input", S: "input", Y: "output" },
      connections: { A: range(old, wide), B: range(sum, wide), S: [enable], Y: range(out, wide) },
    };
    const module: YosysModule = {
      attributes: {},
      ports: {
        i: { direction: "input", bits: [2, 3, ...[a, b, old].flatMap((from) => range(from, wide))] },
        o: { direction: "output", bits: range(out, wide) },
      },
      cells: { enable: cell("$and", 2, 3, enable), mux, ...Object.fromEntries(adders) },
    };
    const found = new Map<string, YosysModule>();
    const { cones } = cut(module, found);
    expect(cones).toHaveLength(1 + lanes);
    expect(found.size).toBe(2);
    expect(new Set(cones.flatMap(({ outputs }) => outputs))).toEqual(new Set([enable, ...range(out, wide)]));
    for (const { inputs, outputs } of cones.slice(1))
      expect([inputs.length, outputs.length, inputs.includes(enable)]).toEqual([3 * bits + 1, bits, true]);
  });

  const BINARY: Readonly<Record<string, (x: number, y: number) => number>> = {
    $and: (x, y) => x & y,
    $or: (x, y) => x | y,
    $xor: (x, y) => x ^ y,
    $xnor: (x, y) => 1 - (x ^ y),
  };

  /** A cell's output, by Yosys's manual; a net's value is its number's last bit. */
  function outputOf({ type, parameters, connections: { A, B, S, Y } }: Cell): number[] {
    const bit = (list: readonly Bit[], n: number): number => {
      if (n >= list.length) return parameters.A_SIGNED ? bit(list, list.length - 1) : 0;
      return Number(list[n]) & 1;
    };
    return Y.map((_, n) => {
      if (type === "$not") return 1 - bit(A, n);
      if (type === "$mux") return bit(Number(S[0]) & 1 ? B : A, n);
      return BINARY[type](bit(A, n), bit(B, n));
    });
  }

  const nets = (least: number, most: number) =>
    fc.array(fc.oneof(fc.integer({ min: 2, max: 999 }), fc.constantFrom<Bit>("0", "1")), {
      minLength: least,
      maxLength: most,
    });
  property.prop([
    fc.constantFrom("$mux", "$not", ...Object.keys(BINARY)),
    nets(1, 90),
    nets(90, 90),
    fc.integer({ min: 65, max: 90 }),
    fc.integer({ min: 0, max: 1 }),
    fc.uniqueArray(fc.nat(64), { minLength: 1, maxLength: 64 }),
  ])("a part of a cell makes those bits of it", (type, short, long, width, signed, bits) => {
    const Y = Array.from({ length: width }, (_, n) => 1000 + n);
    const A = type === "$mux" ? long.slice(0, width) : short.slice(0, width);
    const B = long.slice(0, width);
    const own: Cell["connections"] =
      type === "$mux" ? { A, B, S: [short[0]], Y } : type === "$not" ? { A, Y } : { A, B, Y };
    const widths: Cell["parameters"] =
      type === "$mux" ? { WIDTH: width } : { A_WIDTH: A.length, Y_WIDTH: width, A_SIGNED: signed, B_SIGNED: signed };
    const whole: Cell = {
      ...{ type, parameters: widths, connections: own },
      port_directions: { A: "input", B: "input", S: "input", Y: "output" },
    };
    const some = part(whole, bits);
    expect(some.connections.Y).toEqual(bits.map((n) => Y[n]));
    const all = outputOf(whole);
    expect(outputOf(some)).toEqual(bits.map((n) => all[n]));
    for (const [name, list] of Object.entries(some.connections))
      if (name !== "S") expect(list).toHaveLength(bits.length);
    for (const [name, value] of Object.entries(some.parameters))
      if (name.endsWith("WIDTH")) expect(value).toBe(bits.length);
  });
});
