/** Figures as one expression tree: each has its value, its unit, and what it was computed from. Explanations, JSON and sums
 *  are all read from it. */

/** A number from `constants.json` or from the user's file, as a figure used it. */
export interface UsedConstant {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly source: string;
}

/** A number that was measured or counted: of the design, the netlist or the simulator. */
export interface Input {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What gave it. */
  readonly from: string;
}

export interface Figure {
  readonly id: string;
  readonly title: string;
  readonly value: number;
  readonly unit: string;
  readonly formula: string;
  readonly parts: readonly Figure[];
  readonly inputs: readonly Input[];
  readonly constants: readonly UsedConstant[];
}

interface Given {
  readonly title: string;
  readonly unit: string;
  readonly value: number;
  readonly formula: string;
  readonly parts?: readonly Figure[];
  readonly inputs?: readonly Input[];
  readonly constants?: readonly UsedConstant[];
}

export const figure = (id: string, given: Given): Figure => ({ id, parts: [], inputs: [], constants: [], ...given });

export const input = (name: string, value: number, unit: string, from: string): Input => ({ name, value, unit, from });

/** The whole is the sum of its parts, which are whole numbers of a small unit: exact in any order. */
export function sum(id: string, title: string, unit: string, parts: readonly Figure[]): Figure {
  for (const part of parts) {
    if (part.unit !== unit) throw new Error(`${id}: ${part.id} is in ${part.unit}, not in ${unit}`);
    if (!Number.isSafeInteger(part.value)) throw new Error(`${part.id}: ${part.value} ${unit} is no whole number`);
  }
  const value = parts.reduce((total, part) => total + part.value, 0);
  return figure(id, { title, unit, value, formula: "sum of its parts", parts });
}

/** Every figure below some, once each, by its name. */
export function allFigures(roots: readonly Figure[]): Map<string, Figure> {
  const found = new Map<string, Figure>();
  const visit = (f: Figure): void => {
    const known = found.get(f.id);
    if (known === f) return;
    if (known) throw new Error(`two figures are called ${f.id}`);
    found.set(f.id, f);
    f.parts.forEach(visit);
  };
  roots.forEach(visit);
  return found;
}

/** A number with four significant digits and its unit. */
export function show(value: number, unit: string): string {
  const [scaled, name] = readable(value, unit);
  const text =
    scaled === 0 || (Math.abs(scaled) >= 0.001 && Math.abs(scaled) < 1e7)
      ? Number(scaled.toPrecision(4)).toLocaleString("en-US", { maximumFractionDigits: 6 })
      : scaled.toExponential(3);
  return name === "" ? text : `${text} ${name}`;
}

/** Units that grow by steps. */
const STEPS: Readonly<Record<string, readonly (readonly [number, string])[]>> = {
  nm2: [
    [1, "nm²"],
    [1e6, "µm²"],
    [1e12, "mm²"],
  ],
  fJ: [
    [1, "fJ"],
    [1e3, "pJ"],
    [1e6, "nJ"],
    [1e9, "µJ"],
    [1e12, "mJ"],
    [1e15, "J"],
  ],
  ps: [
    [1, "ps"],
    [1e3, "ns"],
    [1e6, "µs"],
    [1e9, "ms"],
    [1e12, "s"],
  ],
};

function readable(value: number, unit: string): [number, string] {
  const steps = STEPS[unit];
  if (!steps) return [value, unit];
  const [size, name] = steps.findLast(([step]) => Math.abs(value) >= step) ?? steps[0];
  return [value / size, name];
}

/** How a figure came about, down to inputs and constants; each figure once.
 *  @param depth levels below the figure; all if not given */
export function explain(root: Figure): string {
  const lines: string[] = [];
  const told = new Set<string>();
  const visit = (f: Figure, indent: string): void => {
    lines.push(`${indent}${f.id} = ${show(f.value, f.unit)}: ${f.title}`);
    if (told.has(f.id)) {
      if (f.parts.length + f.inputs.length + f.constants.length > 0) lines.push(`${indent}    (as above)`);
      return;
    }
    told.add(f.id);
    const inner = `${indent}    `;
    lines.push(`${inner}= ${f.formula}`);
    for (const { name, value, unit, from } of f.inputs) lines.push(`${inner}${name} = ${show(value, unit)} (${from})`);
    for (const { name, value, unit, source } of f.constants)
      lines.push(`${inner}${name} = ${show(value, unit)} [${source}]`);
    for (const part of f.parts) visit(part, inner);
  };
  visit(root, "");
  return lines.join("\n");
}
