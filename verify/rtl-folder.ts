/** Verilog that a user has edited, read from a folder. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { EXIT, Refusal } from "../generator/base/errors.ts";

/** All Verilog files of a folder, or of its `rtl` folder, by name. */
export function readRtlFolder(dir: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const folder of [dir, join(dir, "rtl")]) {
    let names: string[];
    try {
      names = readdirSync(folder).sort();
    } catch (error) {
      if (folder !== dir) continue;
      throw new Refusal(
        `--rtl ${dir}: ${(error as NodeJS.ErrnoException).code === "ENOENT" ? "does not exist" : "cannot be read"}; name a folder of Verilog files`,
        EXIT.badInput,
      );
    }
    for (const name of names) if (name.endsWith(".v")) files.set(name, readFileSync(join(folder, name), "utf8"));
  }
  if (![...files.keys()].includes("rankloom.v"))
    throw new Refusal(`--rtl ${dir}: has no rankloom.v; name the rtl folder of a generated design`, EXIT.badInput);
  return files;
}
