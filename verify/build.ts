/** Verilated binaries, built once for each content: kept by what goes into them, which is sources, options, the way they
 *  are compiled, Verilator and the compiler. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheDir } from "../kept/cache.ts";
import { contentKey } from "../kept/key.ts";
import { programVersion } from "../kept/program.ts";
import { type BuildOptions, compile } from "./compile.ts";
import { toolsOf } from "./tools.ts";

/** @returns path of the binary */
export async function build(options: BuildOptions): Promise<string> {
  const { sources, top, trace, optimise, flags = [] } = options;
  const key = contentKey({
    sources,
    top,
    trace,
    optimise,
    flags,
    recipe: programVersion(new URL("./compile.ts", import.meta.url).href),
    tools: await toolsOf(),
  });
  const target = join(cacheDir, `verilated-${key}`);
  const binary = join(target, "harness");
  if (existsSync(binary)) return binary;
  mkdirSync(cacheDir, { recursive: true });
  const work = mkdtempSync(join(cacheDir, "build-"));
  try {
    await compile(options, work);
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
