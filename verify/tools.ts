/** The tools that build a simulator of Verilog: how they are run, and which they are. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EXIT, Refusal } from "../generator/base/errors.ts";

/** Runs a command to its end; @returns what it printed */
export function run(command: string, args: readonly string[], cwd?: string): Promise<{ code: number; output: string }> {
  return new Promise((done, failed) => {
    const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    const output: Buffer[] = [];
    child.stdout.on("data", (d: Buffer) => output.push(d));
    child.stderr.on("data", (d: Buffer) => output.push(d));
    child.on("error", (error: NodeJS.ErrnoException) =>
      failed(
        error.code === "ENOENT"
          ? new Refusal(`${command} was not found; install it with: apt-get install ${command}`, EXIT.environment)
          : error,
      ),
    );
    child.on("close", (code) => done({ code: code ?? 1, output: Buffer.concat(output).toString() }));
  });
}

export interface Tools {
  /** What each says of itself, in one line. */
  readonly verilator: string;
  readonly compiler: string;
  /** Folder of Verilator's own C++. */
  readonly include: string;
  /** The compiler as Verilator's makefiles call it. */
  readonly cxx: readonly string[];
}

let tools: Promise<Tools> | null = null;

/** Verilator, and the compiler that its makefiles call. */
export function toolsOf(): Promise<Tools> {
  tools ??= askTools();
  return tools;
}

async function askTools(): Promise<Tools> {
  const [verilator, root] = await Promise.all([
    answerOf("verilator", ["--version"]),
    answerOf("verilator", ["--getenv", "VERILATOR_ROOT"]),
  ]);
  const include = join(root, "include");
  const [, words] = /^CXX *= *(.*)$/m.exec(readFileSync(join(include, "verilated.mk"), "utf8")) ?? [];
  const cxx = (words ?? "c++").trim().split(/\s+/);
  const [command, ...args] = cxx;
  return { verilator, compiler: await answerOf(command, [...args, "--version"]), include, cxx };
}

async function answerOf(command: string, args: readonly string[]): Promise<string> {
  const { output } = await run(command, args);
  return output.trim().split("\n")[0];
}
