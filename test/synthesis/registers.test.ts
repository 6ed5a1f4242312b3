/** The host's registers are what their records say: in the RTL after reset and at every access, and in each file that
 *  describes them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { presets } from "../../generator/design/presets.ts";
import { type Design, validateDesign } from "../../generator/design/schema.ts";
import type { Ir } from "../../generator/ir/ir.ts";
import { type RegisterFieldIr, type RegisterIr, reachesCell, SIGNALS } from "../../generator/ir/registers.ts";
import { emitRtl } from "../../generator/rtl/emit.ts";
import { prepareMachine } from "../../prepare/machine.ts";
import { inFolder } from "../../verify/lint.ts";
import { run } from "../../verify/tools.ts";
import { designArbitrary } from "../equality/designs.ts";
import { leafUnits } from "../equality/leaf.ts";
import { type ReadRegister, readIpXact, readRdl, readTable } from "./register-files.ts";

const irOf = (design: Design): Ir => prepareMachine(design).ir;
const presetIr = (name: string): Ir => irOf(validateDesign(presets[name], name));

const irArbitrary: fc.Arbitrary<Ir> = fc.oneof(
  fc.constantFrom(...Object.keys(presets)).map(presetIr),
  designArbitrary.map(irOf),
);

const bitsOf = ({ high, low }: RegisterFieldIr): number => high - low + 1;

describe("the records", () => {
  it("have places of their own: whole words with different names, fields that do not overlap", () => {
    fc.assert(
      fc.property(irArbitrary, ({ registers }) => {
        expect(new Set(registers.map((r) => r.address)).size).toBe(registers.length);
        expect(new Set(registers.map((r) => r.name)).size).toBe(registers.length);
        for (const { address, fields } of registers) {
          expect([address % 4, address < 0x1000]).toEqual([0, true]);
          let free = 0;
          for (const field of fields) {
            expect(field.low).toBeGreaterThanOrEqual(free);
            expect(field.high).toBeGreaterThanOrEqual(field.low);
            expect(field.reset ?? 0).toBeLessThan(2 ** bitsOf(field));
            free = field.high + 1;
          }
          expect(free).toBeLessThanOrEqual(32);
          expect(new Set(fields.map((f) => f.name)).size).toBe(fields.length);
        }
      }),
      { numRuns: 20 },
    );
  });

  it("are what the register map, SystemRDL and IP-XACT say", () => {
    fc.assert(
      fc.property(irArbitrary, (ir) => {
        const files = emitRtl(ir);
        const records: ReadRegister[] = ir.registers.map(({ name, address, fields }) => ({
          name,
          address,
          fields: fields.map((f) => ({
            name: f.name,
            high: f.high,
            low: f.low,
            writable: f.access === "rw",
            reset: f.reset,
            description: f.description,
          })),
        }));
        expect(readTable(files.get("register_map.md") ?? "")).toEqual(records);
        expect(readRdl(files.get(`${ir.name}.rdl`) ?? "")).toEqual(records);
        expect(readIpXact(files.get("component.xml") ?? "")).toEqual(records);
      }),
      { numRuns: 10 },
    );
  });

  it("are what the header says, to C and to C++, without a warning", async () => {
    const ir = presetIr("mnist-mlp");
    const lines = ir.registers.flatMap(({ name, address, fields }) => [
      `#if RANKLOOM_REG_${name} != ${address}\n#error ${name}\n#endif`,
      ...fields.flatMap((field) => {
        const macro = `RANKLOOM_${name}_${field.name}`;
        const ones = 2 ** bitsOf(field) - 1;
        return [
          `#if ${macro}_MASK != ${ones}u << ${field.low} || ${macro}_MASK >> ${macro}_SHIFT != ${ones}u\n#error ${macro}\n#endif`,
        ];
      }),
    ]);
    const tiles = ir.layers.map((l) => l.rowTiles * l.colTiles).reduce((a, b) => a + b);
    const source = [
      '#include "registers.h"',
      '#include "registers.h"',
      ...lines,
      `typedef char id[RANKLOOM_ID_VALUE == ${ir.registers[0].reset}u ? 1 : -1];`,
      "static const int rows[RANKLOOM_LAYERS] = RANKLOOM_ROW_TILES, columns[RANKLOOM_LAYERS] = RANKLOOM_COL_TILES;",
      "int main(void) {",
      "    id unused;",
      "    int n = 0, l;",
      "    (void)unused;",
      "    for (l = 0; l < RANKLOOM_LAYERS; l++) n += rows[l] * columns[l];",
      `    return n != ${tiles};`,
      "}",
      "",
    ].join("\n");
    await inFolder(emitRtl(ir), async (folder) => {
      writeFileSync(join(folder, "host.c"), source);
      const strict = ["-Wall", "-Wextra", "-pedantic", "-Werror", "host.c", "-o", "host"];
      for (const [compiler, ...language] of [
        ["gcc", "-std=c99"],
        ["g++", "-x", "c++", "-std=c++11"],
      ]) {
        expect(await run(compiler, [...language, ...strict], folder)).toEqual({ code: 0, output: "" });
        expect((await run(join(folder, "host"), [])).code).toBe(0);
      }
    });
  });
});

/** Reads registers one after the other from a machine that was reset, under Icarus Verilog, whose registers are unknown
 *  before. One line each: what was read, and the answer. */
const bench = (ir: Ir, addresses: readonly number[]): string => `
module bench;
    reg         clk = 0, rst = 1, arvalid = 0;
    reg  [11:0] araddr = 0;
    wire        arready, rvalid;
    wire [31:0] rdata;
    wire [1:0]  rresp;
    rankloom dut (.clk(clk), .rst(rst), .s_axis_tdata(${ir.streamBits}'d0), .s_axis_tvalid(1'b0), .s_axis_tlast(1'b0),
        .s_axil_awaddr(12'd0), .s_axil_awvalid(1'b0), .s_axil_wdata(32'd0), .s_axil_wstrb(4'd0), .s_axil_wvalid(1'b0),
        .s_axil_bready(1'b0), .s_axil_araddr(araddr), .s_axil_arvalid(arvalid), .s_axil_arready(arready),
        .s_axil_rdata(rdata), .s_axil_rresp(rresp), .s_axil_rvalid(rvalid), .s_axil_rready(1'b1));
    always #1 clk = !clk;
    task read(input [11:0] address);
        begin
            araddr = address;
            arvalid = 1;
            @(negedge clk) arvalid = 0;
            while (rvalid !== 1'b1) @(negedge clk);
            $display("%h %h", rdata, rresp);
            @(negedge clk);
        end
    endtask
    initial begin
        repeat (4) @(negedge clk);
        rst = 0;
${addresses.map((a) => `        read(${a});`).join("\n")}
        $finish(0);
    end
    initial #100000 $finish(0);
endmodule
`;

const resetValues = (ir: Ir): Promise<{ code: number; output: string }> =>
  inFolder(emitRtl(ir), async (folder) => {
    const addresses = ir.registers.filter((r) => r.reset !== null).map((r) => r.address);
    writeFileSync(join(folder, "bench.v"), bench(ir, addresses));
    const built = await run(
      "iverilog",
      ["-g2005", "-s", "bench", "-o", "bench", "-c", "rankloom.f", "bench.v"],
      folder,
    );
    return built.code === 0 ? run("vvp", ["-n", "bench"], folder) : built;
  });

const wanted = (ir: Ir) => ({
  code: 0,
  output: ir.registers
    .filter((r) => r.reset !== null)
    .map((r) => `${(r.reset ?? 0).toString(16).padStart(8, "0")} 0\n`)
    .join(""),
});

describe("after reset the RTL reads as its records say", () => {
  it.each(Object.keys(presets))("in %s", async (name) => {
    const ir = presetIr(name);
    expect(await resetValues(ir)).toEqual(wanted(ir));
  });

  it("in random designs", async () => {
    await fc.assert(
      fc.asyncProperty(designArbitrary, async (design) => {
        const ir = irOf(design);
        expect(await resetValues(ir)).toEqual(wanted(ir));
      }),
      { numRuns: 8 },
    );
  });
});

describe("an access of a register", () => {
  const design = validateDesign(presets.tiny, "tiny");
  const { registers } = irOf(design);
  const start = leafUnits(design);
  const OKAY = 0n;
  const SLVERR = 2n;

  const word = fc.integer({ min: 0, max: 0xffffffff });
  const address = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...registers.map((r) => r.address)) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xfff }) },
  );
  const access = fc.record({
    address,
    /** What is written; null: it is read. */
    data: fc.option(word),
    strobes: fc.oneof(
      { weight: 4, arbitrary: fc.constant(15) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 15 }) },
    ),
  });

  /** Ports of the signals that other units show, with what they show. */
  const shown = registers.flatMap(({ fields, layer }) =>
    fields
      .filter((f) => ["machine", "layer", "cell"].includes(SIGNALS[f.signal]))
      .map((f) => ({ port: layer === null ? `i_${f.signal}` : `i_${f.signal}_${layer}`, bits: bitsOf(f) })),
  );
  const inputs = fc
    .tuple(...shown.map(({ bits }) => fc.integer({ min: 0, max: 2 ** bits - 1 })))
    .map((values) => Object.fromEntries(shown.map(({ port }, k) => [port, values[k]])));
  const idle = fc.boolean();

  it("reads what its fields' signals hold, and writes the fields that can be written and nothing else", async () => {
    const unit = await start("host_registers");
    await fc.assert(
      fc.asyncProperty(inputs, idle, fc.array(access, { maxLength: 40 }), async (values, isIdle, accesses) => {
        const ports: Record<string, number> = { ...values, ...(isIdle ? { i_phase: 0 } : {}) };
        const busy = ports.i_phase !== 0;
        /** What the host has written, by signal. */
        const held = new Map<string, number>();
        const heldBy = (field: RegisterFieldIr, layer: number | null): number => {
          if (field.reset !== null && SIGNALS[field.signal] === "constant") return field.reset;
          const input = ports[layer === null ? `i_${field.signal}` : `i_${field.signal}_${layer}`];
          return Math.floor((input ?? held.get(field.signal) ?? 0) / 2 ** field.from) % 2 ** bitsOf(field);
        };
        const read = ({ fields, layer }: RegisterIr): number =>
          fields.reduce((sum, f) => sum + heldBy(f, layer) * 2 ** f.low, 0);
        const answer = async (request: Record<string, number>, valid: string) => {
          const cycles = [request, {}, {}, {}, {}].map((c) => ({ ...ports, s_axil_bready: 1, s_axil_rready: 1, ...c }));
          return (await unit.run(cycles)).find((outputs) => outputs[valid] === 1n) ?? {};
        };
        const next = () => held.set("cell_address", ((held.get("cell_address") ?? 0) + 1) % 2 ** 20);

        await unit.run([{ ...ports, rst: 1 }]);
        for (const { address, data, strobes } of accesses) {
          const register = registers.find((r) => r.address === address);
          if (data === null) {
            const request = { s_axil_araddr: address, s_axil_arvalid: 1 };
            const { s_axil_rdata, s_axil_rresp } = await answer(request, "s_axil_rvalid");
            const refused = register === undefined || (reachesCell(register) && busy);
            expect(s_axil_rresp).toBe(refused ? SLVERR : OKAY);
            // While the machine is at work its cycles count.
            if (busy && register?.fields.some((f) => f.signal === "cycles")) continue;
            expect(Number(s_axil_rdata)).toBe(refused ? 0 : read(register));
            if (!refused && reachesCell(register)) next();
          } else {
            const request = {
              ...{ s_axil_awaddr: address, s_axil_awvalid: 1 },
              ...{ s_axil_wdata: data, s_axil_wstrb: strobes, s_axil_wvalid: 1 },
            };
            const { s_axil_bresp } = await answer(request, "s_axil_bvalid");
            const refused =
              strobes !== 15 || register?.access !== "rw" || (register !== undefined && reachesCell(register) && busy);
            expect(s_axil_bresp).toBe(refused ? SLVERR : OKAY);
            if (refused || register === undefined) continue;
            if (reachesCell(register)) next();
            else
              for (const f of register.fields) {
                const bits = Math.floor(data / 2 ** f.low) % 2 ** bitsOf(f);
                const before = held.get(f.signal) ?? 0;
                const old = Math.floor(before / 2 ** f.from) % 2 ** bitsOf(f);
                held.set(f.signal, before + (bits - old) * 2 ** f.from);
              }
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});
