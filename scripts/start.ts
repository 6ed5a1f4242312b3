/** The job of `npm start`: generates the accelerator `mnist-mlp`, trains it on real handwritten digits, shows that the
 *  Verilog does the same as the simulator, and makes a page of what was found: out/mnist-mlp/report.html. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { $ } from "zx";
import { duration, percent } from "../generator/base/quantities.ts";
import { RUNS, readRun } from "../report/runs.ts";

const DESIGN = "mnist-mlp";
const OUT = `out/${DESIGN}`;
const TRAINED = `${RUNS}/${DESIGN}-train`;
const VERIFIED = `${RUNS}/${DESIGN}-verify`;

const rankloom = fileURLToPath(new URL("../cli/rankloom.mjs", import.meta.url));
const root = fileURLToPath(new URL("..", import.meta.url));
const run = $({ cwd: root, stdio: "inherit", nothrow: true });

/** Runs one command in full view; a command that fails ends the job with its exit code. */
async function step(args: readonly string[], expected: readonly number[] = [0]): Promise<void> {
  console.log(`\n$ npx rankloom ${args.join(" ")}`);
  const { exitCode } = await run`${process.execPath} ${rankloom} ${args}`;
  if (!expected.includes(exitCode ?? 1)) process.exit(exitCode ?? 1);
}

const begun = performance.now();
await step(["generate", DESIGN]);
await step(["train", DESIGN, "--epochs", "2", "--out", TRAINED]);
await step(["verify", DESIGN, "--set", "training.batch=16", "--out", VERIFIED], [0, 1]);
await step(["report", TRAINED, VERIFIED, "--out", OUT]);
const [trained, verified] = [TRAINED, VERIFIED].map((folder) => readRun(join(root, folder)).record);
const accuracy = trained.kind === "train" ? percent(trained.result.accuracy.test) : "";
const equal = verified.kind === "verify" && verified.result.equal;
console.log(`\n${accuracy} right; Verilog and simulator ${equal ? "equal" : "NOT equal"}`);
console.log(`report: ${join(root, OUT, "report.html")} (${duration((performance.now() - begun) / 1000)})`);
process.exit(equal ? 0 : 1);
