/** What a design saves against another gradient method on the same network, tiles and device. */
import type { Estimate } from "./estimate-design.ts";
import { type Figure, figure, input } from "./tree.ts";

const COMPARED: readonly (readonly [string, (of: Estimate) => Figure])[] = [
  ["gradientMemory", ({ memory }) => memory.gradientBits],
  ["area", ({ area }) => area.total],
  ["energy", ({ energy }) => energy.sample.total],
  ["time", ({ time }) => time.sample.total],
  ["writes", ({ endurance }) => endurance.writes],
  ["years", ({ endurance }) => endurance.years],
];

/** Each figure of the design by that of the baseline; below 1 it has less. A quantity of which the baseline has none is
 *  left out.
 *  @param name of the baseline's method */
export function savings(own: Estimate, baseline: Estimate, name: string): Figure[] {
  return COMPARED.flatMap(([key, of]) => {
    const [mine, other] = [of(own), of(baseline)];
    if (other.value === 0) return [];
    return [
      figure(`savings.${name}.${key}`, {
        title: `${mine.title}, by that of ${name}`,
        unit: "",
        value: mine.value / other.value,
        formula: `${mine.id} / ${name}'s`,
        parts: [mine],
        inputs: [input(`${name}'s ${other.id}`, other.value, other.unit, `estimate of ${name} on the same design`)],
      }),
    ];
  });
}
