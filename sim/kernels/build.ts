/** Compiles the AssemblyScript kernels, once for each content of their sources. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EXIT, Refusal } from "../../generator/base/errors.ts";

const SOURCES = fileURLToPath(new URL("assembly", import.meta.url));
const CACHE = fileURLToPath(new URL("../../out/cache", import.meta.url));

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
  const name = `kernels-${contentHash(compiler)}.wasm`;
  const cached = join(CACHE, name);
  try {
    return readFileSync(cached);
  } catch {
    return compile(compiler, name);
  }
}

function contentHash(compiler: string): string {
  const hash = createHash("sha256").update(JSON.stringify([OPTIONS, versionOf(compiler)]));
  for (const file of readdirSync(SOURCES).sort())
    if (file.endsWith(".ts"))
      hash
        .update(`${file}\0`)
        .update(readFileSync(join(SOURCES, file)))
        .update("\0");
  return hash.digest("hex").slice(0, 24);
}

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
      renameSync(file, join(CACHE, name));
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
    mkdirSync(CACHE, { recursive: true });
    return mkdtempSync(join(CACHE, "kernels-"));
  } catch {
    return mkdtempSync(join(tmpdir(), "rankloom-kernels-"));
  }
}
