/** The version of a program: every file that takes part counts, and none is forgotten. */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { describe, expect, it } from "vitest";
import { programFiles, programVersion, versionOf } from "../../kept/program.ts";
import { works } from "../../sweep/works.ts";
import { node, ROOT, temporaryFolder } from "../cli/rankloom.ts";
import { copyOf } from "./copy.ts";

const PROGRAMS = [...Object.values(works).map(({ module }) => relative(ROOT, fileURLToPath(module))), "cli/train.ts"];

const filesOf = (module: string) => [...programFiles([join(ROOT, module)]).keys()];

/** What a bundler would put together for this module. */
function bundled(module: string): string[] {
  const { metafile } = buildSync({
    ...{ entryPoints: [module], absWorkingDir: ROOT, outdir: "out", write: false, bundle: true, metafile: true },
    ...{ packages: "external", platform: "node", format: "esm", logLevel: "silent" },
  });
  return Object.keys(metafile.inputs);
}

/** A small tree of files. */
function tree(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  const common = { "package.json": '{"version":"1.2.3"}', "package-lock.json": "{}", "tsconfig.json": "{}" };
  for (const [name, text] of Object.entries({ ...common, ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

describe.each(PROGRAMS)("the program %s", (module) => {
  it("has each module that a bundler finds", () => {
    const own = filesOf(module);
    for (const file of bundled(module)) expect(own).toContain(file);
  });

  it("is another one after a change of any of its files", () => {
    const root = copyOf(module);
    const version = () => versionOf([join(root, module)], root);
    const before = version();
    expect(before).toBe(versionOf([join(ROOT, module)]));
    for (const file of new Set([...bundled(module), ...filesOf(module)])) {
      const path = join(root, file);
      const content = readFileSync(path);
      // A blank changes no meaning, of whatever kind of file it is.
      appendFileSync(path, "\n");
      expect({ file, isSame: version() === before }).toEqual({ file, isSame: false });
      writeFileSync(path, content);
    }
    expect(version()).toBe(before);
  });
});

describe("a training", () => {
  it("opens no file of the project that its version does not have", async () => {
    const folder = temporaryFolder();
    const list = join(folder, "opened");
    const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
    const args = ["--import", here("opened.mjs"), here("train.mjs"), "train", "tiny", "--samples", "64"];
    const { code, stderr } = await node([...args, "--threads", "1"], {
      cwd: folder,
      env: { ...process.env, OPENED: list },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const opened = readFileSync(list, "utf8")
      .split("\n")
      .filter((name) => name.startsWith("/") || name.startsWith("file:"))
      .map((name) => relative(ROOT, name.startsWith("file:") ? fileURLToPath(name) : name))
      .filter((name) => !/^(\.\.|out|node_modules|test)(\/|$)/.test(name));
    const own = filesOf("cli/train.ts");
    const known = (name: string) => own.some((file) => file === name || file.startsWith(`${name}/`));
    expect(opened.filter((name) => !known(name))).toEqual([]);
    for (const file of ["cli/train.ts", "golden/calibrate.ts", "sim/machine.ts", "sim/kernels/assembly/index.ts"])
      expect(opened).toContain(file);
  });
});

describe("a version", () => {
  it("has the package's, and is the same each time", () => {
    const url = new URL("../../sim/train.ts", import.meta.url).href;
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    expect(programVersion(url)).toMatch(new RegExp(`^${version}-[0-9a-f]{16}$`));
    expect(programVersion(url)).toBe(versionOf([fileURLToPath(url)]));
  });

  it("follows imports of every kind, and what is named beside a module, with what that imports", () => {
    const root = tree({
      "a.ts": `import { b } from "./b.ts"; import "./c.ts"; export { d } from "./d.ts"; import { type T, t } from "./t.ts";
        const later = () => import("./e.ts"); const worker = new URL("./f.mjs", import.meta.url);
        const data = new URL("./data/", import.meta.url); const text = "import './no.ts'"; // import "./no.ts"
        import type { G } from "./no.ts"; export type { H } from "./no.ts"; const here = import.meta.url;`,
      ...Object.fromEntries(["b", "c", "d", "e", "t", "g", "no"].map((name) => [`${name}.ts`, ""])),
      "f.mjs": `await import("./g.ts");`,
      "data/x.csv": "1",
      "data/deep/y.hbs": "2",
    });
    const own = ["a", "b", "c", "d", "e", "t", "g"].map((name) => `${name}.ts`);
    const common = ["package.json", "package-lock.json", "tsconfig.json"];
    expect([...programFiles([join(root, "a.ts")], root).keys()].sort()).toEqual(
      [...own, ...common, "f.mjs", "data/x.csv", "data/deep/y.hbs"].sort(),
    );
  });

  it("changes with a file that is new in a folder, and with one that gets another name", () => {
    const module = `const data = new URL("./data/", import.meta.url);`;
    const folders: Record<string, string>[] = [{ "data/a": "1" }, { "data/b": "1" }, { "data/a": "1", "data/b": "" }];
    const versions = folders.map((files) => {
      const root = tree({ "a.ts": module, ...files });
      return versionOf([join(root, "a.ts")], root);
    });
    expect(new Set(versions).size).toBe(3);
  });

  it("cannot be told of a program that imports what is only known when it runs", () => {
    const root = tree({ "a.ts": "const load = (name: string) => import(name);" });
    expect(() => versionOf([join(root, "a.ts")], root)).toThrow(/a\.ts: import\(name\): .* must be a literal$/);
  });
});
