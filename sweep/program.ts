/** The version of what a result was computed with: the package's version and the content of its sources. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { workOf } from "./works.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

function files(path: string): string[] {
  if (statSync(join(ROOT, path)).isFile()) return [path];
  return readdirSync(join(ROOT, path)).flatMap((name) => files(`${path}/${name}`));
}

const known = new Map<string, string>();

/** @returns the package's version and 16 hexadecimal digits, e.g. `0.2.0-1f2e3d4c5b6a7988` */
export function programVersion(kind: string): string {
  const found = known.get(kind);
  if (found !== undefined) return found;
  const hash = createHash("sha256");
  for (const file of workOf(kind).sources.flatMap(files).sort())
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(ROOT, file)))
      .update("\0");
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const text = `${version}-${hash.digest("hex").slice(0, 16)}`;
  known.set(kind, text);
  return text;
}
