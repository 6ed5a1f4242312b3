/** How fast the simulator trains, and where its time goes: `node --import tsx bench/train.ts [preset] [--json FILE]`.
 *  The phases are timed on one thread, on the kernels and on their plain twins; whole epochs on one and more threads, each
 *  in a process of its own. */
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Dataset, loadDataset } from "../data/dataset.ts";
import { epochOrder } from "../data/order.ts";
import { writeFileWhole } from "../generator/base/write.ts";
import { presets } from "../generator/design/presets.ts";
import { type Design, validateDesign } from "../generator/design/schema.ts";
import { type PreparedMachine, prepareMachine } from "../prepare/machine.ts";
import { Arena } from "../sim/kernels/arena.ts";
import { instantiate, kernelModule } from "../sim/kernels/load.ts";
import { createPathBuffers, WasmSamplePath, WasmUpdateUnit } from "../sim/kernels/wasm-sample-path.ts";
import { Machine } from "../sim/machine.ts";
import { createStageBuffers, GradientStage } from "../sim/parallel-share.ts";
import { PlainSamplePath } from "../sim/sample-path.ts";
import { createState } from "../sim/state.ts";
import { train } from "../sim/train.ts";
import { accumulate } from "../sim/units/gradient-unit.ts";
import { inputCodes } from "../sim/units/sample-input.ts";

/** Samples before the clock starts, samples on the clock. */
const WARM = 2048;
const TIMED = 24_576;
const PLAIN_SAMPLES = 1536;
const REPEATS = 3;

type Phase = "forward" | "error" | "backward" | "gradient" | "update";
/** Microseconds a sample. */
type Profile = Record<Phase, number>;

const PHASES: readonly Phase[] = ["forward", "error", "backward", "gradient", "update"];
const total = (profile: Profile): number => PHASES.reduce((sum, phase) => sum + profile[phase], 0);

/** Times each phase of each batch. */
class Clock {
  readonly #batches: Profile[] = [];
  #now: Profile = noTime();
  #last = 0;

  start(): void {
    this.#last = performance.now();
  }

  stop(phase: Phase): void {
    const now = performance.now();
    this.#now[phase] += now - this.#last;
    this.#last = now;
  }

  endBatch(): void {
    this.#batches.push(this.#now);
    this.#now = noTime();
  }

  /** The tenth part of the batches that were fastest, phase by phase: what other processes took is not the simulator's. */
  perSample(batch: number): Profile {
    const at = Math.floor(this.#batches.length / 10);
    const fast = (phase: Phase) => this.#batches.map((p) => p[phase]).sort((x, y) => x - y)[at];
    return Object.fromEntries(PHASES.map((p) => [p, (1000 * fast(p)) / batch])) as Profile;
  }
}

function noTime(): Profile {
  return { forward: 0, error: 0, backward: 0, gradient: 0, update: 0 };
}

/** One machine that can be run phase by phase. */
interface Subject {
  readonly machine: Machine;
  run(label: number, clock: Clock): void;
  endOfBatch(): void;
}

async function kernelSubject({ ir, conductances }: PreparedMachine): Promise<Subject> {
  const arena = new Arena();
  const state = createState(ir, conductances, arena);
  const buffers = createPathBuffers(ir, arena);
  const gradient = ir.method === "mbgd" ? state.layers.map((l) => l.gradient as Int32Array) : null;
  const stageBuffers = createStageBuffers(ir, arena, gradient);
  const kernels = instantiate(kernelModule(), arena.memory);
  const path = new WasmSamplePath(kernels, ir, state.layers, buffers);
  path.updateUnit = new WasmUpdateUnit(kernels, ir, state.layers, path.scratch, arena);
  const stage = new GradientStage(kernels, ir, stageBuffers);
  return {
    machine: new Machine(ir, state, path),
    run: (label, clock) => {
      clock.start();
      for (let l = 0; l < ir.layers.length; l++) path.forward(l);
      clock.stop("forward");
      path.error(label);
      clock.stop("error");
      for (let l = ir.layers.length - 1; l > 0; l--) path.backward(l);
      path.align();
      clock.stop("backward");
      if (ir.method === "mbgd") stage.add(path.scratch);
      clock.stop("gradient");
    },
    endOfBatch: () => {
      stage.flush();
    },
  };
}

/** The plain path does not stop between its phases: all that is not gradient or update counts as forward. */
function plainSubject({ ir, conductances }: PreparedMachine): Subject {
  const state = createState(ir, conductances);
  const path = new PlainSamplePath(ir, state.layers);
  return {
    machine: new Machine(ir, state, path),
    run: (label, clock) => {
      clock.start();
      path.run(label, true);
      clock.stop("forward");
      if (ir.method === "mbgd")
        for (const layer of ir.layers) {
          const { x, aligned } = path.scratch;
          accumulate(layer, x[layer.index], aligned[layer.index], state.layers[layer.index].gradient);
        }
      clock.stop("gradient");
    },
    endOfBatch: () => {},
  };
}

function profile(
  subject: Subject,
  { train: samples }: Dataset,
  order: Uint32Array,
  warm: number,
  timed: number,
): Profile {
  const { machine } = subject;
  const { ir, state } = machine;
  const { size, bits } = ir.vectors[0];
  let clock = new Clock();
  for (let k = 0; k < warm + timed; k++) {
    if (k === warm) clock = new Clock();
    const index = order[k % order.length];
    machine.path.scratch.x[0].set(inputCodes(samples.codes.subarray(index * size, (index + 1) * size), bits));
    subject.run(samples.labels[index], clock);
    machine.countErrors(machine.path.scratch, true);
    const batchEnds = (k + 1) % ir.batch === 0;
    if (ir.method === "sgd" || batchEnds) {
      clock.start();
      subject.endOfBatch();
      clock.stop("gradient");
      machine.update();
      clock.stop("update");
    }
    if (!batchEnds) continue;
    clock.endBatch();
    machine.endBatch();
    for (const { gradient } of state.layers) gradient.fill(0);
  }
  return clock.perSample(ir.batch);
}

interface Epoch {
  readonly threads: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly samples: number;
  readonly peakMiB: number;
  readonly stateHash: string;
}

/** One epoch in this process. */
async function epoch(design: Design, threads: number): Promise<Epoch> {
  let seconds = 0;
  const before = process.cpuUsage();
  const result = await train({
    design,
    epochs: 1,
    threads,
    onEpoch: (e) => {
      seconds = e.seconds;
    },
  });
  const { user, system } = process.cpuUsage(before);
  return {
    threads,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    samples: result.samples,
    peakMiB: process.resourceUsage().maxRSS / 1024,
    stateHash: result.stateHash,
  };
}

function epochInOwnProcess(name: string, threads: number): Epoch {
  const args = ["--import", "tsx", fileURLToPath(import.meta.url), name, "--epoch", String(threads)];
  const { stdout, status } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error(`the epoch on ${threads} threads ended with code ${status}`);
  return JSON.parse(stdout) as Epoch;
}

const row = (cells: readonly string[]): string =>
  `  ${cells[0].padEnd(12)}${cells
    .slice(1)
    .map((c) => c.padStart(12))
    .join("")}`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: "string" }, epoch: { type: "string" } },
  });
  const name = positionals[0] ?? "mnist-mlp";
  const design = validateDesign(presets[name], name);
  if (values.epoch !== undefined) {
    process.stdout.write(JSON.stringify(await epoch(design, Number(values.epoch))));
    return;
  }
  const prepared = prepareMachine(design);
  const { ir } = prepared;
  const data = loadDataset({ inputs: ir.vectors[0].size, outputs: ir.errorUnit.outputs });
  const order = epochOrder(data.train.count, design.training.seed, 0);
  const kernels = profile(await kernelSubject(prepared), data, order, WARM, TIMED);
  const plain = profile(plainSubject(prepared), data, order, PLAIN_SAMPLES / 4, PLAIN_SAMPLES);
  console.log(`${name}, ${data.name}: microseconds a sample on one thread`);
  for (const phase of PHASES) {
    const share = `${((100 * kernels[phase]) / total(kernels)).toFixed(0)} %`;
    console.log(row([phase, kernels[phase].toFixed(2), share]));
  }
  console.log(row(["all", total(kernels).toFixed(2), "100 %"]));
  console.log(row(["plain twins", total(plain).toFixed(0), `${(total(plain) / total(kernels)).toFixed(0)} ×`]));
  console.log(`one epoch with its test, best of ${REPEATS}`);
  console.log(row(["threads", "seconds", "cpu seconds", "µs/sample", "peak MiB"]));
  const epochs: Epoch[] = [];
  for (const threads of new Set([1, 2, Math.min(8, availableParallelism())])) {
    const runs = Array.from({ length: REPEATS }, () => epochInOwnProcess(name, threads));
    const fastest = runs.reduce((a, b) => (a.seconds <= b.seconds ? a : b));
    epochs.push(fastest);
    const { seconds, cpuSeconds, samples, peakMiB } = fastest;
    const perSample = (1e6 * seconds) / samples;
    console.log(
      row([String(threads), seconds.toFixed(2), cpuSeconds.toFixed(2), perSample.toFixed(1), peakMiB.toFixed(0)]),
    );
  }
  if (new Set(epochs.map((e) => e.stateHash)).size !== 1) throw new Error("the number of threads changed the result");
  if (values.json !== undefined)
    writeFileWhole(values.json, `${JSON.stringify({ design: name, kernels, plain, epochs }, null, 2)}\n`);
}

await main();
