/** Shows that two commits make the same machine: generates the Verilog of many designs and trains random ones with the
 *  program `rankloom` of both, and compares every file and every result. `npm run same -- <commit> [<commit>]`; without
 *  the second one, with the working tree. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import { appended, numberWithin, wholeNumber, words } from "../cli/options.ts";
import { runProgram } from "../cli/run.ts";
import { SEED } from "../generator/base/asked.ts";
import { EXIT } from "../generator/base/errors.ts";
import { duration } from "../generator/base/quantities.ts";
import { Output } from "../report/console.ts";
import { Checkout, temporaryFolder } from "./same-machine/checkout.ts";
import { combinations, randomDesigns } from "./same-machine/combinations.ts";
import { type Answer, Comparison } from "./same-machine/comparison.ts";

/** Several batches of the largest random one, and a rest. */
const AMOUNT = ["--samples", "33", "--test-samples", "40"];

const QUICK_DESIGNS = 5;

interface Options {
  readonly only?: string;
  readonly seed: number;
  readonly designs: number;
  readonly quick?: boolean;
  readonly expect: readonly string[];
}

/** Something to ask both commits. */
interface Question {
  /** For messages. */
  readonly command: string;
  readonly ask: (checkout: Checkout, out: string) => Promise<Answer>;
}

async function same(a: string, b: string | undefined, options: Options): Promise<void> {
  const begun = performance.now();
  const output = await Output.open();
  const folder = temporaryFolder();
  const sides = [
    Checkout.of(a, join(folder, "a")),
    b === undefined ? Checkout.workingTree() : Checkout.of(b, join(folder, "b")),
  ];
  output.say(sides.map(({ name }, i) => `${"AB"[i]}  ${name}`).join("\n"));
  const designs = Math.min(options.designs, options.quick ? QUICK_DESIGNS : options.designs);
  const files = randomDesigns(designs, options.seed).map((design, i) => {
    const file = join(folder, `design-${i}.json`);
    writeFileSync(file, JSON.stringify(design));
    return { file, name: `random design ${i} (${design.gradient.method}, --seed ${options.seed})` };
  });
  const parts: Readonly<Record<string, { readonly of: string; readonly questions: () => readonly Question[] }>> = {
    verilog: { of: "file", questions: () => [...presetQuestions(options.quick === true), ...files.map(generated)] },
    training: { of: "result", questions: () => files.map(trained) },
  };
  let equal = true;
  for (const [part, { of, questions }] of Object.entries(parts)) {
    if (options.only !== undefined && options.only !== part) continue;
    const comparison = new Comparison(options.expect);
    const all = questions();
    for (const [i, { command, ask }] of all.entries()) {
      output.progress(part, i, all.length);
      const [left, right] = await Promise.all(sides.map((side, s) => ask(side, join(folder, `out-${s}`))));
      comparison.add(command, left, right);
    }
    output.say(`\n${part}: ${comparison.lines(of).join("\n")}`);
    equal &&= comparison.same;
  }
  output.say(`\n${equal ? "the same machine" : "NOT the same"} (${duration((performance.now() - begun) / 1000)})`);
  if (!equal) process.exitCode = EXIT.failedCheck;
}

const presetQuestions = (quick: boolean): Question[] =>
  combinations(quick).map(({ preset, sets }) => ({
    command: `rankloom generate ${[preset, ...sets.map((set) => `--set ${set}`)].join(" ")}`,
    ask: (checkout, out) => checkout.generate([preset, ...sets.flatMap((set) => ["--set", set])], out),
  }));

interface DesignFile {
  readonly file: string;
  readonly name: string;
}

const generated = ({ file, name }: DesignFile): Question => ({
  command: `rankloom generate, ${name}`,
  ask: (checkout, out) => checkout.generate([file], out),
});

const trained = ({ file, name }: DesignFile): Question => ({
  command: `rankloom train, ${name}`,
  ask: (checkout) => checkout.train([file, ...AMOUNT]),
});

const program = new Command("same")
  .description("compares the generated hardware and the trainings of two commits")
  .argument("<A>", "commit")
  .argument("[B]", "commit (default: the working tree)")
  .option("--only <part>", "verilog or training", (text) => words("--only", ["verilog", "training"])(text)[0])
  .option("--seed <number>", "draws the random designs", numberWithin("--seed", SEED), 1)
  .option("--designs <n>", "random designs", wholeNumber("--designs", 1), 40)
  .option("--quick", "the smallest preset and a few random designs")
  .addOption(
    new Option("--expect <names>", "files or results that may differ, e.g. design.json,register_map.md")
      .default([], "none")
      .argParser((text: string, all: readonly string[]) =>
        text.split(",").reduce((names, name) => appended(name, names), all),
      ),
  )
  .exitOverride()
  .action(same);

await runProgram(program, process.argv.slice(2));
