import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsonProblem, parseJson } from "../../generator/base/json.ts";
import { loadDesign } from "../../generator/design/load.ts";
import { presets } from "../../generator/design/presets.ts";
import { temporaryFolder } from "./rankloom.ts";
import { refusalOf } from "./refusal.ts";

describe("--set", () => {
  it("changes a number, a word, a list, an element and a field that was absent", () => {
    const sets = [
      "training.batch=4",
      "network.activation=tanh",
      "network.layers=[16,8,4]",
      "network.layers.1=9",
      "gradient.accumulatorBits=24",
    ];
    const { design } = loadDesign("tiny", sets);
    expect(design.training.batch).toBe(4);
    expect(design.network).toMatchObject({ activation: "tanh", layers: [16, 9, 4] });
    expect(design.gradient.accumulatorBits).toBe(24);
  });

  it("keeps everything after the first = as the value", () => {
    expect(refusalOf(() => loadDesign("tiny", ["name=a=b"]))).toMatch(/^tiny: name: "a=b" is not allowed/);
  });

  it("leaves the presets as they are", () => {
    const before = structuredClone(presets);
    loadDesign("tiny", ["network.layers.1=9"]);
    expect(presets).toEqual(before);
  });

  it.each([
    ["training", /^--set training: use --set path=value, e\.g\. /],
    ["=3", /^--set =3: use --set path=value/],
    ["tile.rowz=3", /: tile\.rowz: unknown key; tile has rows, cols, /],
    ["zebra=3", /: zebra: unknown key; design has name, network, /],
    ["__proto__.x=3", /: __proto__: unknown key; /],
    ["tile..rows=3", /: tile\.: unknown key; /],
    ["tile.rows.x=3", /: tile\.rows\.x: tile\.rows is one value and has no parts; use --set tile\.rows=value$/],
    ["network.layers.3=3", /: network\.layers\.3: no such element; network\.layers has 0 to 2$/],
    ["network.layers.-1=3", /: no such element; /],
    ["tile.rows=lots", /^tiny: tile\.rows: "lots" is not allowed; use /],
  ])("refuses %s in one line", (set, message) => {
    expect(refusalOf(() => loadDesign("tiny", [set]))).toMatch(message);
  });
});

describe("a design file", () => {
  const write = (text: string | Uint8Array): string => {
    const file = join(temporaryFolder(), "my.json");
    writeFileSync(file, text);
    return file;
  };
  const tiny = JSON.stringify(presets.tiny, null, 2);

  it("gives the same design as the preset of the same content", () => {
    expect(loadDesign(write(tiny)).design).toEqual(loadDesign("tiny").design);
  });

  it("may begin with a byte order mark", () => {
    expect(loadDesign(write(`\ufeff${tiny}`)).design).toEqual(loadDesign("tiny").design);
  });

  it.each([
    [
      "a comma too many",
      '{\n  "name": "a",\n}',
      /my\.json: line 3, column 1: "}" where a key in double quotes is expected; /,
    ],
    ["a comment", "{ // why\n}", /: line 1, column 3: "\/" where a key/],
    ["a missing bracket", '{ "name": "a"', /: line 1, column 14: the end of the file where "," or "}" is expected; /],
    ["nothing in it", "", /: line 1, column 1: the end of the file where a value is expected; /],
    ["a key twice", '{"tile":{"rows":8,\n"rows":4}}', /: line 2, column 1: the key "rows" is given twice; /],
    ["single quotes", "{'name': 'a'}", /: line 1, column 2: "'" where a key/],
    ["bytes that are no text", Buffer.from([0xff, 0x00, 0x80]), /: line 1, column 1: /],
    ["two values", "{} {}", /: line 1, column 4: "{" after the end of the value/],
    ["endless nesting", "[".repeat(100000), /nested deeper than 100/],
  ])("is refused with %s, by line and column", (_, text, message) => {
    const got = refusalOf(() => loadDesign(write(text)));
    expect(got).toMatch(message);
    expect(got).not.toContain("\n");
  });

  it("is refused where it is missing, a folder, under a file, or a device", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "design.json"));
    const file = write(tiny);
    const listed =
      /: (no such preset or file|is a folder|is not a file); give a design file, or a preset: mnist-mlp, .*tiny$/;
    for (const name of [
      "nothing",
      join(folder, "nothing.json"),
      join(folder, "design.json"),
      join(file, "x"),
      "/dev/zero",
      "",
    ])
      expect(refusalOf(() => loadDesign(name))).toMatch(listed);
  });

  it("is no preset by the name of an inherited property", () => {
    for (const name of ["constructor", "__proto__", "toString"])
      expect(refusalOf(() => loadDesign(name))).toMatch(/no such preset/);
  });
});

describe("parseJson", () => {
  it("reads what JSON.stringify writes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 1, "\t"), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it("accepts a damaged text exactly where JSON.parse does, repeated keys apart", () => {
    const damage = fc.record({
      value: fc.jsonValue(),
      at: fc.nat(),
      cut: fc.nat(2),
      insert: fc.constantFrom("", ",", '"', "}", "]", "0", "-", "e", "\\", "\n", ":", "t"),
    });
    fc.assert(
      fc.property(damage, ({ value, at, cut, insert }) => {
        const whole = JSON.stringify(value);
        const k = at % (whole.length + 1);
        const text = whole.slice(0, k) + insert + whole.slice(k + cut);
        let expected: { value: unknown } | null = null;
        try {
          expected = { value: JSON.parse(text) };
        } catch {
          // stays null
        }
        try {
          expect(parseJson(text)).toEqual(expected?.value);
          expect(expected).not.toBeNull();
        } catch (error) {
          if (!(error instanceof JsonProblem)) throw error;
          if (!/given twice/.test(error.message)) expect(expected).toBeNull();
        }
      }),
      { numRuns: 3000 },
    );
  });
});
