/** The events of a window of cycles, as a training passes through it: what waveforms and timing diagrams are made of. */
import type { ChannelIr, Ir } from "../generator/ir/ir.ts";
import { totalCycles } from "./cycles.ts";
import type { Listener, Machine } from "./machine.ts";
import type { PlainSamplePath } from "./sample-path.ts";
import { PHASE, Tracer } from "./trace.ts";
import { HostStalls } from "./units/sample-input.ts";

/** Number of a channel in the IR, cycle, and the channel's fields, the first in the lowest bits. */
export type TracedEvent = readonly [channel: number, cycle: number, value: bigint];

export interface Window {
  /** First cycle. */
  readonly from: number;
  readonly cycles: number;
}

export interface Waveform extends Window {
  readonly ir: Ir;
  /** Of the window, and before them the last earlier one of a channel, if it was seen. In order of their cycles. */
  readonly events: readonly TracedEvent[];
}

export interface WaveformWindow extends Window {
  /** Called once, when the window or the training has ended; not where the training ended before the window began.
   *  @param waveform of as many of the window's cycles as there were */
  readonly take: (waveform: Waveform) => void;
}

export interface Signal {
  /** Path of the module instance below the top. */
  readonly scope: string;
  readonly name: string;
  readonly bits: number;
}

/** Signals of a channel: its strobe, if it has one, then its fields. */
export const signalsOf = ({ scope, strobe, fields }: ChannelIr): Signal[] => [
  ...(strobe === null ? [] : [{ scope, name: strobe, bits: 1 }]),
  ...fields.map(({ name, bits }) => ({ scope, name, bits })),
];

/** Every signal of a design, once, also where channels share it. */
export function allSignals({ channels }: Ir): Signal[] {
  const found = new Map<string, Signal>();
  for (const signal of channels.flatMap(signalsOf)) found.set(pathOf(signal), signal);
  return [...found.values()];
}

/** Path of a signal below the top. */
export const pathOf = ({ scope, name }: Signal): string => `${scope}.${name}`;

/** Values of a channel's fields, in their order. */
export function fieldsOf({ fields }: ChannelIr, value: bigint): bigint[] {
  let rest = value;
  return fields.map(({ bits }) => {
    const field = rest & ((1n << BigInt(bits)) - 1n);
    rest >>= BigInt(bits);
    return field;
  });
}

/** Channels between events are in any order; @returns them in order of their cycles. */
export const inOrder = (events: readonly TracedEvent[]): TracedEvent[] => [...events].sort((a, b) => a[1] - b[1]);

/** A waveform being collected; `listener` hears every sample from a batch before the window's first cycle to its last. */
export interface Recorder {
  readonly listener: Listener;
  close(): void;
}

/** Begins at the machine's present cycle. */
export function record(machine: Machine, path: PlainSamplePath, window: WaveformWindow): Recorder {
  const { ir } = machine;
  const { from } = window;
  const events: TracedEvent[] = [];
  const last = new Map<number, TracedEvent>();
  const sink = (...event: TracedEvent) => {
    const [channel, cycle] = event;
    if (cycle < from) last.set(channel, event);
    else if (cycle < from + window.cycles) events.push(event);
  };
  const listener = new Tracer(ir, machine, path, new HostStalls(0), sink, totalCycles(machine.cycles));
  return {
    listener,
    close: () => {
      const cycles = Math.min(window.cycles, totalCycles(machine.cycles) - from);
      if (cycles > 0) window.take({ ir, from, cycles, events: inOrder([...last.values(), ...events]) });
    },
  };
}

/** Names of the phases by their numbers. */
export const PHASES: readonly string[] = Object.keys(PHASE).map((name) => name.toUpperCase());

/** A phase within a waveform; one that is entered layer by layer has one span for each layer. */
export interface PhaseSpan {
  readonly phase: string;
  readonly layer: number | null;
  readonly from: number;
  /** The cycle after its last. */
  readonly to: number;
}

export function phaseSpans({ ir, from, cycles, events }: Waveform): PhaseSpan[] {
  const channelOf = (name: string) =>
    ir.channels.findIndex((c) => c.scope === "sequencer" && (c.strobe ?? c.fields[0].name) === name);
  const [phase, start] = [channelOf("o_phase"), channelOf("o_start")];
  const spans: { number: number; layer: number; from: number }[] = [];
  for (const [channel, cycle, value] of events) {
    if (channel !== phase && channel !== start) continue;
    const at = Math.max(from, cycle);
    const last = spans.at(-1);
    const span = last?.from === at ? last : { number: last?.number ?? PHASE.idle, layer: last?.layer ?? 0, from: at };
    if (span !== last) spans.push(span);
    if (channel === phase) span.number = Number(value);
    else span.layer = Number(value);
  }
  return spans.map(({ number, layer, from: begin }, k) => ({
    phase: PHASES[number],
    layer: number === PHASE.forward || number === PHASE.backward ? layer : null,
    from: begin,
    to: spans[k + 1]?.from ?? from + cycles,
  }));
}
