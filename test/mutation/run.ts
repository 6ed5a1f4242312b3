/** Runs faults through the checks, cheapest first, and says which check caught each. By hand:
 *  `npm run mutate -- [faults per module] [report.md] [module …]`. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Refusal } from "../../generator/base/errors.ts";
import { type Design, type DesignInput, validateDesign } from "../../generator/design/schema.ts";
import { emitRtl } from "../../generator/rtl/emit.ts";
import { prepareMachine } from "../../prepare/machine.ts";
import { verilatorLint } from "../../verify/lint.ts";
import { verify } from "../../verify/verify.ts";
import { choose, type Mutation, mutationsOf } from "./mutations.ts";

const base: DesignInput = {
  name: "mutation",
  network: { layers: [9, 5, 7], activation: "relu", loss: "softmax-cross-entropy" },
  tile: { rows: 8, cols: 6, columnsPerAdc: 2, adcBits: 4, readCycles: 2, rangeStart: "finest" },
  device: { preset: "ideal-40", pulseCycles: 3 },
  gradient: { method: "mbgd", rounding: "stochastic", lanes: 3, maxPulses: 2 },
  training: { batch: 3, learningRate: 3 },
};

/** Designs that between them use every unit, with ranges that widen and values that saturate. */
export const mutationDesigns: readonly Design[] = [
  base,
  {
    ...base,
    network: { layers: [5, 7, 3], activation: "sigmoid", loss: "squared-error" },
    tile: { rows: 6, cols: 4, columnsPerAdc: 2, inputBits: 5, errorBits: 6, adcBits: "lossless" },
    gradient: { method: "sgd", rounding: "nearest", lanes: 2, maxPulses: 7 },
  },
  {
    ...base,
    network: { layers: [6, 8, 5, 3], activation: "tanh", loss: "softmax-cross-entropy" },
    tile: { rows: 8, cols: 8, columnsPerAdc: 4, adcBits: 3, rangeStart: "finest", adcRange: "fixed" },
    gradient: { method: "mbgd", rounding: "nearest", lanes: 4, maxPulses: 1, accumulatorBits: 18 },
  },
  { ...base, gradient: { method: "lrt", rank: 2, update: "rank-seq", lanes: 3, maxPulses: 4 } },
  { ...base, gradient: { method: "sbpca", rank: 3, rounding: "nearest", lanes: 2, maxPulses: 4 } },
  { ...base, gradient: { method: "nmf", rank: 2, subBatch: 2, iterations: 2, lanes: 3, maxPulses: 4 } },
  {
    ...base,
    gradient: { method: "nmf", frontEnd: "lrt", frontEndRank: 2, rank: 2, iterations: 1, update: "rank-seq", lanes: 2 },
  },
  {
    ...base,
    network: { ...base.network, activation: "tanh" },
    gradient: { method: "sgd", programming: "coincidence", pulseTrain: 5, lanes: 3 },
    training: { batch: 3, learningRate: 400 },
  },
  {
    ...base,
    gradient: { method: "lrt", rank: 2, update: "rank-seq", programming: "coincidence", pulseTrain: 9, lanes: 2 },
  },
  {
    ...base,
    device: {
      model: {
        states: { set: 12, reset: 9 },
        nonlinearity: { set: 2, reset: -3 },
        cycleToCycle: 0.05,
        deviceToDevice: 0.5,
      },
      ...{ stuckOn: 0.05, stuckOff: 0.05, readNoise: 0.02, drift: 0.003, driftTarget: 0.3, verify: 2, pulseCycles: 2 },
    },
  },
  {
    ...base,
    tile: { ...base.tile, encoding: "differential" },
    device: { preset: "ag-a-si", states: { set: 8, reset: 8 }, drift: 0.003, driftTarget: 1, verify: 1 },
    gradient: { method: "sbpca", rank: 2, update: "rank-seq", lanes: 2, maxPulses: 6 },
  },
].map((input) => validateDesign(input, "mutation") as Design);

/** Which check caught a fault; null: none did. */
export type Verdict = { readonly mutation: Mutation; readonly caughtBy: string | null; readonly detail: string };

/** @param rtlOf generated Verilog of each design, by file name */
export async function judge(mutation: Mutation, rtlOf: readonly ReadonlyMap<string, string>[]): Promise<Verdict> {
  const file = `${mutation.module}.v`;
  const using = mutationDesigns.map((design, d) => ({ design, rtl: rtlOf[d] })).filter(({ rtl }) => rtl.has(file));
  for (const [k, { design, rtl }] of using.entries()) {
    const faulty = mutatedFor(mutation, rtl.get(file) ?? "");
    if (faulty === rtl.get(file)) continue;
    const folder = mkdtempSync(join(tmpdir(), "rankloom-fault-"));
    try {
      const names: string[] = [];
      for (const [name, text] of rtl) {
        writeFileSync(join(folder, name), name === file ? faulty : text);
        names.push(name);
      }
      const messages = await verilatorLint(folder, names);
      if (messages !== "") return { mutation, caughtBy: "lint", detail: messages.split("\n")[0].slice(0, 100) };
      const result = await verify({
        design,
        samples: 4 * design.training.batch + 1,
        stalls: 7 + k,
        rtlDir: folder,
        optimise: "-O0",
      });
      const d = result.firstDifference;
      if (d)
        return {
          mutation,
          caughtBy: `equality, design ${k}`,
          detail: `cycle ${d.cycle} ${d.module}.${d.signal}: ${d.rtl} instead of ${d.sim}`.slice(0, 140),
        };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { mutation, caughtBy: "harness", detail: error.message.slice(0, 140) };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return { mutation, caughtBy: null, detail: "" };
}

/** The fault in another design's text of the same module: the line with the same code. */
function mutatedFor(mutation: Mutation, text: string): string {
  const lines = text.split("\n");
  const at =
    lines[mutation.line - 1]?.trim() === mutation.before
      ? mutation.line - 1
      : lines.findIndex((l) => l.trim() === mutation.before);
  if (at < 0) return text;
  lines[at] = mutation.after;
  return lines.join("\n");
}

export function rtlFiles(design: Design): Map<string, string> {
  const files = new Map<string, string>();
  for (const [name, text] of emitRtl(prepareMachine(design).ir))
    if (name.endsWith(".v") && !name.includes("blackbox")) files.set(basename(name), text);
  return files;
}

/** Faults of every module that any of the designs has, in its longest text. */
export function allMutations(rtlOf: readonly ReadonlyMap<string, string>[], perModule: number): Mutation[] {
  const modules = new Map<string, string>();
  for (const rtl of rtlOf)
    for (const [name, text] of rtl) if (text.length > (modules.get(name)?.length ?? 0)) modules.set(name, text);
  return [...modules].flatMap(([name, text]) => choose(mutationsOf(name.replace(/\.v$/, ""), text), perModule));
}

async function main(): Promise<void> {
  const perModule = Number(process.argv[2] ?? 4);
  const rtlOf = mutationDesigns.map(rtlFiles);
  const only = process.argv.slice(4);
  const mutations = allMutations(rtlOf, perModule).filter((m) => only.length === 0 || only.includes(m.module));
  const verdicts: Verdict[] = [];
  const queue = [...mutations];
  const worker = async () => {
    for (let m = queue.shift(); m; m = queue.shift()) {
      const verdict = await judge(m, rtlOf);
      verdicts.push(verdict);
      console.log(
        `${verdict.caughtBy ? "caught " : "MISSED "} ${m.module}:${m.line} ${m.operator}: ${m.before} → ${m.after} [${verdict.caughtBy ?? "-"}: ${verdict.detail}]`,
      );
    }
  };
  await Promise.all([worker(), worker()]);
  const missed = verdicts.filter((v) => v.caughtBy === null);
  console.log(`${verdicts.length} faults, ${verdicts.length - missed.length} caught, ${missed.length} missed`);
  if (process.argv[3]) {
    const rows = verdicts
      .sort((a, b) =>
        a.mutation.module < b.mutation.module
          ? -1
          : a.mutation.module > b.mutation.module
            ? 1
            : a.mutation.line - b.mutation.line,
      )
      .map(
        (v) =>
          `| ${v.mutation.module} | ${v.mutation.operator} | \`${v.mutation.before.replaceAll("|", "\\|")}\` | \`${v.mutation.after.replaceAll("|", "\\|") || "(removed)"}\` | ${v.caughtBy ?? "**none**"} |`,
      );
    writeFileSync(
      process.argv[3],
      ["| module | fault | was | became | caught by |", "|---|---|---|---|---|", ...rows, ""].join("\n"),
    );
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
