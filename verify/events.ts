/** Compares two streams of architectural events: the simulator's, kept, and the RTL's, as they come from its waveform. */
import type { Ir } from "../generator/ir/ir.ts";

export interface EventLog {
  /** By channel. */
  readonly cycles: number[][];
  readonly values: bigint[][];
}

export const emptyLog = (ir: Ir): EventLog => ({
  cycles: ir.channels.map(() => []),
  values: ir.channels.map(() => []),
});

export interface Difference {
  readonly cycle: number;
  readonly module: string;
  readonly signal: string;
  readonly rtl: string;
  readonly sim: string;
  /** Events of both around that cycle, one a line. */
  readonly window: string[];
}

const WINDOW = 6;

export class EventComparer {
  compared = 0;
  readonly #ir: Ir;
  readonly #expected: EventLog;
  readonly #rtl: EventLog;
  readonly #next: number[];
  /** First cycle, by channel, at which the two differ. */
  readonly #broken: (number | null)[];

  constructor(ir: Ir, expected: EventLog) {
    this.#ir = ir;
    this.#expected = expected;
    this.#rtl = emptyLog(ir);
    this.#next = ir.channels.map(() => 0);
    this.#broken = ir.channels.map(() => null);
  }

  /** Lowest cycle with a difference so far. */
  get firstBroken(): number | null {
    return this.#broken.reduce<number | null>((low, c) => (c !== null && (low === null || c < low) ? c : low), null);
  }

  /** One event of the RTL; a channel's events come in order. */
  event(channel: number, cycle: number, value: bigint): void {
    this.compared++;
    this.#keep(channel, cycle, value);
    if (this.#broken[channel] !== null) return;
    const k = this.#next[channel]++;
    const cycles = this.#expected.cycles[channel];
    if (k >= cycles.length) this.#broken[channel] = cycle;
    else if (cycles[k] !== cycle) this.#broken[channel] = Math.min(cycle, cycles[k]);
    else if (this.#expected.values[channel][k] !== value) this.#broken[channel] = cycle;
  }

  /** Only what a report's window may need. */
  #keep(channel: number, cycle: number, value: bigint): void {
    const cycles = this.#rtl.cycles[channel];
    const values = this.#rtl.values[channel];
    cycles.push(cycle);
    values.push(value);
    if (cycles.length > 256 && this.#broken[channel] === null) {
      cycles.splice(0, 128);
      values.splice(0, 128);
    }
  }

  /** After the RTL's last cycle: events it never had.
   *  @param end first cycle that was not run */
  finish(end: number): Difference | null {
    this.#ir.channels.forEach((_, channel) => {
      const missing = this.#expected.cycles[channel][this.#next[channel]];
      if (this.#broken[channel] === null && missing !== undefined && missing < end) this.#broken[channel] = missing;
    });
    const cycle = this.firstBroken;
    return cycle === null ? null : this.#report(cycle);
  }

  #report(cycle: number): Difference {
    const channel = this.#broken.indexOf(cycle);
    const { scope, strobe, fields } = this.#ir.channels[channel];
    const at = (log: EventLog): bigint | null => {
      const k = log.cycles[channel].indexOf(cycle);
      return k < 0 ? null : log.values[channel][k];
    };
    const rtl = at(this.#rtl);
    const sim = at(this.#expected);
    const differing =
      rtl === null || sim === null
        ? (strobe ?? fields[0].name)
        : (fields.find((_, f) => this.#field(channel, rtl, f) !== this.#field(channel, sim, f))?.name ??
          fields[0].name);
    const index = fields.findIndex((f) => f.name === differing);
    const show = (value: bigint | null) =>
      value === null ? "no event" : index < 0 ? "event" : `0x${this.#field(channel, value, index).toString(16)}`;
    return {
      cycle,
      module: scope,
      signal: differing,
      rtl: show(rtl),
      sim: show(sim),
      window: this.#window(scope, cycle),
    };
  }

  #field(channel: number, value: bigint, index: number): bigint {
    let shift = 0;
    for (let f = 0; f < index; f++) shift += this.#ir.channels[channel].fields[f].bits;
    return (value >> BigInt(shift)) & ((1n << BigInt(this.#ir.channels[channel].fields[index].bits)) - 1n);
  }

  /** Events of both sides in the module and in the sequencer around a cycle. */
  #window(scope: string, cycle: number): string[] {
    const lines: { cycle: number; text: string }[] = [];
    const collect = (log: EventLog, side: string) => {
      this.#ir.channels.forEach((c, channel) => {
        if (c.scope !== scope && c.scope !== "sequencer") return;
        log.cycles[channel].forEach((at, k) => {
          if (Math.abs(at - cycle) > WINDOW) return;
          const fields = c.fields.map(
            (f, i) => `${f.name}=0x${this.#field(channel, log.values[channel][k], i).toString(16)}`,
          );
          lines.push({
            cycle: at,
            text: `${String(at).padStart(8)} ${side} ${c.scope}${c.strobe ? ` ${c.strobe}` : ""} ${fields.join(" ")}`,
          });
        });
      });
    };
    collect(this.#rtl, "rtl");
    collect(this.#expected, "sim");
    return lines.sort((a, b) => a.cycle - b.cycle || (a.text < b.text ? -1 : 1)).map((l) => l.text);
  }
}
