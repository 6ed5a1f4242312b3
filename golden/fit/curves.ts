/** Reads measured pulse-conductance curves: a CSV file with the columns device (where there are several), cycle, direction
 *  (set or reset), pulse and conductance in siemens, its rows in the order of the measurement. */
import { readRows, shortened, shortText } from "../../data/csv.ts";
import { Refusal } from "../../generator/base/errors.ts";
import { MOST_STATES } from "../../generator/device/model.ts";
import type { Direction } from "../device/step.ts";

/** Pulses of one direction, one after the other. All conductances are parts of the range, from the end where the direction
 *  starts: a set's from the lowest, a reset's from the highest. */
export interface Steps {
  /** Before and after each pulse. */
  readonly from: Float64Array;
  readonly to: Float64Array;
  /** Which pulse of its sweep it is, from 1. */
  readonly pulse: Uint32Array;
}

/** What was measured of one device. */
export interface DeviceCurves {
  readonly device: string;
  /** Lowest and highest conductance measured, in siemens: the range. */
  readonly lowest: number;
  readonly highest: number;
  readonly set: Steps;
  readonly reset: Steps;
}

export interface Curves {
  readonly devices: readonly DeviceCurves[];
  /** Pulses of a sweep, the most frequent number: the states. */
  readonly states: { readonly set: number; readonly reset: number };
  /** Sweeps of all devices. */
  readonly sweeps: number;
}

const COLUMNS = ["cycle", "direction", "pulse", "conductance"] as const;
const FORM = "docs/devices.md, “Fit your own device”, has the form";

interface Row {
  readonly device: string;
  readonly sweep: string;
  readonly direction: Direction;
  readonly pulse: number;
  readonly siemens: number;
}

/** @throws Refusal: what is wrong in which row, and what would be right */
export function readCurves(file: string): Curves {
  const rows = rowsOf(file);
  const byDevice = new Map<string, Row[]>();
  for (const row of rows) {
    const list = byDevice.get(row.device);
    if (list) list.push(row);
    else byDevice.set(row.device, [row]);
  }
  const devices = [...byDevice].map(([device, list]) => curvesOf(file, device, list));
  const lengths = sweepLengths(rows);
  const states = { set: mostFrequent(lengths.set), reset: mostFrequent(lengths.reset) };
  for (const direction of ["set", "reset"] as const)
    if (states[direction] < 2 || states[direction] > MOST_STATES)
      throw new Refusal(
        `${file}: ${direction} sweeps have ${states[direction]} pulses; give sweeps of 2 to ${MOST_STATES} pulses, each through the whole range`,
      );
  return {
    devices,
    states,
    sweeps: lengths.set.length + lengths.reset.length,
  };
}

function rowsOf(file: string): Row[] {
  const [header, ...lines] = readRows(file);
  const names = (header ?? []).map((name) => name.toLowerCase());
  const place = (name: string) => names.indexOf(name);
  const missing = COLUMNS.filter((name) => place(name) < 0);
  if (missing.length > 0)
    throw new Refusal(
      `${file}: has no column ${missing.join(", ")} (its columns are ${shortened(header ?? [])}); ${FORM}`,
    );
  if (lines.length === 0)
    throw new Refusal(`${file}: has a header and no rows; give at least one sweep in each direction`);
  const before = new Map<string, Row>();
  return lines.map((cells, n) => {
    const where = `${file}: row ${n + 1}`;
    const cell = (name: string) => cells[place(name)] ?? "";
    const number = (name: string, right: string, fits: (value: number) => boolean) => {
      const value = Number(cell(name));
      if (cell(name) === "" || !Number.isFinite(value) || !fits(value))
        throw new Refusal(`${where}, column "${name}": "${shortText(cell(name))}" is not allowed; use ${right}`);
      return value;
    };
    const direction = cell("direction").toLowerCase();
    if (direction !== "set" && direction !== "reset")
      throw new Refusal(`${where}, column "direction": "${shortText(direction)}" is not allowed; use set or reset`);
    const device = place("device") < 0 ? "" : cell("device");
    const row: Row = {
      device,
      sweep: JSON.stringify([device, cell("cycle"), direction]),
      direction,
      pulse: number("pulse", "a whole number from 0, the state before the first pulse", (v) => v >= 0 && v % 1 === 0),
      siemens: number("conductance", "a number above 0, in siemens", (v) => v > 0),
    };
    const last = before.get(device);
    const next = last?.sweep === row.sweep ? last.pulse + 1 : 0;
    if (row.pulse !== next && !(row.pulse === 1 && last?.sweep !== row.sweep))
      throw new Refusal(
        `${where}, column "pulse": ${row.pulse} where ${next === 0 ? "0 or 1" : next} should follow; give each pulse of a sweep, in order, under its own cycle`,
      );
    before.set(device, row);
    return row;
  });
}

function curvesOf(file: string, device: string, rows: readonly Row[]): DeviceCurves {
  const named = device === "" ? file : `${file}: device ${shortText(device)}`;
  let [lowest, highest] = [Number.POSITIVE_INFINITY, 0];
  for (const { siemens } of rows) {
    lowest = Math.min(lowest, siemens);
    highest = Math.max(highest, siemens);
  }
  if (!(highest >= 1.01 * lowest))
    throw new Refusal(
      `${named}: conductances go from ${lowest} to ${highest} S, less than a range of 1 %; give whole sweeps, in siemens`,
    );
  const steps = (direction: Direction): Steps => {
    const part = (siemens: number) => (direction === "set" ? siemens - lowest : highest - siemens) / (highest - lowest);
    // The first row may be of pulse 1, before which nothing was measured.
    const found = rows.flatMap((row, n) =>
      n > 0 && row.direction === direction && row.pulse > 0 ? [[rows[n - 1], row] as const] : [],
    );
    if (found.length === 0)
      throw new Refusal(`${named}: has ${found.length} ${direction} pulses; give at least one sweep in each direction`);
    return {
      from: Float64Array.from(found, ([before]) => part(before.siemens)),
      to: Float64Array.from(found, ([, after]) => part(after.siemens)),
      pulse: Uint32Array.from(found, ([, after]) => after.pulse),
    };
  };
  return { device, lowest, highest, set: steps("set"), reset: steps("reset") };
}

/** Pulses of each sweep. */
function sweepLengths(rows: readonly Row[]): Record<Direction, number[]> {
  const bySweep = new Map<string, Row>();
  for (const row of rows) bySweep.set(row.sweep, row);
  const lengths: Record<Direction, number[]> = { set: [], reset: [] };
  for (const { direction, pulse } of bySweep.values()) lengths[direction].push(pulse);
  return lengths;
}

/** The larger where two are as frequent. */
function mostFrequent(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((best, next) =>
    next[1] > best[1] || (next[1] === best[1] && next[0] > best[0]) ? next : best,
  )[0];
}
