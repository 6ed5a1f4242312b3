/** GTKWave's save file, beside the waveform that it shows. */
import { describe, expect, it } from "vitest";
import { presets } from "../../generator/design/presets.ts";
import { validateDesign } from "../../generator/design/schema.ts";
import { prepareMachine } from "../../prepare/machine.ts";
import { gtkwText } from "../../sim/gtkw.ts";
import { vcdText } from "../../sim/vcd.ts";

/** Paths of a dump's variables, as GTKWave writes them. */
function declared(text: string): string[] {
  const scope: string[] = [];
  return text.split("\n").flatMap((line) => {
    const words = line.split(" ");
    if (words[0] === "$scope") scope.push(words[2]);
    if (words[0] === "$upscope") scope.pop();
    return words[0] === "$var" ? [`${[...scope, words[4]].join(".")}${words[5] === "$end" ? "" : words[5]}`] : [];
  });
}

/** Signals of a save file with the groups that they are in.
 *  @throws where a group ends that is not the last one begun, or does not end */
function shown(text: string): { signal: string; groups: string[]; flags: number }[] {
  const open: string[] = [];
  const found: { signal: string; groups: string[]; flags: number }[] = [];
  let flags = 0;
  for (const line of text.split("\n")) {
    if (/^@[0-9a-f]+$/.test(line)) flags = Number.parseInt(line.slice(1), 16);
    else if (line.startsWith("-") && flags & 0x800000) open.push(line.slice(1));
    else if (line.startsWith("-") && flags & 0x1000000) expect(line.slice(1)).toBe(open.pop());
    else if (/^[a-z]/.test(line)) found.push({ signal: line, groups: [...open], flags });
  }
  expect(open).toEqual([]);
  return found;
}

const gradients: [string, object, object?][] = [
  ["mbgd", { method: "mbgd" }],
  ["lrt", { method: "lrt", rank: 2 }],
  ["nmf behind sbpca", { method: "nmf", rank: 1, frontEnd: "sbpca" }],
  ["sgd by coincidence", { method: "sgd", programming: "coincidence" }],
  ["write-verify", { method: "mbgd" }, { preset: "ideal-32", verify: 1 }],
];

describe.each(gradients)("the save file of %s", (_, gradient, device) => {
  const changes = device ? { device } : {};
  const design = validateDesign({ ...presets.tiny, gradient: { lanes: 4, ...gradient }, ...changes }, "tiny");
  const { ir } = prepareMachine(design);
  const waveform = { ir, from: 100, cycles: 1700, events: [] };
  const text = gtkwText(waveform, "wave");
  const signals = shown(text);

  it("shows every variable of the waveform, once", () => {
    expect(signals.map(({ signal }) => signal).sort()).toEqual(declared(vcdText(waveform)).sort());
  });

  it("has each signal in the groups of its modules", () => {
    for (const { signal, groups } of signals) expect(signal).toContain(`tiny.${groups.join(".")}.`);
    const outer = new Set(signals.map(({ groups }) => groups[0]));
    expect([...outer]).toEqual(["sequencer", "layer_0", "layer_1", "error_unit"]);
    const tiles = new Set(signals.filter(({ groups }) => /tile$/.test(groups[1] ?? "")).map((s) => s.groups.join(".")));
    expect(tiles.size).toBe(ir.layers.reduce((sum, layer) => sum + layer.rowTiles * layer.colTiles, 0));
  });

  it("shows one bit as binary, data as hexadecimal, all right-justified", () => {
    for (const { signal, flags } of signals)
      expect(flags.toString(16)).toMatch(signal.endsWith("]") ? /^2[24]$/ : /^28$/);
  });

  it("names the waveform beside it and begins with the window", () => {
    expect(text).toContain('[dumpfile] "wave.vcd"\n[savefile] "wave.gtkw"\n[timestart] 100\n');
  });
});
