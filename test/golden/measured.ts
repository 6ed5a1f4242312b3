/** Made-up measurements: curves as a laboratory would take them of devices that are known. */
import { Random } from "../../data/random.ts";
import { type Direction, pulseCell, stepOf } from "../../golden/device/step.ts";
import { deviceOf } from "./presets.ts";

export interface Known {
  readonly states: { readonly set: number; readonly reset: number };
  /** Above 0 starts steeply, in both directions. */
  readonly labels: { readonly set: number; readonly reset: number };
  readonly cycleToCycle: number;
  /** In siemens. */
  readonly lowest: number;
  readonly highest: number;
}

const header = "device,cycle,direction,pulse,conductance";

/** Rows of one device: in each cycle a sweep of sets and one of resets, from the lowest conductance. */
export function rowsOf(known: Known, cycles: number, seed: number, device = "a"): string[] {
  const { states, labels, cycleToCycle, lowest, highest } = known;
  const model = { states, nonlinearity: { set: labels.set, reset: -labels.reset }, cycleToCycle };
  const resolved = deviceOf({ model });
  const random = new Random(seed, 77);
  const rows: string[] = [];
  let g = 0;
  const row = (cycle: number, direction: Direction, pulse: number) =>
    rows.push([device, cycle, direction, pulse, lowest + (highest - lowest) * g].join(","));
  for (let cycle = 0; cycle < cycles; cycle++)
    for (const direction of ["set", "reset"] as const) {
      const step = stepOf(resolved, direction);
      row(cycle, direction, 0);
      for (let pulse = 1; pulse <= states[direction]; pulse++) {
        g = pulseCell(step, g, 1, random);
        row(cycle, direction, pulse);
      }
    }
  return rows;
}

export const tableOf = (rows: readonly string[]): string => `${[header, ...rows].join("\n")}\n`;
