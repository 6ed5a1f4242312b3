/** The job of `npm start`: generates the accelerator `mnist-mlp`, trains it on real handwritten digits, shows that the
 *  Verilog does the same as the simulator, and writes what was found to out/mnist-mlp/report.md. */
import { readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { $, type ProcessOutput } from "zx";
import { bits, count, dataOf, percent } from "../cli/output.ts";
import { boundText } from "../cli/verify.ts";
import type { Ir } from "../generator/ir.ts";
import { writeFileWhole } from "../generator/write.ts";
import type { TrainResult } from "../sim/train.ts";
import type { VerifyResult } from "../verify/verify.ts";

const DESIGN = "mnist-mlp";
const OUT = `out/${DESIGN}`;
const COMMANDS = {
  generate: ["generate", DESIGN],
  train: ["train", DESIGN, "--epochs", "2"],
  verify: ["verify", DESIGN, "--set", "training.batch=16"],
} as const;

const rankloom = fileURLToPath(new URL("../cli/rankloom.mjs", import.meta.url));
const root = fileURLToPath(new URL("..", import.meta.url));
const run = $({ cwd: root, stdio: "inherit", nothrow: true });

/** Runs one command in full view; a command that fails ends the job with its exit code. */
async function step(args: readonly string[], expected: readonly number[] = [0]): Promise<ProcessOutput> {
  console.log(`\n$ npx rankloom ${args.join(" ")}`);
  const output = await run`${process.execPath} ${rankloom} ${args}`;
  if (!expected.includes(output.exitCode ?? 1)) process.exit(output.exitCode ?? 1);
  return output;
}

/** A command whose result is wanted as well. */
async function stepWithResult<T>(args: readonly string[], expected?: readonly number[]): Promise<T> {
  const file = `${root}${OUT}/${args[0]}.json`;
  rmSync(file, { force: true });
  await step([...args, "--json", file], expected);
  return JSON.parse(readFileSync(file, "utf8"));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, c) => (c === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}

function report(ir: Ir, trained: TrainResult, verified: VerifyResult): string {
  const tiles = ir.layers.reduce((sum, layer) => sum + layer.rowTiles * layer.colTiles, 0);
  const { cycles, memory, pulses } = trained;
  const share = (part: number, whole: number) => (whole === 0 ? "0.0 %" : `${((100 * part) / whole).toFixed(1)} %`);
  return `# ${DESIGN}

A network of ${ir.vectors.map((v) => v.size).join("-")} on ${tiles} crossbar tiles of ${ir.tileRows} × ${ir.tileCols},
trained on ${dataOf(trained.data)}. The Verilog lies beside this file; \`design.json\` holds every number of it.

## Result

${table(
  ["what", "figure"],
  [
    ["test samples classified rightly", percent(trained.accuracy.test)],
    ...trained.accuracy.perEpoch.map((accuracy, k) => [`after epoch ${k + 1}`, percent(accuracy)]),
    ["training samples", count(trained.samples)],
    ["clock cycles a training sample", count(Math.round(cycles.perSample))],
    ["programming pulses", count(pulses.total)],
    ["most pulses in one cell", count(pulses.maxPerCell)],
    ["seconds of simulation", trained.seconds.toFixed(1)],
  ],
)}

State of all conductances at the end (SHA-256): \`${trained.stateHash}\`
Data (SHA-256): \`${trained.data.sha256}\`

## Cycles

${table(
  ["phase", "cycles", "share"],
  Object.entries(cycles.byPhase).map(([phase, n]) => [phase, count(n), share(n, cycles.total)]),
)}

## Memory

${bits(memory.total)}, of which ${bits(memory.gradient)} (${share(memory.gradient, memory.total)}) only hold a batch's gradient.

${table(
  ["buffer", "bits", "share"],
  Object.entries(memory.bits).map(([name, n]) => [name, count(n), share(n, memory.total)]),
)}

## Verification

The generated Verilog ran in Verilator beside the simulator, on ${count(verified.samples)} training samples of
${dataOf(verified.data)} as one batch with its update: **${verified.equal ? "equal" : "NOT equal"}**.

${table(
  ["what", "figure"],
  [
    ["clock cycles", count(verified.cycles)],
    ["events compared", count(verified.eventsCompared)],
    ["states compared", count(verified.statesCompared)],
    ...verified.goldenError.flatMap(({ layer, preactivation, delta, distance }) => [
      [`layer ${layer}: error of z, its bound`, boundText(preactivation)],
      [`layer ${layer}: error of δ, its bound`, boundText(delta)],
      [`layer ${layer}: δ from float64's, end to end`, distance.toPrecision(2)],
    ]),
    ["seconds", verified.seconds.toFixed(1)],
  ],
)}

State after it (SHA-256), Verilog: \`${verified.stateHash.rtl ?? "not reached"}\`, simulator: \`${verified.stateHash.sim}\`

## Again

${Object.values(COMMANDS)
  .map((args) => `    npx rankloom ${args.join(" ")}`)
  .join("\n")}
`;
}

const begun = performance.now();
await step(COMMANDS.generate);
const trained = await stepWithResult<TrainResult>(COMMANDS.train);
const verified = await stepWithResult<VerifyResult>(COMMANDS.verify, [0, 1]);
const ir: Ir = JSON.parse(readFileSync(`${root}${OUT}/design.json`, "utf8"));
writeFileWhole(`${root}${OUT}/report.md`, report(ir, trained, verified));
console.log(
  `\n${percent(trained.accuracy.test)} right; Verilog and simulator ${verified.equal ? "equal" : "NOT equal"}`,
);
console.log(`report: ${OUT}/report.md (${((performance.now() - begun) / 1000).toFixed(0)} s)`);
process.exit(verified.equal ? 0 : 1);
