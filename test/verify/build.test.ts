/** Verilated binaries: one for each content of sources, options and tools. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { temporaryFolder } from "../cli/rankloom.ts";

const cache = vi.hoisted(() => ({ folder: "" }));
vi.mock("../../kept/cache.ts", () => ({
  get cacheDir() {
    return cache.folder;
  },
}));

const OPTIONS = { top: "none", trace: false, optimise: "-Os" };

beforeEach(() => {
  // A process asks the tools for their versions once.
  vi.resetModules();
  cache.folder = temporaryFolder();
});

/** Programs that act as Verilator and its compiler.
 *  @returns how often something was built, and a build with these tools in a process of its own */
function tools() {
  const folder = temporaryFolder();
  const before = process.env.PATH;
  process.env.PATH = `${folder}:${before}`;
  onTestFinished(() => {
    process.env.PATH = before;
  });
  const program = (name: string, text: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  mkdirSync(join(folder, "include"));
  writeFileSync(join(folder, "include/verilated.mk"), "AR = ar\nCXX = made-up-c++ -m64\n");
  const log = join(folder, "log");
  writeFileSync(log, "");
  const set = (verilator: string, compiler: string) => {
    program(
      "verilator",
      `case "$1" in
--version) echo "${verilator}";;
--getenv) echo ${folder};;
*) echo built >> ${log}; mkdir -p obj; echo binary > obj/harness;;
esac`,
    );
    program("made-up-c++", `echo "${compiler} $1"; echo more`);
  };
  return {
    set,
    built: () => readFileSync(log, "utf8").split("\n").length - 1,
    async build(options: object = {}, source = "// none") {
      const { build } = await import("../../verify/build.ts");
      return build({ sources: new Map([["none.v", source]]), ...OPTIONS, ...options });
    },
  };
}

it("are built again by another Verilator or another compiler, and never twice by the same", async () => {
  const { set, built, build } = tools();
  const found = new Map<string, string>();
  const pairs = [
    ["Verilator 5.1", "c++ 12"],
    ["Verilator 5.2", "c++ 12"],
    ["Verilator 5.2", "c++ 13"],
  ];
  for (const [verilator, compiler] of [...pairs, ...pairs]) {
    vi.resetModules();
    set(verilator, compiler);
    const binary = await build();
    const earlier = found.get(verilator + compiler) ?? binary;
    expect(binary).toBe(earlier);
    found.set(verilator + compiler, binary);
  }
  expect(built()).toBe(3);
  expect(new Set(found.values()).size).toBe(3);
});

it("are built again for other sources and options", async () => {
  const { set, built, build } = tools();
  set("Verilator 5.1", "c++ 12");
  const all = [
    await build(),
    await build({}, "other"),
    await build({ top: "other" }),
    await build({ trace: true }),
    await build({ optimise: "-O2" }),
    await build({ flags: ["-Gn=1"] }),
    await build(),
  ];
  expect(new Set(all).size).toBe(6);
  expect(built()).toBe(6);
});
