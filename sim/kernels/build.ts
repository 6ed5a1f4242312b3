/** Compiles the AssemblyScript kernels, once for each content of their sources. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EXIT, Refusal } from "../../generator/base/errors.ts";
import { cacheDir } from "../../kept/cache.ts";
import { contentKey } from "../../kept/key.ts";

const SOURCES = fileURLToPath(new URL("assembly", import.meta.url));

const OPTIONS = [
  "-O3",
  "--noAssert",
  "--runtime",
  "stub",
  "--use",
  "abort=",
  "--enable",
  "simd",
  "--enable",
  "threads",
  "--importMemory",
  "--sharedMemory",
  "--initialMemory",
  "1",
  "--maximumMemory",
  "65536",
];

/** The kernels' WebAssembly, from the cache if these sources were compiled before. */
export function kernelBinary(): Uint8Array<ArrayBuffer> {
  const compiler = createRequire(import.meta.url).resolve("assemblyscript/bin/asc.js");
  const name = `kernels-${keyOf(compiler)}.wasm`;
  const cached = join(cacheDir, name);
  try {
    return readFileSync(cached);
  } catch {
    return compile(compiler, name);
  }
}

const keyOf = (compiler: string): string =>
  contentKey({
    compiler: versionOf(compiler),
    options: OPTIONS,
    sources: new Map(readdirSync(SOURCES).map((file) => [file, readFileSync(join(SOURCES, file), "utf8")])),
  });

function versionOf(compiler: string): string {
  return (JSON.parse(readFileSync(join(compiler, "../../package.json"), "utf8")) as { version: string }).version;
}

/** A process of its own builds in a folder of its own, and only a finished file gets its name: so two that build at once
 *  do not meet. Where the cache cannot be written, the kernels are compiled in each run. */
function compile(compiler: string, name: string): Uint8Array<ArrayBuffer> {
  const work = workFolder();
  try {
    const file = join(work, name);
    const args = [compiler, join(SOURCES, "index.ts"), "-o", file, ...OPTIONS];
    const { status, stderr } = spawnSync(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
    if (status !== 0)
      throw new Refusal(`the simulator's kernels cannot be compiled: ${String(stderr).trim()}`, EXIT.environment);
    const binary = readFileSync(file);
    try {
      renameSync(file, join(cacheDir, name));
    } catch {
      // Not kept: see above.
    }
    return binary;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function workFolder(): string {
  try {
    mkdirSync(cacheDir, { recursive: true });
    return mkdtempSync(join(cacheDir, "kernels-"));
  } catch {
    return mkdtempSync(join(tmpdir(), "rankloom-kernels-"));
  }
}
