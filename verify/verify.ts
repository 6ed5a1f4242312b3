/** Equality of RTL, simulator and mathematics over whole batches: the RTL under Verilator with a host that stalls, its
 *  waveform and its state against the simulator's, the simulator's vectors against the golden model's. */

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { loadHead } from "../data/dataset.ts";
import { shapeOf } from "../data/samples.ts";
import { STALLS } from "../generator/base/asked.ts";
import { EXIT, Refusal } from "../generator/base/errors.ts";
import type { Design } from "../generator/design/schema.ts";
import type { Ir } from "../generator/ir/ir.ts";
import { emitRtl } from "../generator/rtl/emit.ts";
import { registerHeader } from "../generator/rtl/register-exports.ts";
import { cacheDir } from "../kept/cache.ts";
import { prepareMachine } from "../prepare/machine.ts";
import { Machine } from "../sim/machine.ts";
import { PlainSamplePath } from "../sim/sample-path.ts";
import { createState, stateHash } from "../sim/state.ts";
import { Tracer } from "../sim/trace.ts";
import { HostStalls, inputCodes } from "../sim/units/sample-input.ts";
import { build } from "./build.ts";
import { type Difference, EventComparer, type EventLog, emptyLog } from "./events.ts";
import { GoldenBound, type LayerError } from "./golden-bound.ts";
import { harnessHeader, settleCycles } from "./harness-header.ts";
import { readRtlFolder } from "./rtl-folder.ts";
import { allCells, Banks, expectedRegisters, logicalCells, readRecords, snapshot } from "./states.ts";
import { readWaveform } from "./waveform.ts";

export interface VerifyOptions {
  readonly design: Design;
  readonly data?: string;
  /** Samples to run; one batch if absent. */
  readonly samples?: number;
  /** Seed of the host's stalls; 0: none. Default 1. */
  readonly stalls?: number;
  /** Folder of Verilog to check instead of the generated text. */
  readonly rtlDir?: string;
  /** C++ optimisation of the built RTL. */
  readonly optimise?: string;
  readonly onProgress?: (text: string) => void;
}

export interface VerifyResult {
  readonly equal: boolean;
  readonly samples: number;
  readonly cycles: number;
  readonly eventsCompared: number;
  readonly statesCompared: number;
  readonly stateHash: { readonly rtl: string | null; readonly sim: string };
  readonly goldenError: LayerError[];
  readonly data: { readonly name: string; readonly source: string };
  readonly stalls: number;
  readonly seconds: number;
  readonly firstDifference?: Difference;
}

/** What the simulator says of a run. */
interface Expected {
  readonly log: EventLog;
  /** After each batch and at the end: samples so far, cycle, arrays. */
  readonly states: { samples: number; cycle: number; arrays: Map<string, Buffer | null> }[];
  readonly machine: Machine;
  readonly cycles: number;
  /** First cycle in which nothing is under way. */
  readonly end: number;
  readonly golden: LayerError[];
}

export interface Run {
  readonly ir: Ir;
  readonly conductances: Uint16Array[];
  readonly codes: Uint8Array;
  readonly labels: Uint16Array;
  readonly samples: number;
  readonly stalls: number;
}

function simulate({ ir, conductances, codes, labels, samples, stalls }: Run): Expected {
  const state = createState(ir, conductances);
  const path = new PlainSamplePath(ir, state.layers);
  const machine = new Machine(ir, state, path);
  const log = emptyLog(ir);
  const tracer = new Tracer(ir, machine, path, new HostStalls(stalls), (channel, cycle, value) => {
    log.cycles[channel].push(cycle);
    log.values[channel].push(value);
  });
  const golden = new GoldenBound(ir);
  const banks = new Banks(ir);
  const states: Expected["states"] = [];
  const inputs = ir.vectors[0].size;
  let current = 0;
  machine.listener = {
    sample: (scratch, label, prediction, train) => {
      golden.sample(codes.subarray(current * inputs, (current + 1) * inputs), label, state.layers, scratch);
      tracer.sample(scratch, label, prediction, train);
      banks.sample(scratch);
    },
    gradientStart: () => tracer.gradientStart(),
    instruction: (...event) => tracer.instruction(...event),
    gradient: (batchEnds) => tracer.gradient(batchEnds),
    update: (rows) => tracer.update(rows),
    trains: (trains) => tracer.trains(trains),
    range: () => tracer.range(),
  };
  for (current = 0; current < samples; current++) {
    const start = current * inputs;
    machine.sample(inputCodes(codes.subarray(start, start + inputs), ir.vectors[0].bits), labels[current], true);
    const done = current + 1;
    if (done % ir.batch === 0 || done === samples)
      states.push({ samples: done, cycle: tracer.cycle, arrays: snapshot(ir, state, banks) });
  }
  tracer.finish();
  const { cycle } = tracer;
  return { log, states, machine, cycles: cycle, end: cycle + settleCycles(ir), golden: golden.errors };
}

/** Beats of all samples as the harness offers them. */
export function beats({ ir, codes, labels, samples }: Run): Buffer {
  const { lanes, words, size, bits } = ir.vectors[0];
  const bytes = ir.streamBits / 8;
  const buffer = Buffer.alloc(samples * (words + 1) * bytes);
  for (let s = 0; s < samples; s++) {
    const sample = inputCodes(codes.subarray(s * size, (s + 1) * size), bits);
    for (let i = 0; i < size; i++) buffer[(s * (words + 1) + Math.floor(i / lanes)) * bytes + (i % lanes)] = sample[i];
    const label = (s * (words + 1) + words) * bytes;
    buffer[label] = labels[s] & 255;
    if (bytes > 1) buffer[label + 1] = labels[s] >> 8;
  }
  return buffer;
}

/** Verilator's choice of what to trace: signals that events are made of, in their modules and those that these are in.
 *  Tracing all would double the C++. */
function tracing(ir: Ir, verilog: ReadonlyMap<string, string>): string {
  const traced = new Set(ir.channels.map((c) => c.module));
  const name = (file: string) => file.replace(/\.v$/, "");
  const instantiates = (text: string) =>
    [...traced].some((module) => new RegExp(`^\\s*${module}\\s+[#\\w]`, "m").test(text));
  for (let before = -1; before !== traced.size; ) {
    before = traced.size;
    for (const [file, text] of verilog) if (instantiates(text)) traced.add(name(file));
  }
  const lines = ["`verilator_config"];
  for (const [file, text] of verilog)
    if (!traced.has(name(file))) lines.push(`tracing_off -file "${file}"`);
    else
      for (const line of silentLines(text, signalsOf(ir, name(file))))
        lines.push(`tracing_off -file "${file}" -lines ${line}`);
  return [...lines, ""].join("\n");
}

/** Signals of a module that events are made of. */
const signalsOf = (ir: Ir, module: string): Set<string> =>
  new Set(
    ir.channels
      .filter((channel) => channel.module === module)
      .flatMap(({ strobe, fields }) => [...(strobe === null ? [] : [strobe]), ...fields.map((field) => field.name)]),
  );

/** Lines that declare something else than the wanted signals, counted from 1. */
function silentLines(text: string, wanted: ReadonlySet<string>): number[] {
  const declares = /^\s*(input|output|wire|reg|integer|genvar|parameter|localparam)\b/;
  return text.split("\n").flatMap((line, at) => {
    const words: string[] = line.match(/\w+/g) ?? [];
    return declares.test(line) && !words.some((word) => wanted.has(word)) ? [at + 1] : [];
  });
}

/** Sources of one machine's harness: Verilog, C++ and what is traced. */
export function harnessSources(ir: Ir, rtl: ReadonlyMap<string, string>): Map<string, string> {
  const sources = new Map<string, string>();
  for (const [name, text] of rtl)
    if (name.endsWith(".v") && !name.includes("blackbox")) sources.set(basename(name), text);
  const verilog = new Map(sources);
  sources.set("harness.cpp", readFileSync(new URL("harness.cpp", import.meta.url), "utf8"));
  sources.set("machine.h", harnessHeader(ir));
  sources.set("registers.h", registerHeader(ir));
  sources.set("trace.vlt", tracing(ir, verilog));
  return sources;
}

/** @throws Refusal where RTL or environment cannot be used; a difference is a result, not an error */
export async function verify(options: VerifyOptions): Promise<VerifyResult> {
  const begun = performance.now();
  const say = options.onProgress ?? (() => {});
  const { design } = options;
  const { ir, conductances } = prepareMachine(design, { data: options.data });
  const wanted = options.samples ?? ir.batch;
  const head = loadHead(shapeOf(design.network), { path: options.data }, wanted);
  if (head.samples.count < wanted)
    throw new Refusal(
      `${head.source}: has ${head.samples.count} training samples, ${wanted} were asked for; use --samples ${head.samples.count} or fewer`,
    );
  const stalls = options.stalls ?? STALLS.otherwise;
  const run: Run = {
    ir,
    conductances,
    codes: head.samples.codes,
    labels: head.samples.labels,
    samples: wanted,
    stalls,
  };
  const rtl = options.rtlDir === undefined ? emitRtl(ir) : readRtlFolder(options.rtlDir);
  say(`building the RTL with Verilator`);
  const binary = await build({
    sources: harnessSources(ir, rtl),
    top: "rankloom",
    trace: true,
    optimise: options.optimise ?? "-Os",
  });
  say(`simulating ${wanted} samples and their events`);
  const expected = simulate(run);
  say(`running the RTL for ${expected.cycles} cycles`);
  const outcome = await runRtl(binary, run, expected);
  return {
    equal: outcome.difference === null && expected.golden.every(withinBounds),
    samples: wanted,
    cycles: expected.cycles,
    eventsCompared: outcome.events,
    statesCompared: outcome.states,
    stateHash: { rtl: outcome.hash, sim: stateHash(expected.machine.state.layers.map((l) => l.cells)) },
    goldenError: expected.golden,
    data: { name: head.name, source: head.source },
    stalls,
    seconds: (performance.now() - begun) / 1000,
    ...(outcome.difference ? { firstDifference: outcome.difference } : {}),
  };
}

const withinBounds = ({ preactivation, activation, delta }: LayerError): boolean =>
  [preactivation, activation, delta].every((held) => held === null || held.outside === 0);

interface Outcome {
  difference: Difference | null;
  events: number;
  states: number;
  hash: string | null;
}

/** Cycles that the RTL may run past the simulator's end before it is called stuck. */
const GRACE = 64;

async function runRtl(binary: string, run: Run, expected: Expected): Promise<Outcome> {
  mkdirSync(cacheDir, { recursive: true });
  const work = mkdtempSync(join(cacheDir, "run-"));
  try {
    const file = (name: string) => join(work, name);
    const cells = allCells(run.ir, run.conductances);
    writeFileSync(file("conductances"), new Uint8Array(cells.buffer));
    writeFileSync(file("beats"), beats(run));
    const args = [
      file("conductances"),
      file("beats"),
      file("states"),
      run.samples,
      run.stalls,
      1,
      expected.end + GRACE,
    ].map(String);
    const child = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"] });
    // The harness must not outlive a verification that is interrupted.
    const stop = () => child.kill();
    process.once("exit", stop);
    let complaint = "";
    child.stderr.on("data", (d: Buffer) => {
      complaint += d.toString();
    });
    const closed = new Promise<number>((done, failed) => {
      child.on("error", failed);
      child.on("close", (code) => done(code ?? 1));
    });
    const comparer = new EventComparer(run.ir, expected.log);
    let stopped = false;
    const missing = await readWaveform(run.ir, child.stdout, "TOP.rankloom", (channel, cycle, value) => {
      comparer.event(channel, cycle, value);
      const broken = comparer.firstBroken;
      if (!stopped && broken !== null && cycle > broken + 2 * GRACE) {
        stopped = true;
        child.kill();
      }
    });
    const code = await closed;
    process.off("exit", stop);
    if (missing.length > 0)
      throw new Refusal(`the RTL has no signal ${missing[0]}, which the design's events need`, EXIT.failedCheck);
    if (code !== 0 && !stopped)
      throw new Refusal(complaint.trim() || `the RTL's harness ended with code ${code}`, EXIT.failedCheck);
    const difference = comparer.finish(expected.end);
    if (difference) return { difference, events: comparer.compared, states: 0, hash: null };
    return { events: comparer.compared, ...compareStates(run.ir, expected, readFileSync(file("states"))) };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** State after each batch, and what the host reads at the end. */
function compareStates(ir: Ir, expected: Expected, file: Buffer): Omit<Outcome, "events"> {
  const records = readRecords(file);
  let at = 0;
  let compared = 0;
  const differs = (
    cycle: number,
    module: string,
    signal: string,
    rtl: string,
    sim: string,
  ): Omit<Outcome, "events"> => ({
    difference: { cycle, module, signal, rtl, sim, window: [] },
    states: compared,
    hash: null,
  });
  for (const { samples, cycle, arrays } of expected.states) {
    const mark = records[at++];
    if (mark?.name !== `sample ${samples}`)
      return differs(cycle, "rankloom", "batch", mark?.name ?? "nothing", `sample ${samples}`);
    if (Number(mark.data.readBigUInt64LE()) !== cycle)
      return differs(
        cycle,
        "rankloom",
        "ready for the next sample",
        `cycle ${mark.data.readBigUInt64LE()}`,
        `cycle ${cycle}`,
      );
    for (const [name, data] of arrays) {
      const record = records[at++];
      if (data !== null) compared++;
      if (record?.name !== name) return differs(cycle, name, "array", record?.name ?? "nothing", name);
      if (data === null || record.data.equals(data)) continue;
      const k = data.findIndex((byte, index) => record.data[index] !== byte);
      return differs(cycle, name, `byte ${k} of ${data.length}`, String(record.data[k]), String(data[k]));
    }
  }
  const [, idle, registers, readout] = records.slice(at);
  const end = expected.cycles;
  if (!readout) return differs(end, "rankloom", "end of the run", "never reached", `cycle ${end}`);
  const want = expectedRegisters(ir, expected.machine.state, Number(idle.data.readBigUInt64LE()));
  for (const [k, { name, value }] of want.entries()) {
    compared++;
    const got = registers.data.readUInt32LE(4 * k);
    if (got !== value) return differs(end, "host_registers", name, String(got), String(value));
  }
  const cells = allCells(
    ir,
    expected.machine.state.layers.map((l) => l.cells),
  );
  const read = new Uint16Array(
    readout.data.buffer.slice(readout.data.byteOffset, readout.data.byteOffset + readout.data.length),
  );
  compared++;
  const k = cells.findIndex((g, index) => read[index] !== g);
  if (k >= 0) return differs(end, "host_registers", `cell ${k} read out`, String(read[k]), String(cells[k]));
  return { difference: null, states: compared, hash: stateHash(logicalCells(ir, read)) };
}
