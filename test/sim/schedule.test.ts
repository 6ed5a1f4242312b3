/** The printed formulas of the schedule, read back as a reader would: by docs/machine.md, from the IR's JSON, by an
 *  evaluator of this test. Each pass of each phase takes what its formula says. */
import { readFileSync } from "node:fs";
import { fc, it } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { sum } from "../../generator/base/formula.ts";
import { setupTiming } from "../../generator/ir/coincidence.ts";
import { programCycles } from "../../generator/ir/hand-over.ts";
import type { Ir } from "../../generator/ir/ir.ts";
import { combinationWrites, vectorCycles } from "../../generator/methods/low-rank/cycles.ts";
import { type PreparedMachine, prepareMachine } from "../../prepare/machine.ts";
import { type Listener, Machine } from "../../sim/machine.ts";
import { PlainSamplePath } from "../../sim/sample-path.ts";
import { createState } from "../../sim/state.ts";
import { PHASE, Tracer } from "../../sim/trace.ts";
import { HostStalls, inputCodes } from "../../sim/units/sample-input.ts";
import { designArbitrary } from "../equality/designs.ts";
import { randomSamples } from "./designs.ts";

const page = (name: string): string => readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), "utf8");

/** Value of a formula: sums, products, max, numbers, and names of words. */
function evaluate(formula: string, numberOf: (name: string) => number): number {
  const tokens = formula.match(/\d+|[A-Za-z]+(?: [a-z]+)*|[()+−·,]/g) ?? [];
  expect(tokens.join("").replaceAll(" ", "")).toBe(formula.replaceAll(" ", ""));
  let at = 0;
  const taken = (token: string): boolean => tokens[at] === token && ++at > 0;
  const take = (token: string) => expect(taken(token), `${token} at ${at} of ${formula}`).toBe(true);
  const factor = (): number => {
    if (taken("(")) {
      const value = terms();
      take(")");
      return value;
    }
    if (taken("max")) {
      take("(");
      const first = terms();
      take(",");
      const second = terms();
      take(")");
      return Math.max(first, second);
    }
    const token = tokens[at++];
    return /^\d/.test(token) ? Number(token) : numberOf(token);
  };
  const factors = (): number => {
    let value = factor();
    while (taken("·")) value *= factor();
    return value;
  };
  const terms = (): number => {
    let value = taken("−") ? -factors() : factors();
    for (;;) {
      if (taken("+")) value += factors();
      else if (taken("−")) value -= factors();
      else return value;
    }
  };
  const value = terms();
  expect(at).toBe(tokens.length);
  return value;
}

/** Rows of the page's schedule: their cells. */
const rows = (page("machine").match(/<!-- schedule: .*-->(.*)<!-- end of schedule -->/s)?.[1] ?? "")
  .split("\n\n")
  .map((table) => [...table.matchAll(/^\| (.*) \|$/gm)].slice(1).map(([, cells]) => cells.split(" | ")))
  .filter((table) => table.length > 0);

/** Places of a formula's names by the formula, and what data decide by its name. */
const places = new Map(
  rows[0].map(([, formula, list]) => [formula, [...(list ?? "").matchAll(/`([^`]+)`/g)].map((m) => m[1])]),
);
const symbols = new Map(rows[1].map(([name, meaning]) => [name, meaning]));

type Json = { readonly [name: string]: unknown };

/** A part of the IR's JSON, e.g. `layers[l].forward`. */
const partOf = (ir: Json, place: string, l: number): Json =>
  place.split(".").reduce((part, step) => {
    const [, name, index, next] = step.match(/^(\w+)(\[l( \+ 1)?\])?$/) ?? [];
    const value = part[name];
    return (index ? (value as Json[])[next ? l + 1 : l] : value) as Json;
  }, ir);

type Symbols = Readonly<Record<string, number>>;

/** @param data values of symbols, by layer where a length is the largest over layers */
function cyclesOf(ir: Json, formula: string, layer: number, data: (layer: number) => Symbols): number {
  const listed = places.get(formula);
  expect(listed, `docs/machine.md has the formula ${formula}`).toBeDefined();
  const [, overLayers, inner] = formula.match(/^(largest over layers of )?(.*)$/) ?? [];
  const at = (l: number) =>
    evaluate(inner, (name) => {
      const values = data(l);
      if (symbols.has(name)) {
        expect(values, `a value of ${name}`).toHaveProperty([name]);
        return values[name];
      }
      const parts = [...(listed ?? []).map((place) => partOf(ir, place, l)), ir];
      const value = parts.find((part) => typeof part?.[name] === "number")?.[name];
      expect(value, `${name} of ${formula} is a number of ${listed?.join(", ")} or of the IR`).toBeTypeOf("number");
      return value as number;
    });
  return overLayers ? Math.max(...(ir.layers as Json[]).map((_, l) => at(l))) : at(layer);
}

interface Pass {
  readonly phase: keyof typeof PHASE;
  readonly layer: number;
  readonly entry: number;
  readonly length: number;
}

interface Run {
  readonly machine: Machine;
  readonly passes: readonly Pass[];
  /** Of each update, by layer. */
  readonly updates: readonly (readonly Symbols[])[];
}

const NAMES = Object.keys(PHASE) as (keyof typeof PHASE)[];

/** Two batches and a sample, with every pass through a phase as the events show it. */
function run({ ir, conductances }: PreparedMachine, stalls: number, seed: number): Run {
  const state = createState(ir, conductances);
  const path = new PlainSamplePath(ir, state.layers);
  const machine = new Machine(ir, state, path);
  const changes = new Map<number, number>();
  const starts = new Map<number, number>();
  const tracer = new Tracer(ir, machine, path, new HostStalls(stalls), (channel, cycle, value) => {
    const { module, strobe } = ir.channels[channel];
    if (module === "sequencer") (strobe ? starts : changes).set(cycle, Number(value));
  });
  const updates: Symbols[][] = [];
  const listener: Listener = {
    sample: (...of) => tracer.sample(...of),
    gradientStart: () => tracer.gradientStart(),
    instruction: (...of) => tracer.instruction(...of),
    gradient: (ends) => tracer.gradient(ends),
    range: () => tracer.range(),
    update: (layers) => {
      const slots = (most: number) => (most > 0 ? most + ir.design.device.verify : 0);
      updates.push(layers.map((list) => ({ "pulse slots": list.reduce((all, row) => all + slots(row.largest), 0) })));
      tracer.update(layers);
    },
    trains: (layers) => {
      updates.push(
        layers.map((list) => ({
          trains: list.filter(({ total }) => total > 0).length,
          "pulse slots": list.reduce((all, { total }) => all + total, 0),
        })),
      );
      tracer.trains(layers);
    },
  };
  machine.listener = listener;
  const { size, bits } = ir.vectors[0];
  const count = 2 * ir.batch + 1;
  const { codes, labels } = randomSamples(size, ir.errorUnit.outputs, count, seed);
  for (let s = 0; s < count; s++)
    machine.sample(inputCodes(codes.subarray(s * size, (s + 1) * size), bits), labels[s], true);
  tracer.finish();
  const entries = [...new Set([...changes.keys(), ...starts.keys()])].sort((a, b) => a - b);
  let phase = 0;
  const passes = entries.slice(0, -1).map((entry, k): Pass => {
    phase = changes.get(entry) ?? phase;
    return { phase: NAMES[phase], layer: starts.get(entry) ?? 0, entry, length: entries[k + 1] - entry };
  });
  return { machine, passes, updates };
}

/** Cycles of each LOAD in which nothing was offered: beats come one after the other, each so long after the one before. */
function stalledCycles(beats: number, stalls: HostStalls) {
  let accepted = -1;
  return (entry: number): number => {
    for (let beat = 0; beat < beats; beat++) accepted = Math.max(entry, accepted + 1 + stalls.next());
    return accepted - entry + 1 - beats;
  };
}

describe("a printed formula", () => {
  it.prop([designArbitrary, fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1000 })), fc.nat(1000)], {
    numRuns: 50,
  })(
    "is what each pass through its phase takes, and without stalls and pulses what the IR says",
    (design, stalls, seed) => {
      const prepared = prepareMachine(design);
      const ir: Ir = prepared.ir;
      const json = JSON.parse(JSON.stringify(ir)) as Json;
      const { machine, passes, updates } = run(prepared, stalls, seed);
      const stalled = stalledCycles(ir.sampleBeats + 1, new HostStalls(stalls));
      const counted = new Map<string, number>();
      let elapsed: Record<string, number> = { load: 0, forward: 0, error: 0, backward: 0 };
      let sample = 0;
      let update = 0;
      for (const { phase, layer, entry, length } of passes) {
        const printed = ir.phases.find((p) => p.phase === phase && (p.layer === layer || p.layer === null));
        expect(printed, `${phase}, layer ${layer}`).toBeDefined();
        const data: Record<string, number> = {};
        if (phase === "load") data["host stalls"] = stalled(entry);
        if (phase === "gradient" && ir.lowRank) {
          const place = sample % ir.batch;
          Object.assign(data, elapsed);
          data["programs before"] = place === 0 ? 0 : programCycles(ir, sample - 1);
          data["programs at the end"] = place === ir.batch - 1 ? programCycles(ir, sample) : 0;
        }
        const symbolsOf = phase === "update" ? (l: number) => updates[update][l] : () => data;
        expect(cyclesOf(json, printed?.formula ?? "", layer, symbolsOf), `${phase} in ${entry}`).toBe(length);
        counted.set(phase, (counted.get(phase) ?? 0) + length);
        if (phase in elapsed) elapsed[phase] += length;
        if (phase === "gradient") {
          elapsed = { load: 0, forward: 0, error: 0, backward: 0 };
          sample++;
        }
        if (phase === "update") update++;
      }
      expect(update).toBe(updates.length);
      const all = (phase: string) => ir.phases.reduce((cycles, p) => cycles + (p.phase === phase ? p.cycles : 0), 0);
      const steady = Object.fromEntries([...symbols.keys()].map((name) => [name, all(name)]));
      steady["programs before"] = ir.lowRank?.sample.cycles ?? 0;
      for (const { formula, layer, cycles } of ir.phases)
        expect(cyclesOf(json, formula, layer ?? 0, () => steady)).toBe(cycles);
      if (stalls === 0)
        for (const [phase, cycles] of Object.entries(machine.cycles))
          expect(counted.get(phase) ?? 0, phase).toBe(cycles);
    },
  );
});

/** What a page says in the short names of its text, where a product of one letter has no sign. */
const onPage = (text: string, values: Symbols): number =>
  evaluate(text.replaceAll(/(\d)([A-Z])/g, "$1 · $2").replaceAll(/\b([a-z]) (?=[a-z(])/g, "$1 · "), (name) => {
    expect(values, text).toHaveProperty([name]);
    return values[name];
  });

describe("the cycles that a page gives by itself are those of the schedule:", () => {
  const words = fc.integer({ min: 1, max: 100 });

  it.prop([words])("the set-up of a train", (W) => {
    const cycles = [...page("coincidence").matchAll(/^\| b \+ ([2W +\d]+?)(?: \+ w)? \|/gm)].map(([, text]) => text);
    const { known, ratio, root, coefficient, write, thresholds, train } = setupTiming(sum(W));
    expect(cycles.map((text) => onPage(text, { W }))).toEqual(
      [known, ratio, root, coefficient, write, thresholds, train].map((length) => length.cycles),
    );
    const [, next] = page("coincidence").match(/the next outer product begins in b \+ (W \+ \d+)/) ?? [];
    expect(onPage(next, { W })).toBe(setupTiming(sum(W)).idle.cycles);
  });

  const unit = fc.record({
    rank: fc.integer({ min: 1, max: 16 }),
    outer: fc.integer({ min: 1, max: 32 }),
    rowColumns: fc.integer({ min: 0, max: 16 }),
    slots: fc.integer({ min: 0, max: 5 }),
  });

  it.prop([unit, words])("an instruction's wait", (of, count) => {
    const { rank: k, outer, rowColumns, slots } = of;
    const value = (text: string) => onPage(text, { k, outer, words: count, n: rowColumns + slots });
    const { vectorDot, columnDot, combine, row, copy, keep } = vectorCycles(of, { words: count });
    const dots = page("low-rank").match(/getX and getD may be issued at t \+ (.*) \(t \+ (.*)\) \|/) ?? [];
    expect(dots.slice(1).map(value)).toEqual([vectorDot.next.cycles, columnDot.next.cycles]);
    const next = (what: string) =>
      page("low-rank").match(new RegExp(`^\\| ${what} \\|.* may be issued at t \\+ (.*) \\|$`, "m"))?.[1] ?? "";
    expect(["combine", "row", "copy", "keep"].map((what) => value(next(what)))).toEqual(
      [combine, row, copy, keep].map((length) => length.next.cycles),
    );
    const [, written] = page("low-rank").match(/is written \(`x_factor_write`, `d_factor_write`\) in t \+ (.*);/) ?? [];
    const { first, column } = combinationWrites(of);
    const at = (w: number, r: number) => onPage(written, { k, w, r });
    expect([at(0, 0), at(0, 1) - at(0, 0), at(1, 0) - at(0, k)]).toEqual([first.cycles, column.cycles, 0]);
  });
});
