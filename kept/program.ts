/** The version of the program behind a result, found from what its module imports: the package's version and the content
 *  of each file that takes part. Nobody lists these files. They are
 *
 *    - the module, and each that it imports, by a statement or by `import()` of a literal;
 *    - what these name as a URL of a literal beside `import.meta.url`: a template, a table, a worker's first module (whose
 *      imports count, too), a folder with all that is in it;
 *    - package.json and package-lock.json, for the packages and their versions, and tsconfig.json, by which TypeScript runs.
 *
 *  So a module names what it reads in this way and no other. Imports of types alone are no part of the running program. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "es-module-lexer/js";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const COMMON = ["package.json", "package-lock.json", "tsconfig.json"];

/** `import.meta`, as the reader of imports marks it. */
const META = -2;

const known = new Map<string, string>();

/** @param modules as `import.meta.url` has them
 *  @returns the package's version and 16 hexadecimal digits, e.g. `0.2.0-1f2e3d4c5b6a7988` */
export function programVersion(...modules: readonly string[]): string {
  const key = modules.join("\n");
  const found = known.get(key) ?? versionOf(modules.map((url) => fileURLToPath(url)));
  known.set(key, found);
  return found;
}

/** The same of any tree of files, as it is now. */
export function versionOf(modules: readonly string[], root = ROOT): string {
  const hash = createHash("sha256");
  for (const [file, content] of [...programFiles(modules, root)].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${file}\0${content.length}\0`).update(content);
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return `${version}-${hash.digest("hex").slice(0, 16)}`;
}

/** Each file that takes part, from the root, with its content. */
export function programFiles(modules: readonly string[], root = ROOT): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const contentOf = (file: string): Buffer => {
    const name = relative(root, file).replaceAll(sep, "/");
    const content = files.get(name) ?? readFileSync(file);
    files.set(name, content);
    return content;
  };
  const open = modules.map((module) => resolve(module));
  const seen = new Set(open);
  // The list grows while it is gone through.
  for (const file of open) {
    const content = contentOf(file);
    if (!/\.[cm]?[jt]s$/.test(file)) continue;
    for (const next of named(file, content.toString())) {
      if (seen.has(next)) continue;
      seen.add(next);
      // What lies in a folder is read, by a compiler or as templates, and not run.
      if (statSync(next).isDirectory()) for (const inner of filesBelow(next)) contentOf(inner);
      else open.push(next);
    }
  }
  for (const file of COMMON) contentOf(join(root, file));
  return files;
}

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });

const parsed = new Map<string, { readonly text: string; readonly names: readonly string[] }>();

/** Files and folders that a module names: what it imports, and what it reads. Versions share most of their modules, so what
 *  a text names is found once. */
function named(file: string, text: string): readonly string[] {
  const found = parsed.get(file);
  if (found?.text === text) return found.names;
  const names = namesIn(file, text);
  parsed.set(file, { text, names });
  return names;
}

function namesIn(file: string, text: string): string[] {
  return parse(text, file)[0].flatMap(({ n: name, d: kind, ss: begin, se: end }) => {
    if (kind === META) {
      const [, literal] = /\bnew URL\(\s*"([^"]+)",\s*$/.exec(text.slice(0, begin)) ?? [];
      return literal !== undefined && text.startsWith(".url", end) ? [resolve(dirname(file), literal)] : [];
    }
    const statement = text.slice(begin, end);
    if (name === undefined) throw new Error(`${file}: ${statement}: what is imported must be a literal`);
    const isFile = name.startsWith(".") && !/^(import|export)\s+type\b/.test(statement);
    return isFile ? [resolve(dirname(file), name)] : [];
  });
}
