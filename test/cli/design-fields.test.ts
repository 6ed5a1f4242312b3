import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Refusal } from "../../generator/base/errors.ts";
import { loadDesign } from "../../generator/design/load.ts";
import { presets } from "../../generator/design/presets.ts";
import { validateDesign } from "../../generator/design/schema.ts";
import { type Field, fields, isUnbounded, outOfRange, rootSchema, wrongTypes } from "./schema-walk.ts";

const FILE = "my.json";

function base(): Record<string, unknown> {
  return structuredClone(presets.tiny) as Record<string, unknown>;
}

const directions = (of: unknown) => ({ set: structuredClone(of), reset: structuredClone(of) });

/** What stands in an object that a design may leave out, so that one of its fields can be wrong. */
const examples: Record<string, unknown> = {
  "device.states": directions(20),
  "device.nonlinearity": directions(1),
  "device.model": { states: directions(20) },
  "device.model.nonlinearity": directions(1),
  "device.model.a": directions(1),
  "device.model.table": directions([
    { g: 0, mean: 0 },
    { g: 1, mean: 0 },
  ]),
  "device.model.conductance": { onOhm: 1000, onOff: 10 },
  "device.model.pulse": directions({ volts: 1, seconds: 1e-6 }),
};

function withValue(path: string, value: unknown): unknown {
  const design = base();
  if (path.startsWith("device.model")) design.device = {};
  const keys = path.split(".");
  const last = keys.pop() as string;
  const holder = keys.reduce<Record<string, unknown>>((node, key, n) => {
    node[key] ??= structuredClone(examples[keys.slice(0, n + 1).join(".")]);
    return node[key] as Record<string, unknown>;
  }, design);
  if (value === undefined) delete holder[last];
  else holder[last] = value;
  return design;
}

function refusal(action: () => unknown): Refusal {
  try {
    action();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error("was not refused");
}

function expectRefused(design: unknown, path: string, why: RegExp = /; use |; leave /): void {
  const { message, exitCode } = refusal(() => validateDesign(design, FILE));
  expect(message).toMatch(new RegExp(`^${FILE}: ${path.replaceAll(".", "\\.")}[.:]`));
  expect(message).toMatch(why);
  expect(message).not.toMatch(/\n|undefined|\[object|NaN/);
  expect(message.length).toBeLessThan(400);
  expect(exitCode).toBe(2);
}

const all = fields();
const leaves = all.filter(({ node }) => !node.properties);
const named = (list: Field[]) => list.map((field) => [field.path, field] as const);

describe("a design file", () => {
  it("has at least the fields that scripts rely on", () => {
    for (const path of [
      "network.layers",
      "tile.adcBits",
      "gradient.method",
      "gradient.rounding",
      "device.preset",
      "training.seed",
    ])
      expect(all.map((field) => field.path)).toContain(path);
  });

  it.each(named(all))("is refused where %s has the wrong type", (path, { node }) => {
    const values = wrongTypes(node);
    expect(values.length).toBeGreaterThan(3);
    for (const value of values) expectRefused(withValue(path, value), path);
  });

  it.each(named(leaves.filter(({ node }) => node.const === undefined && !isUnbounded(node))))(
    "is refused where %s is out of range",
    (path, { node }) => {
      const values = outOfRange(node);
      expect(values.length).toBeGreaterThan(0);
      for (const value of values) expectRefused(withValue(path, value), path);
    },
  );

  it.each(named(all.filter(({ required }) => required)))("is refused where %s is missing", (path) => {
    expectRefused(withValue(path, undefined), path, /: missing; use /);
  });

  it.each([
    ["", rootSchema] as const,
    ...all.filter(({ node }) => node.properties).map(({ path, node }) => [path, node] as const),
  ])("is refused with an unknown key in “%s”, and the known ones are named", (path, node) => {
    const key = path === "" ? "zebra" : `${path}.zebra`;
    expectRefused(
      withValue(key, 1),
      key,
      new RegExp(`: unknown key; use one of ${Object.keys(node.properties ?? {}).join(", ")}$`),
    );
  });

  it.each([[null], [3], ["text"], [[]], [true]])("is refused where it is %j as a whole", (value) => {
    expect(refusal(() => validateDesign(value, FILE)).message).toMatch(
      /^my\.json: design: .*; use a value of type object$/,
    );
  });

  it.each(all.filter(({ node }) => node.default !== undefined).map(({ path, node }) => [path, node.default] as const))(
    "gives %s its default %j",
    (path, value) => {
      const design = validateDesign(withValue(path, undefined), FILE);
      expect(path.split(".").reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], design)).toEqual(
        value,
      );
    },
  );

  it("is accepted or refused in one line, whatever JSON stands in one of its fields", () => {
    const path = fc.constantFrom(...all.map((field) => field.path));
    fc.assert(
      fc.property(path, fc.jsonValue(), (where, value) => {
        try {
          validateDesign(withValue(where, value), FILE);
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
          expect((error as Refusal).message).toMatch(new RegExp(`^${FILE}: .+: .+$`));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("is whole for every preset", () => {
    for (const name of Object.keys(presets)) expect(loadDesign(name).design.name).toBe(name);
  });
});

describe("rules between fields", () => {
  const both = <T>(of: T) => ({ set: of, reset: of });
  const model = (curve: object) => JSON.stringify({ states: both(40), ...curve });
  const row = (g: number) => ({ g, mean: 0.1 });

  it.each([
    ["tile.columnsPerAdc", ["tile.columnsPerAdc=3"], /3 does not divide tile\.rows \(8\); use 1, 2, 4, 8$/],
    ["tile.inputBits", ["network.activation=tanh", "tile.inputBits=1"], /use 2 to 8$/],
    ["device.preset", ["device.preset=ideal-1"], /use ideal-2 to ideal-16384$/],
    ["device.preset", ["device.preset=ideal-99999"], /use ideal-2 to ideal-16384$/],
    ["device.preset", ["device={}"], /missing; use ideal, ideal-N, ag-a-si, .*, or give device\.model$/],
    ["device.preset", ["device.preset=constructor"], /"constructor" is unknown; use ideal, ideal-N, ag-a-si, /],
    ["device.preset", ["device.preset=ideal-5000", "device.drift=0.001"], /5000 levels are too fine .* at most 4096$/],
    ["device.model", [`device.model=${model({})}`], /given beside device\.preset; leave one of them out$/],
    [
      "device.model",
      [`device={"model":${model({ a: both(1), nonlinearity: both(1) })}}`],
      /has more than one of nonlinearity, a and table; give one$/,
    ],
    [
      "device.model.a.reset",
      [`device={"model":${model({ a: { set: 0.0228, reset: -0.0227 } })}}`],
      /-0\.0227 is steeper than label 9; use a magnitude of at least 0\.0228$/,
    ],
    ["device.model.a.set", [`device={"model":${model({ a: both(0) })}}`], /0 is steeper than label 9; /],
    [
      "device.model.table.set",
      [`device={"model":${model({ table: both([row(0.5), row(0.5)]) })}}`],
      /conductances do not rise from row to row; sort the rows by g$/,
    ],
    [
      "device.deviceToDevice",
      ["device.preset=tabular-example", "device.deviceToDevice=0.1"],
      /a table has its own distribution; leave it out$/,
    ],
    [
      "device.cycleToCycle",
      [`device={"model":${model({ table: both([row(0), row(1)]) })}, "cycleToCycle":0}`],
      /a table has its own distribution; leave it out$/,
    ],
    [
      "device.stuckOn",
      ["device.stuckOn=0.6", "device.stuckOff=0.6"],
      /0\.6 and device\.stuckOff 0\.6 are more than all/,
    ],
    ...['states={"set":3,"reset":4}', "cycleToCycle=0.1", "stuckOff=0.1", "readNoise=0.1", "drift=0.001"].map(
      (change): [string, string[], RegExp] => [
        `device.${change.split("=")[0]}`,
        ["device.preset=ideal", `device.${change}`],
        /continuous weights have no device; use device\.preset ideal-N$/,
      ],
    ),
    ["gradient.accumulatorBits", ["gradient.method=sgd", "gradient.accumulatorBits=32"], /leave it out/],
    ["gradient.accumulatorBits", ["gradient.accumulatorBits=12", "training.batch=4096"], /use at least \d+$/],
    ["network.crop", ["network.crop=5"], /5 × 5 pixels do not fit the 16 inputs of network\.layers\.0; use 25 inputs/],
    ["network.sampleBits", ["network.sampleBits=5", "tile.inputBits=4"], /5 is more than tile\.inputBits, 4; use at/],
    ["training.layerRates", ["training.layerRates=[1,2,3]"], /has 3 factors for 2 layers; use one for each layer$/],
    ["training.epochSamples", ["training.epochSamples=7"], /7 is less than a batch of 8; use at least 8$/],
    ["network.layers.2", ["network.layers=[16,12,5000]"], /use at most 4096$/],
    ["network.layers", ["network.layers=[65536,65536,4]"], /use at most 64000000$/],
  ])("name %s and what would be right", (path, sets, why) => {
    const { message, exitCode } = refusal(() => loadDesign("tiny", sets));
    expect(message).toContain(`tiny: ${path}: `);
    expect(message).toMatch(why);
    expect(message).not.toContain("\n");
    expect(exitCode).toBe(2);
  });
});
