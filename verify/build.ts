/** Builds Verilog with Verilator's command line, once for each content: binaries are kept by what went into them, which is
 *  sources, options, Verilator and the compiler. */
import { spawn } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { EXIT, Refusal } from "../generator/base/errors.ts";
import { cacheDir } from "../kept/cache.ts";
import { contentKey } from "../kept/key.ts";

export interface BuildOptions {
  /** Sources by file name: .v and .vlt go to Verilator, .cpp is compiled, .h is included. */
  readonly sources: ReadonlyMap<string, string>;
  readonly top: string;
  readonly trace: boolean;
  /** C++ optimisation flags. */
  readonly optimise: string;
  /** Further flags for Verilator. */
  readonly flags?: readonly string[];
}

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

/** @returns path of the binary */
export async function build(options: BuildOptions): Promise<string> {
  const { sources, top, trace, optimise } = options;
  const tools = await toolsOf();
  const args = argumentsOf(options);
  const target = join(cacheDir, `verilated-${contentKey({ sources, args, tools })}`);
  const binary = join(target, "harness");
  if (existsSync(binary)) return binary;
  mkdirSync(cacheDir, { recursive: true });
  const work = mkdtempSync(join(cacheDir, "build-"));
  try {
    const names: string[] = [];
    for (const [name, text] of sources) {
      writeFileSync(join(work, name), text);
      // A configuration holds for what is read after it.
      if (name.endsWith(".vlt")) names.unshift(name);
      else if (!name.endsWith(".h")) names.push(name);
    }
    const ccache = existsSync("/usr/bin/ccache") ? ["-MAKEFLAGS", "OBJCACHE=ccache"] : [];
    const runtime = join(cacheDir, `runtime-${contentKey({ trace, optimise, tools })}`);
    const kept = existsSync(runtime) ? readdirSync(runtime) : [];
    if (kept.length > 0) cpSync(runtime, join(work, "obj"), { recursive: true });
    // Not to be made again, although the design's makefile is newer.
    const old = kept.flatMap((name) => ["-MAKEFLAGS", `--old-file=${name}`]);
    const { code, output } = await run("verilator", [...args, "-j", "2", ...ccache, ...old, ...names], work);
    if (code !== 0) throw new Refusal(`verilator cannot build ${top}: ${firstErrors(output)}`, EXIT.failedCheck);
    if (kept.length === 0) keepRuntime(join(work, "obj"), runtime);
    mkdirSync(join(work, "done"));
    renameSync(join(work, "obj", "harness"), join(work, "done", "harness"));
    try {
      renameSync(join(work, "done"), target);
    } catch (error) {
      if (!existsSync(binary)) throw error;
    }
    return binary;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** What determines the binary, beside the sources and the tools. */
function argumentsOf({ top, trace, optimise, flags = [] }: BuildOptions): string[] {
  // What is compiled for one short run: the headers of many small files would cost more than their code.
  // And a module's code once, not once for each instance.
  const single = optimise === "-O0" ? ["-MAKEFLAGS", "VM_PARALLEL_BUILDS=0", "-fno-inline"] : [];
  return [
    "--cc",
    "--exe",
    "--build",
    "-O3",
    "--x-assign",
    "fast",
    "--x-initial",
    "unique",
    "--noassert",
    "--vpi",
    ...(trace ? ["--trace", "--trace-max-width", "1048576", "--trace-max-array", "0", "-CFLAGS", "-DTRACE"] : []),
    "-Wno-fatal",
    "-Wno-lint",
    "--top-module",
    top,
    "--Mdir",
    "obj",
    "-o",
    "harness",
    ...single,
    // A loop stays a loop: unrolled, the C++ of a machine's macros is four times as much, and slower for it.
    "--unroll-count",
    "1",
    // What runs once, at the start, is not worth the compiler's time: with wide registers, minutes.
    "-MAKEFLAGS",
    `OPT_FAST='${optimise}'`,
    "-MAKEFLAGS",
    "OPT_SLOW=-O0",
    ...flags,
  ];
}

export interface Tools {
  /** What each says of itself, in one line. */
  readonly verilator: string;
  readonly compiler: string;
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
  const [, words] = /^CXX *= *(.*)$/m.exec(readFileSync(join(root, "include", "verilated.mk"), "utf8")) ?? [];
  const [command, ...args] = (words ?? "c++").trim().split(/\s+/);
  return { verilator, compiler: await answerOf(command, [...args, "--version"]) };
}

async function answerOf(command: string, args: readonly string[]): Promise<string> {
  const { output } = await run(command, args);
  return output.trim().split("\n")[0];
}

/** Keeps the objects of Verilator's own C++, which are the same for every design and half of a small one's work. */
function keepRuntime(objects: string, runtime: string): void {
  const temporary = mkdtempSync(join(cacheDir, "runtime-"));
  for (const name of readdirSync(objects))
    if (/^verilated.*\.o$/.test(name)) copyFileSync(join(objects, name), join(temporary, name));
  try {
    renameSync(temporary, runtime);
  } catch {
    // Another build was first.
    rmSync(temporary, { recursive: true, force: true });
  }
}

function firstErrors(output: string): string {
  const lines = output.split("\n").filter((l) => /error|undefined reference/i.test(l));
  return (lines.length > 0 ? lines : output.split("\n")).slice(0, 4).join(" | ").slice(0, 600);
}
