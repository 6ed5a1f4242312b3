/** One leaf unit under Verilator, driven cycle by cycle from TypeScript through its standard input: built once, then fed
 *  with thousands of stimuli. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { build } from "./build.ts";
import { elementBytes } from "./states.ts";

export interface Port {
  readonly name: string;
  readonly bits: number;
  readonly direction: "input" | "output";
  readonly signed: boolean;
}

export type Values = Record<string, bigint | number>;

/** Ports of a module, from its Verilog and the values of its parameters. */
export function portsOf(text: string, parameters: Readonly<Record<string, number>>): Port[] {
  const code = text.replace(/\/\/.*$/gm, "").replace(/\/\*.*?\*\//gs, "");
  const values: Record<string, number> = {};
  for (const [, name, expression] of code.matchAll(
    /\bparameter\s+(?:signed\s+)?(?:\[[^\]]*\]\s*)?(\w+)\s*=\s*([^,)\n]+)/g,
  ))
    values[name] = parameters[name] ?? evaluate(expression, values);
  return [...code.matchAll(/\b(input|output)\s+(?:wire|reg)\s*(signed)?\s*(?:\[([^\]:]+):0\])?\s*(\w+)\s*[,)\n]/g)].map(
    ([, direction, signed, width, name]) => ({
      name,
      bits: width === undefined ? 1 : evaluate(width, values) + 1,
      direction: direction as Port["direction"],
      signed: signed !== undefined,
    }),
  );
}

/** A constant expression of sums and products of parameters. */
function evaluate(expression: string, values: Readonly<Record<string, number>>): number {
  const terms = expression.replace(/\s/g, "").match(/[+-]?[^+-]+/g) ?? [];
  return terms.reduce((sum, term) => {
    const sign = term.startsWith("-") ? -1 : 1;
    const product = term
      .replace(/^[+-]/, "")
      .split("*")
      .reduce((p, factor) => {
        const value = values[factor] ?? Number(factor.replace(/^\(|\)$/g, ""));
        if (!Number.isFinite(value)) throw new Error(`cannot evaluate "${factor}" in "${expression}"`);
        return p * value;
      }, 1);
    return sum + sign * product;
  }, 0);
}

function harness(module: string, ports: readonly Port[], clocked: boolean): string {
  const inputs = ports.filter((p) => p.direction === "input" && p.name !== "clk");
  const outputs = ports.filter((p) => p.direction === "output");
  const size = (list: readonly Port[]) => list.reduce((n, p) => n + elementBytes(p.bits), 0);
  const copies = (list: readonly Port[], line: (p: Port, at: number) => string) => {
    let at = 0;
    return list.map((p) => {
      const text = line(p, at);
      at += elementBytes(p.bits);
      return text;
    });
  };
  return [
    "// Generated: one cycle for each record on standard input, one record of outputs back.",
    "#include <cstdint>",
    "#include <cstdio>",
    "#include <cstring>",
    "#include <vector>",
    `#include "V${module}.h"`,
    '#include "verilated.h"',
    "int main() {",
    `    static V${module} top;`,
    "    uint32_t cycles;",
    "    while (std::fread(&cycles, 4, 1, stdin) == 1) {",
    `        std::vector<uint8_t> in(size_t(cycles) * ${Math.max(1, size(inputs))}), out(size_t(cycles) * ${size(outputs)});`,
    `        if (std::fread(in.data(), ${Math.max(1, size(inputs))}, cycles, stdin) != cycles) return 1;`,
    "        for (uint32_t c = 0; c < cycles; c++) {",
    `            const uint8_t* i = &in[size_t(c) * ${Math.max(1, size(inputs))}];`,
    `            uint8_t* o = &out[size_t(c) * ${size(outputs)}];`,
    ...copies(inputs, (p, at) => `            std::memcpy(&top.${p.name}, i + ${at}, ${elementBytes(p.bits)});`),
    "            top.eval();",
    ...copies(outputs, (p, at) => `            std::memcpy(o + ${at}, &top.${p.name}, ${elementBytes(p.bits)});`),
    ...(clocked ? ["            top.clk = 1; top.eval(); top.clk = 0; top.eval();"] : []),
    "        }",
    `        std::fwrite(out.data(), ${size(outputs)}, cycles, stdout);`,
    "        std::fflush(stdout);",
    "    }",
    "    return 0;",
    "}",
    "",
  ].join("\n");
}

export class LeafUnit {
  readonly ports: readonly Port[];
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  #waiting: { bytes: number; done: (data: Buffer) => void } | null = null;
  #received: Buffer[] = [];

  private constructor(ports: readonly Port[], binary: string) {
    this.ports = ports;
    this.#child = spawn(binary, { stdio: ["pipe", "pipe", "inherit"] });
    this.#child.stdout.on("data", (data: Buffer) => {
      this.#received.push(data);
      this.#deliver();
    });
  }

  /** @param sources Verilog by file name, of the unit and what it instantiates */
  static async start(
    module: string,
    sources: ReadonlyMap<string, string>,
    parameters: Readonly<Record<string, number>> = {},
  ): Promise<LeafUnit> {
    const text = sources.get(`${module}.v`);
    if (text === undefined) throw new Error(`no ${module}.v`);
    const ports = portsOf(text, parameters);
    const clocked = ports.some((p) => p.name === "clk");
    const binary = await build({
      sources: new Map([...sources, ["leaf.cpp", harness(module, ports, clocked)]]),
      top: module,
      trace: false,
      optimise: "-O1",
      flags: Object.entries(parameters).map(([name, value]) => `-G${name}=${value}`),
    });
    return new LeafUnit(ports, binary);
  }

  /** Runs cycles one after the other; a missing input is 0.
   *  @returns outputs in each cycle, before its clock edge; signed ports as signed numbers */
  async run(cycles: readonly Values[]): Promise<Record<string, bigint>[]> {
    const inputs = this.ports.filter((p) => p.direction === "input" && p.name !== "clk");
    const outputs = this.ports.filter((p) => p.direction === "output");
    const inBytes = Math.max(
      1,
      inputs.reduce((n, p) => n + elementBytes(p.bits), 0),
    );
    const outBytes = outputs.reduce((n, p) => n + elementBytes(p.bits), 0);
    const frame = Buffer.alloc(4 + cycles.length * inBytes);
    frame.writeUInt32LE(cycles.length);
    cycles.forEach((cycle, c) => {
      let at = 4 + c * inBytes;
      for (const port of inputs) {
        let value = BigInt.asUintN(port.bits, BigInt(cycle[port.name] ?? 0));
        for (let b = 0; b < elementBytes(port.bits); b++, value >>= 8n) frame[at++] = Number(value & 255n);
      }
    });
    const answer = new Promise<Buffer>((done) => {
      this.#waiting = { bytes: cycles.length * outBytes, done };
    });
    this.#child.stdin.write(frame);
    const data = await answer;
    return cycles.map((_, c) => {
      let at = c * outBytes;
      const result: Record<string, bigint> = {};
      for (const port of outputs) {
        let value = 0n;
        for (let b = elementBytes(port.bits) - 1; b >= 0; b--) value = (value << 8n) | BigInt(data[at + b]);
        at += elementBytes(port.bits);
        result[port.name] = port.signed ? BigInt.asIntN(port.bits, value) : BigInt.asUintN(port.bits, value);
      }
      return result;
    });
  }

  stop(): void {
    this.#child.stdin.end();
  }

  #deliver(): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    const all = Buffer.concat(this.#received);
    if (all.length < waiting.bytes) return;
    this.#received = [all.subarray(waiting.bytes)];
    this.#waiting = null;
    waiting.done(all.subarray(0, waiting.bytes));
  }
}
