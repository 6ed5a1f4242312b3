/** `rankloom verify`: runs the Verilog beside the simulator and the golden model, and says whether they are equal. */

import { statSync } from "node:fs";
import type { Command } from "commander";
import { STALLS } from "../generator/base/asked.ts";
import { EXIT, Refusal } from "../generator/base/errors.ts";
import { count } from "../generator/base/quantities.ts";
import { dataOf, leftText, Output, table } from "../report/console.ts";
import type { VerifyResult } from "../verify/verify.ts";
import {
  addDesign,
  addJson,
  addOut,
  addSeed,
  type DesignOptions,
  designOf,
  numberWithin,
  type OutOptions,
  wholeNumber,
} from "./options.ts";

interface Options extends DesignOptions, OutOptions {
  readonly samples?: number;
  readonly stalls?: number;
  readonly rtl?: string;
  readonly json?: string;
}

export function addVerify(root: Command): Command {
  const command = root.command("verify").description("show that Verilog, simulator and mathematics agree");
  addSeed(addDesign(command));
  return addOut(addJson(command))
    .option("--samples <n>", "training samples to run (default: one batch)", wholeNumber("--samples", 1))
    .option(
      "--stalls <seed>",
      `seed of the host's random stalls; 0: none (default: ${STALLS.otherwise})`,
      numberWithin("--stalls", STALLS),
    )
    .option("--rtl <dir>", "check the Verilog in this folder instead of freshly generated text")
    .action(verify);
}

async function verify(name: string, options: Options): Promise<void> {
  const { rtl, data, samples, stalls } = options;
  if (rtl !== undefined && !statSync(rtl, { throwIfNoEntry: false })?.isDirectory())
    throw new Refusal(`--rtl ${rtl}: is not a folder; give the folder that rankloom generate wrote`);
  const { design } = await designOf(name, options);
  const output = await Output.open(options.json);
  const { RunFolder } = await import("../report/runs.ts");
  const told = { kind: "verify", design, settings: { data, samples, stalls, rtl } } as const;
  const folder = RunFolder.open(options.out, told, {
    module: import.meta.url,
    reads: rtl === undefined ? [] : [rtl],
  });
  const { verify: run } = await import("../verify/verify.ts");
  const result = await run({ design, data, samples, stalls, rtlDir: rtl, onProgress: (text) => output.say(text) });
  await output.result(result);
  output.say(summary(design.name, result));
  if (folder) {
    const { toolsOf } = await import("../verify/tools.ts");
    const { verilator } = await toolsOf();
    output.say(leftText(await folder.write({ ...told, result }, undefined, { verilator })));
  }
  if (!result.equal) process.exitCode = EXIT.failedCheck;
}

function summary(name: string, result: VerifyResult): string {
  const { firstDifference, stateHash } = result;
  return [
    `${name}: ${result.equal ? "equal" : "NOT equal"}`,
    ...table(
      [
        ["data", dataOf(result.data)],
        [
          "samples",
          `${count(result.samples)}, ${result.stalls === 0 ? "no host stalls" : `host stalls of seed ${result.stalls}`}`,
        ],
        ["cycles", count(result.cycles)],
        ["events compared", count(result.eventsCompared)],
        ["states compared", count(result.statesCompared)],
        ["state sha256 of the RTL", stateHash.rtl ?? "not reached"],
        ["state sha256 of the simulator", stateHash.sim],
        ...result.goldenError.map((layer) => [`golden model, layer ${layer.layer}`, goldenText(layer)]),
        ["seconds", result.seconds.toFixed(1)],
      ],
      [0, 1],
    ),
    ...(firstDifference === undefined ? [] : difference(firstDifference)),
  ].join("\n");
}

function goldenText({ preactivation, activation, delta, distance }: VerifyResult["goldenError"][number]): string {
  const held = [
    ["z", preactivation],
    ["x", activation],
    ["δ", delta],
  ] as const;
  const parts = held.flatMap(([name, h]) => (h === null || h.elements === 0 ? [] : [`${name} ${boundText(h)}`]));
  return `${parts.join(", ")}; δ within ${distance.toPrecision(2)} of float64 end to end`;
}

/** Largest error of one kind of result, and the bound of that very element. */
function boundText({ error, bound, outside }: VerifyResult["goldenError"][number]["delta"]): string {
  const within = outside === 0 ? "≤" : `(${count(outside)} OUTSIDE)`;
  return `${error.toPrecision(2)} ${within} ${bound.toPrecision(2)}`;
}

function difference(first: NonNullable<VerifyResult["firstDifference"]>): string[] {
  return [
    "",
    `first difference: cycle ${count(first.cycle)}, ${first.module}, ${first.signal}`,
    ...table([
      ["RTL", String(first.rtl)],
      ["simulator", String(first.sim)],
    ]),
    "around it:",
    ...first.window.map((line) => `  ${line}`),
  ];
}
