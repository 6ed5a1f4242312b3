/** The host's registers as `host_registers` has them: what a read gives, what a write changes, what reset sets. */
import type { Ir } from "../ir/ir.ts";
import {
  ADDRESS_BITS,
  REGISTER_BITS,
  type RegisterIr,
  type RegisterSignal,
  reachesCell,
  SIGNALS,
  type SignalSource,
} from "../ir/registers.ts";
import { hex, sized } from "./values.ts";

/** Neighbouring bits of a register that are neighbouring bits of one signal. */
interface Piece {
  readonly signal: RegisterSignal;
  readonly from: number;
  readonly low: number;
  readonly bits: number;
  /** Of its fields together. */
  readonly reset: number;
}

/** The fields of a register, those that one signal holds side by side as one. */
function pieces({ fields }: RegisterIr): Piece[] {
  const result: Piece[] = [];
  for (const { signal, from, low, high, reset } of fields) {
    const bits = high - low + 1;
    const last = result.at(-1);
    if (last?.signal === signal && last.low + last.bits === low && last.from + last.bits === from)
      result.splice(-1, 1, {
        ...last,
        bits: last.bits + bits,
        reset: last.reset + (reset ?? 0) * 2 ** last.bits,
      });
    else result.push({ signal, from, low, bits, reset: reset ?? 0 });
  }
  return result;
}

/** Bits of a signal: up to the highest that any field takes. */
function signalBits(registers: readonly RegisterIr[], signal: RegisterSignal): number {
  const tops = registers.flatMap(({ fields }) =>
    fields.filter((f) => f.signal === signal).map((f) => f.from + f.high - f.low + 1),
  );
  return Math.max(...tops);
}

/** Name of a signal in the Verilog: inputs come from the rest of the machine. */
function signalName(signal: RegisterSignal, layer: number | null): string {
  switch (SIGNALS[signal]) {
    case "layer":
      return `i_${signal}_${layer}`;
    case "machine":
    case "cell":
      return `i_${signal}`;
    default:
      return signal;
  }
}

/** Bits of a signal that has `all` of them. */
const slice = (name: string, from: number, bits: number, all: number): string => {
  if (bits === all) return name;
  return bits === 1 ? `${name}[${from}]` : `${name}[${from + bits - 1}:${from}]`;
};

const zeros = (bits: number): string => (bits === 1 ? "1'b0" : `${bits}'d0`);

/** What the host reads: an expression of as many bits as a register has. */
function readExpression(registers: readonly RegisterIr[], register: RegisterIr): string {
  const parts: string[] = [];
  let filled = 0;
  const fill = (to: number) => {
    if (to > filled) parts.unshift(zeros(to - filled));
  };
  for (const { signal, from, low, bits, reset } of pieces(register)) {
    fill(low);
    parts.unshift(
      SIGNALS[signal] === "constant"
        ? sized(reset, bits)
        : slice(signalName(signal, register.layer), from, bits, signalBits(registers, signal)),
    );
    filled = low + bits;
  }
  fill(REGISTER_BITS);
  const value = parts.length === 1 ? parts[0] : `{${parts.join(", ")}}`;
  return reachesCell(register) ? `read_cell ? ${value} : ${zeros(REGISTER_BITS)}` : value;
}

/** What reset sets a signal to: flags bit by bit, a number as such. */
function resetOf(registers: readonly RegisterIr[], signal: RegisterSignal): string {
  const fields = registers.flatMap((r) => r.fields.filter((f) => f.signal === signal));
  const bits = signalBits(registers, signal);
  const value = fields.reduce((sum, f) => sum + (f.reset ?? 0) * 2 ** f.from, 0);
  const flags = fields.every((f) => f.high === f.low);
  return flags ? `${bits}'b${value.toString(2).padStart(bits, "0")}` : `${bits}'d${value}`;
}

/** What a write sets: of each register that the host writes, the signal and the bits of the data. */
function written(registers: readonly RegisterIr[]) {
  return registers
    .filter((r) => r.access === "rw" && !reachesCell(r))
    .map((register) => {
      const [piece, ...more] = pieces(register);
      if (more.length > 0 || piece.bits !== signalBits(registers, piece.signal))
        throw new Error(`a write of ${register.name} sets more than one signal, or a part of one`);
      return {
        address: verilogAddress(register),
        signal: piece.signal,
        data: slice("s_axil_wdata", piece.low, piece.bits, REGISTER_BITS),
      };
    });
}

/** The same with signals in one column. */
function inColumn<T extends { readonly signal: string }>(list: readonly T[]): (T & { readonly column: string })[] {
  const width = Math.max(...list.map(({ signal }) => signal.length));
  return list.map((item) => ({ ...item, column: item.signal.padEnd(width) }));
}

const verilogAddress = ({ address }: RegisterIr): string => `${ADDRESS_BITS}'h${hex(address, ADDRESS_BITS / 4)}`;

const signalsFrom = (...sources: readonly SignalSource[]) =>
  (Object.keys(SIGNALS) as RegisterSignal[]).filter((signal) => sources.includes(SIGNALS[signal]));

/** What the templates take that know of registers. */
export function registerContext({ registers }: Pick<Ir, "registers">) {
  const declared = (signals: readonly RegisterSignal[]) =>
    signals.map((signal) => {
      const bits = signalBits(registers, signal);
      return { signal, bits, range: `[${bits - 1}:0]`.padEnd(6), reset: resetOf(registers, signal) };
    });
  const writes = written(registers);
  return {
    /** By register, what is read where. */
    reads: registers.map((r) => ({ address: verilogAddress(r), value: readExpression(registers, r) })),
    address: Object.fromEntries(registers.map((r) => [r.name, verilogAddress(r)])),
    /** Signals that `host_registers` keeps, and of these those that the host writes and those that count. */
    kept: declared(signalsFrom("host", "counter")),
    stored: inColumn(declared(signalsFrom("host"))),
    counters: inColumn(declared(signalsFrom("counter"))),
    writes: inColumn(writes),
    writtenAddresses: writes.map(({ address }) => address).join(", "),
    /** The signal of a field that the host writes, as an expression. */
    control: Object.fromEntries(
      registers.flatMap((r) =>
        r.fields
          .filter((f) => f.signal === "control")
          .map((f) => [f.name, slice(f.signal, f.from, f.high - f.low + 1, signalBits(registers, f.signal))]),
      ),
    ),
  };
}

/** What a layer shows to the host: wires of the top, and, with `i_` before them, inputs of `host_registers`. */
export function shownByLayer(registers: readonly RegisterIr[], layer: number) {
  const signals = signalsFrom("layer").map((signal) => {
    const bits = signalBits(registers, signal);
    return { signal: `${signal}_${layer}`, bits, range: `[${bits - 1}:0]`.padEnd(6) };
  });
  return inColumn(signals);
}
