/** Events of a machine by the names of their channels (generator/ir/channels.ts). */
import type { Ir } from "../generator/ir/ir.ts";

/** Takes events channel by channel; within a channel they come in the order of their cycles.
 *  @param value the channel's fields, the first in the lowest bits */
export type EventSink = (channel: number, cycle: number, value: bigint) => void;

export class Events {
  readonly #channels: Ir["channels"];
  readonly #sink: EventSink;
  readonly #index = new Map<string, number>();
  readonly #level = new Map<number, bigint>();

  constructor(ir: Ir, sink: EventSink) {
    this.#channels = ir.channels;
    this.#sink = sink;
    ir.channels.forEach((c, index) => {
      this.#index.set(`${c.scope}/${c.strobe ?? c.fields[0].name}`, index);
    });
  }

  /** Emits an event of a strobed channel. */
  emit(key: string, cycle: number, ...fields: (number | bigint)[]): void {
    const index = this.#index.get(key);
    if (index === undefined) throw new Error(`no channel ${key}`);
    let value = 0n;
    let shift = 0n;
    this.#channels[index].fields.forEach(({ bits }, f) => {
      value |= (BigInt(fields[f]) & ((1n << BigInt(bits)) - 1n)) << shift;
      shift += BigInt(bits);
    });
    this.#sink(index, cycle, value);
  }

  /** Emits a change of a level channel, if it is one. */
  set(key: string, cycle: number, value: number): void {
    const index = this.#index.get(key);
    if (index === undefined) throw new Error(`no channel ${key}`);
    if (this.#level.get(index) === BigInt(value)) return;
    this.#level.set(index, BigInt(value));
    this.#sink(index, cycle, BigInt(value));
  }
}
