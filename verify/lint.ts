/** What Verilator and Icarus Verilog say of Verilog with every warning asked for: nothing, where it is clean. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { run } from "./tools.ts";

const TOP = "rankloom";

/** Runs `work` in a folder that holds the files, and that is gone afterwards. */
export async function inFolder<T>(
  files: ReadonlyMap<string, string>,
  work: (folder: string) => T | Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "rankloom-lint-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  try {
    for (const [name, text] of files) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return await work(folder);
  } finally {
    process.off("exit", remove);
    remove();
  }
}

/** @param sources files, or options that name them
 *  @returns the messages; empty: clean */
export const verilatorLint = (folder: string, sources: readonly string[]): Promise<string> =>
  complaints("verilator", ["--lint-only", "-Wall", "--top-module", TOP, ...sources], folder);

/** The same of Icarus Verilog, which takes file lists by `-c`. */
export const icarusLint = (folder: string, sources: readonly string[]): Promise<string> =>
  complaints("iverilog", ["-g2005", "-Wall", "-t", "null", "-s", TOP, ...sources], folder);

/** A generated set as its user would lint it: by its file list, from its folder.
 *  @returns both programs' messages; empty: clean */
export const lint = (files: ReadonlyMap<string, string>): Promise<string> =>
  inFolder(files, async (folder) => {
    const verilator = await verilatorLint(folder, ["-f", "rankloom.f"]);
    return verilator + (await icarusLint(folder, ["-c", "rankloom.f"]));
  });

async function complaints(command: string, args: readonly string[], folder: string): Promise<string> {
  const { code, output } = await run(command, args, folder);
  return code === 0 || output !== "" ? output : `${command} ended with code ${code}`;
}
