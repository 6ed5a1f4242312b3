/** Puts the commands together. Each command's file imports the machinery behind it only when it runs. */
import { Command } from "commander";
import { description, version } from "../generator/base/version.ts";
import { presets } from "../generator/design/presets.ts";
import { addCompare } from "./compare.ts";
import { addDevice } from "./device.ts";
import { addEstimate } from "./estimate.ts";
import { addGenerate } from "./generate.ts";
import { addGolden } from "./golden.ts";
import { addMemory } from "./memory.ts";
import { addPulses } from "./pulses.ts";
import { addQuery } from "./query.ts";
import { addReport } from "./report.ts";
import { addReproduce } from "./reproduce.ts";
import { runProgram } from "./run.ts";
import { addSweep } from "./sweep.ts";
import { addTrain } from "./train.ts";
import { addVerify } from "./verify.ts";
import { addWave } from "./wave.ts";

const EXIT_CODES = `
Exit codes:
  0    done
  1    a check failed: RTL and simulator differ
  2    bad input: a design, an option or a data file
  3    the environment: a tool, a permission or disk space is missing
  130  interrupted; what was finished is written`;

const DESIGNS = `
<design> is a preset (${Object.keys(presets).sort().join(", ")}) or a JSON file; docs/design-file.md lists its fields.`;

export function program(): Command {
  const root = new Command("rankloom")
    .description(`${description}.`)
    .version(version)
    .option("--debug", "show where in the code an error arose")
    .helpCommand(false)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "rankloom: ")) })
    .addHelpText("after", `${DESIGNS}\n${EXIT_CODES}`);
  for (const add of [
    addGenerate,
    addTrain,
    addVerify,
    addWave,
    addGolden,
    addCompare,
    addMemory,
    addEstimate,
    addDevice,
    addPulses,
    addSweep,
    addQuery,
    addReproduce,
    addReport,
  ])
    add(root).addHelpText("after", EXIT_CODES);
  return root;
}

export async function main(args: readonly string[]): Promise<void> {
  await runProgram(program(), args);
}
