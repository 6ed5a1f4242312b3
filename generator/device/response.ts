/** A device in integers, as the crossbar macro and the simulator have it: tables of changes by conductance, thresholds of
 *  its randomness. docs/devices.md, "In integers". */
import { mix } from "../base/mix.ts";
import { aOfLabel, LARGEST_LABEL } from "./nonlinearity.ts";
import type { Device, Response } from "./resolve.ts";

/** Conductance units of the range, at most: fine enough for 4096 states, coarse enough that column sums fit the kernels. */
const RANGE = 8192;
/** A table has an entry every 2^SEGMENT_BITS units, and one more beyond the range's end. */
export const SEGMENT_BITS = 8;
/** Binary places of a table's mean changes; of a change on its way, SEGMENT_BITS more. */
const MEAN_FRACTION = 4;
export const CHANGE_FRACTION = MEAN_FRACTION + SEGMENT_BITS;
/** Devices that differ fall in so many classes of the same size, by direction. */
const CLASSES = 16;
/** Normal numbers are sums of the four bytes of a hash, about this; their variance is exact, their largest is 3.45 σ. */
export const BYTES_MEAN = 510;
const BYTES_DEVIATION = Math.sqrt((4 * (256 ** 2 - 1)) / 12);
const BYTES_LARGEST = 510;
/** No pulse changes a conductance by more ranges than this in a table: beyond one it is at the end, and 32 bits hold it. */
const MOST_RANGES = 4;
export const READ_FRACTION = 8;
/** Normal numbers that all conversions take theirs from, and the key they are drawn with. */
export const READ_NUMBERS = 4096;
export const READ_KEY = 0x2545f491;
export const DRIFT_FRACTION = 24;
/** Which draw of a cell or line a hash is of, where it is not of one of its pulses. */
export const DRAW = { kind: 0xffffffff, forward: 0xfffffffe, backward: 0xfffffffd, drift: 0x80000000 } as const;

/** The integers of one device. All conductances are in units. */
export interface DeviceIr {
  /** 1, or CLASSES where devices differ. */
  readonly classes: number;
  readonly entries: number;
  /** Mean change of one pulse, by conductance from the end where the direction starts, in 2^−MEAN_FRACTION units:
   *  [set, reset][class][entry]. */
  readonly means: readonly number[];
  /** Its deviation per unit of a sum of bytes, in 2^−CHANGE_FRACTION units: [set, reset][segment]. */
  readonly deviations: readonly number[];
  /** Of 65536. */
  readonly stuckOn: number;
  readonly stuckOff: number;
  /** Noise of a sum by driven lines, per unit of a sum of bytes, in 2^−READ_FRACTION units; empty: none. */
  readonly readNoise: readonly number[];
  /** Part of the way in 2^−DRIFT_FRACTION; 0: none. */
  readonly drift: number;
  readonly driftTarget: number;
  /** Most pulses' seed; tile t of all has the key `tileKey(seed, t)`. */
  readonly seed: number;
}

/** Units of the whole range: a multiple of both the steps and two, where a step is the same everywhere.
 *  @param pairs whether two cells make a weight, which is then as long as a range: half as many units */
export function rangeUnits({ levels }: Device, pairs: boolean): number {
  const unit = (Number.isInteger(levels) ? 2 : 4) * levels;
  return unit * Math.max(1, Math.floor(RANGE / (pairs ? 2 : 1) / unit));
}

/** Largest noise that one sum of so many driven lines sees, in units. */
export const largestNoise = ({ readNoise }: DeviceIr, lines: number): number =>
  readNoise.length > 0 ? Math.ceil((readNoise[lines] * BYTES_LARGEST) / 2 ** READ_FRACTION) : 0;

export const tileKey = (seed: number, tile: number): number => mix(seed, 0x40000000 + tile);

/** The middle of a part of the normal distribution of so many parts of the same size, scaled so that the variance is 1. */
function normalClasses(count: number): number[] {
  const middles = Array.from({ length: count }, (_, n) => normalQuantile((n + 0.5) / count));
  const deviation = Math.sqrt(middles.reduce((sum, z) => sum + z * z, 0) / count);
  return middles.map((z) => (deviation === 0 ? 0 : z / deviation));
}

/** Where the normal distribution's integral is `part`: Newton's method on Φ, by its series. */
function normalQuantile(part: number): number {
  let z = 0;
  for (let step = 0; step < 60; step++) {
    let term = z;
    let sum = z;
    for (let n = 1; n < 200; n++) {
      term *= (-z * z) / (2 * n);
      sum += term / (2 * n + 1);
    }
    const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
    z -= (0.5 + sum / Math.sqrt(2 * Math.PI) - part) / density;
  }
  return z;
}

/** Mean change of one pulse at x of the range from the direction's start, as a part of the range.
 *  @param deviation of the device's label from the response's own */
function meanChange(response: Response, reset: boolean, deviation: number, x: number): number {
  if (response.kind === "table") {
    const g = reset ? 1 - x : x;
    return between(response.rows, g, (row) => row.mean) * (reset ? -1 : 1);
  }
  const { label, pulses } = response;
  const a = deviation === 0 ? response.a : aOfLabel(clamp(label + deviation, LARGEST_LABEL));
  if (!Number.isFinite(a)) return 1 / pulses;
  const top = 1 / -Math.expm1(-1 / a);
  return (top - x) * -Math.expm1(-1 / (pulses * a));
}

const clamp = (value: number, limit: number): number => Math.min(limit, Math.max(-limit, value));

type Row = { readonly g: number; readonly mean: number; readonly deviation: number };

/** A column of a table at g: straight lines between its rows, level beyond them. */
function between(rows: readonly Row[], g: number, of: (row: Row) => number): number {
  const above = rows.findIndex((row) => row.g >= g);
  if (above < 0) return of(rows[rows.length - 1]);
  if (above === 0) return of(rows[0]);
  const [low, high] = [rows[above - 1], rows[above]];
  return of(low) + ((of(high) - of(low)) * (g - low.g)) / (high.g - low.g);
}

/** Where a device does not make equal, exact steps.
 *  @param range units of the whole range
 *  @param lines most lines that one read drives
 *  @param cells that make a weight */
export function deviceIr(device: Device, range: number, lines: number, cells: number, seed: number): DeviceIr {
  const places = (value: number) => Math.round(value * range * 2 ** MEAN_FRACTION);
  const spread = normalClasses(device.deviceToDevice > 0 ? CLASSES : 1);
  const count = Math.floor(range / 2 ** SEGMENT_BITS) + 2;
  const entries = Array.from({ length: count }, (_, n) => (n * 2 ** SEGMENT_BITS) / range);
  const directions = [device.set, device.reset];
  const means = directions.flatMap((response, direction) =>
    spread.flatMap((z) =>
      entries.map((x) =>
        places(clamp(meanChange(response, direction === 1, device.deviceToDevice * z, x), MOST_RANGES)),
      ),
    ),
  );
  const scale = (range * 2 ** CHANGE_FRACTION) / BYTES_DEVIATION;
  const deviations = directions.flatMap((response, direction) =>
    entries.map((x) => {
      const middle = Math.min(1, x + 2 ** (SEGMENT_BITS - 1) / range);
      const deviation =
        response.kind === "table"
          ? between(response.rows, direction === 1 ? 1 - middle : middle, (row) => row.deviation)
          : device.cycleToCycle;
      return Math.round(deviation * scale);
    }),
  );
  const readScale = (device.readNoise * range * 2 ** READ_FRACTION) / BYTES_DEVIATION;
  return {
    classes: spread.length,
    entries: count,
    means,
    deviations,
    stuckOn: Math.round(device.stuckOn * 65536),
    stuckOff: Math.round(device.stuckOff * 65536),
    readNoise:
      device.readNoise > 0
        ? Array.from({ length: lines + 1 }, (_, n) => Math.round(readScale * Math.sqrt(cells * n)))
        : [],
    drift: Math.round(device.drift * 2 ** DRIFT_FRACTION),
    driftTarget: Math.round(device.driftTarget * range),
    seed,
  };
}
