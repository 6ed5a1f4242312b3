/** A copy of the files that determine a result, and of no others, to run or to change. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { programFiles } from "../../kept/program.ts";
import { ROOT, temporaryFolder } from "../cli/rankloom.ts";

/** @param modules from the root
 *  @returns the copy's root */
export function copyOf(...modules: readonly string[]): string {
  const folder = temporaryFolder();
  for (const [name, content] of programFiles(modules.map((module) => join(ROOT, module)))) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  // What is kept there is found by its content, whoever made it.
  mkdirSync(join(ROOT, "out", "cache"), { recursive: true });
  mkdirSync(join(folder, "out"));
  symlinkSync(join(ROOT, "out", "cache"), join(folder, "out", "cache"));
  return folder;
}
