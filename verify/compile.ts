/** From Verilog to a binary, by Verilator and a C++ compiler: in a folder that holds the sources. */
import { copyFileSync, cpSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EXIT, Refusal } from "../generator/base/errors.ts";
import { cacheDir } from "../kept/cache.ts";
import { contentKey } from "../kept/key.ts";
import { run, toolsOf } from "./tools.ts";

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

/** Optimisations of what is built for one short run: compiling costs more than running. */
const SHORT = ["-O0", "-O1"];

/** The binary is `obj/harness` in the folder then. */
export async function compile(options: BuildOptions, work: string): Promise<void> {
  for (const [name, text] of options.sources) writeFileSync(join(work, name), text);
  await (SHORT.includes(options.optimise) ? compileAtOnce(options, work) : compileApart(options, work));
}

/** Runs Verilator on a folder's sources; its C++ is in `obj`.
 *  @param further options, and C++ that it builds */
async function verilate({ sources, top, trace, flags = [] }: BuildOptions, work: string, further: readonly string[]) {
  const ending = (end: string) => [...sources.keys()].filter((name) => name.endsWith(end));
  const { code, output } = await run(
    "verilator",
    [
      "--cc",
      "-O3",
      "--x-assign",
      "fast",
      "--x-initial",
      "unique",
      "--noassert",
      "--vpi",
      // A loop stays a loop: unrolled, the C++ of a machine's macros is four times as much, and slower for it.
      "--unroll-count",
      "1",
      ...(trace ? ["--trace", "--trace-max-width", "1048576", "--trace-max-array", "0"] : []),
      "-Wno-fatal",
      "-Wno-lint",
      "--top-module",
      top,
      "--Mdir",
      "obj",
      ...further,
      ...flags,
      // A configuration holds for what is read after it.
      ...ending(".vlt"),
      ...ending(".v"),
    ],
    work,
  );
  refuseFailure(code, output, top);
}

/** For a long run: many files, on both cores, each by how often it runs. */
async function compileApart(options: BuildOptions, work: string): Promise<void> {
  const { sources, trace, optimise } = options;
  const ccache = existsSync("/usr/bin/ccache") ? ["-MAKEFLAGS", "OBJCACHE=ccache"] : [];
  const runtime = join(cacheDir, `runtime-${contentKey({ trace, optimise, tools: await toolsOf() })}`);
  const kept = existsSync(runtime) ? readdirSync(runtime) : [];
  if (kept.length > 0) cpSync(runtime, join(work, "obj"), { recursive: true });
  await verilate(options, work, [
    "--exe",
    "--build",
    "-j",
    "2",
    "-o",
    "harness",
    ...(trace ? ["-CFLAGS", "-DTRACE"] : []),
    ...ccache,
    // What runs once, at the start, is not worth the compiler's time: with wide registers, minutes.
    "-MAKEFLAGS",
    `OPT_FAST='${optimise}'`,
    "-MAKEFLAGS",
    "OPT_SLOW=-O0",
    // Not to be made again, although the design's makefile is newer.
    ...kept.flatMap((name) => ["-MAKEFLAGS", `--old-file=${name}`]),
    ...[...sources.keys()].filter((name) => name.endsWith(".cpp")),
  ]);
  if (kept.length === 0) keepRuntime(join(work, "obj"), runtime);
}

/** For a short run: the headers of many small files would cost more than their code. All is one file, behind headers
 *  that were compiled before; a module's code is there once, not once for each instance. */
async function compileAtOnce(options: BuildOptions, work: string): Promise<void> {
  const { sources, top, trace, optimise } = options;
  const [runtime] = await Promise.all([shortRuntime(trace, optimise), verilate(options, work, ["-fno-inline"])]);
  const obj = join(work, "obj");
  const generated = readdirSync(obj).filter((name) => name.endsWith(".cpp"));
  const once = generated.filter((name) => /__(Slow|Syms)\.cpp$/.test(name));
  const own = [...sources.keys()].filter((name) => name.endsWith(".cpp")).map((name) => `../${name}`);
  const included = (names: readonly string[]) => names.map((name) => `#include "${name}"`);
  const all = [
    ...included([...generated.filter((name) => !once.includes(name)), ...own]),
    // What runs once, at the start, is not worth the compiler's time.
    "#pragma GCC optimize (0)",
    ...included(once),
    "",
  ];
  writeFileSync(join(obj, "all.cc"), all.join("\n"));
  const objects = readdirSync(runtime).filter((name) => name.endsWith(".o"));
  const [command, ...words] = (await toolsOf()).cxx;
  const { code, output } = await run(
    command,
    [
      ...words,
      ...(await compilerFlags(trace, optimise)),
      "-include",
      join(runtime, HEADERS),
      "-I.",
      "-I..",
      "-o",
      "harness",
      "all.cc",
      ...objects.map((name) => join(runtime, name)),
      "-pthread",
    ],
    obj,
  );
  refuseFailure(code, output, top);
}

/** Verilator's own C++, and what all sources include. */
const RUNTIME = ["verilated", "verilated_dpi", "verilated_vpi", "verilated_threads"];
const HEADERS = "headers.h";

async function compilerFlags(trace: boolean, optimise: string): Promise<string[]> {
  const include = (await toolsOf()).include;
  return [
    `-I${include}`,
    `-I${join(include, "vltstd")}`,
    "-DVERILATOR=1",
    "-DVM_COVERAGE=0",
    "-DVM_SC=0",
    `-DVM_TRACE=${trace ? 1 : 0}`,
    "-DVM_TRACE_FST=0",
    `-DVM_TRACE_VCD=${trace ? 1 : 0}`,
    ...(trace ? ["-DTRACE"] : []),
    "-DVL_INCLUDE_OPT=include",
    "-w",
    optimise,
  ];
}

const runtimes = new Map<string, Promise<string>>();

/** Folder of the compiled headers and objects that every short build uses; made once for each kind of build. */
async function shortRuntime(trace: boolean, optimise: string): Promise<string> {
  const folder = join(cacheDir, `short-runtime-${contentKey({ trace, optimise, tools: await toolsOf() })}`);
  const made = runtimes.get(folder) ?? makeShortRuntime(folder, trace, optimise);
  runtimes.set(folder, made);
  return made;
}

async function makeShortRuntime(folder: string, trace: boolean, optimise: string): Promise<string> {
  if (existsSync(folder)) return folder;
  const include = (await toolsOf()).include;
  const temporary = mkdtempSync(join(cacheDir, "runtime-"));
  const headers = ["verilated.h", "verilated_syms.h", ...(trace ? ["verilated_vcd_c.h"] : [])];
  const standard = ["chrono", "cstdint", "cstdio", "cstdlib", "cstring", "string", "vector"];
  writeFileSync(
    join(temporary, HEADERS),
    [...standard.map((name) => `#include <${name}>`), ...headers.map((name) => `#include "${name}"`), ""].join("\n"),
  );
  const [command, ...words] = (await toolsOf()).cxx;
  const compileOne = async (source: string, result: string, flags: readonly string[]) => {
    const { code, output } = await run(command, [...words, ...flags, "-o", result, source], temporary);
    refuseFailure(code, output, "its runtime");
  };
  await compileOne(HEADERS, `${HEADERS}.gch`, ["-x", "c++-header", ...(await compilerFlags(trace, optimise))]);
  // It runs as often as any design's code, and is compiled once for all of them.
  const flags = ["-c", ...(await compilerFlags(trace, "-Os"))];
  for (const name of [...RUNTIME, ...(trace ? ["verilated_vcd_c"] : [])])
    await compileOne(join(include, `${name}.cpp`), `${name}.o`, flags);
  settle(temporary, folder);
  return folder;
}

/** Gives a folder that is complete its name; where another build was first, its folder stays. */
function settle(temporary: string, folder: string): void {
  try {
    renameSync(temporary, folder);
  } catch {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Keeps the objects of Verilator's own C++, which are the same for every design and half of a small one's work. */
function keepRuntime(objects: string, runtime: string): void {
  const temporary = mkdtempSync(join(cacheDir, "runtime-"));
  for (const name of readdirSync(objects))
    if (/^verilated.*\.o$/.test(name)) copyFileSync(join(objects, name), join(temporary, name));
  settle(temporary, runtime);
}

function refuseFailure(code: number, output: string, top: string): void {
  if (code !== 0) throw new Refusal(`verilator cannot build ${top}: ${firstErrors(output)}`, EXIT.failedCheck);
}

function firstErrors(output: string): string {
  const lines = output.split("\n").filter((l) => /error|undefined reference/i.test(l));
  return (lines.length > 0 ? lines : output.split("\n")).slice(0, 4).join(" | ").slice(0, 600);
}
