import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { Refusal } from "../../generator/base/errors.ts";
import { writeFiles } from "../../generator/base/file-set.ts";
import { WholeFile, writeFileWhole } from "../../generator/base/write.ts";
import { temporaryFolder } from "./rankloom.ts";

function refusal(action: () => unknown): Refusal {
  try {
    action();
  } catch (error) {
    if (error instanceof Refusal) {
      expect(error.message).not.toContain("\n");
      return error;
    }
    throw error;
  }
  throw new Error("was not refused");
}

/** Every file below a folder with its content. */
function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  return Object.fromEntries(
    files.map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return [file.slice(folder.length + 1), readFileSync(file, "utf8")];
    }),
  );
}

const set = (tag: string, ...names: string[]) =>
  new Map(["design.json", ...names].map((name) => [name, `${tag} ${name}\n`]));

/** A file system of 64 KiB where this user may mount one; null elsewhere. */
function smallDisk(): string | null {
  const folder = temporaryFolder();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], { stdio: "ignore" });
  } catch {
    return null;
  }
  onTestFinished(() => void execFileSync("umount", [folder]));
  return folder;
}

describe("a set of files", () => {
  it("appears as a whole, in folders that are made for it", () => {
    const folder = temporaryFolder();
    writeFiles(join(folder, "a/b"), set("one", "x.v", "rtl/y.v"));
    const { "a/b/SHA256SUMS": sums, ...rest } = contents(folder);
    expect(rest).toEqual({
      "a/b/design.json": "one design.json\n",
      "a/b/x.v": "one x.v\n",
      "a/b/rtl/y.v": "one rtl/y.v\n",
    });
    expect(sums).toMatch(/^[0-9a-f]{64} {2}design\.json\n[0-9a-f]{64} {2}rtl\/y\.v\n[0-9a-f]{64} {2}x\.v\n$/);
  });

  it("has checksums that sha256sum agrees with", () => {
    const folder = join(temporaryFolder(), "set");
    writeFiles(folder, set("one", "x.v"));
    expect(execFileSync("sha256sum", ["-c", "SHA256SUMS"], { cwd: folder, encoding: "utf8" })).toBe(
      "design.json: OK\nx.v: OK\n",
    );
  });

  it("replaces the set before it, and leaves a user's own files where they are", () => {
    const folder = join(temporaryFolder(), "set");
    writeFiles(folder, set("one", "x.v", "rtl/y.v", "old/z.v"));
    mkdirSync(join(folder, "mine"));
    writeFileSync(join(folder, "mine/note.txt"), "note");
    writeFileSync(join(folder, "rtl/tb.v"), "bench");
    writeFiles(folder, set("two", "x.v", "rtl/w.v"));
    const { SHA256SUMS: _, ...rest } = contents(folder);
    expect(rest).toEqual({
      "design.json": "two design.json\n",
      "x.v": "two x.v\n",
      "rtl/w.v": "two rtl/w.v\n",
      "rtl/tb.v": "bench",
      "mine/note.txt": "note",
    });
    expect(readdirSync(join(folder, ".."))).toEqual(["set"]);
  });

  it("keeps the folder itself: its mode, and that it is where somebody stands", () => {
    const folder = join(temporaryFolder(), "set");
    writeFiles(folder, set("one", "x.v"));
    chmodSync(folder, 0o700);
    chmodSync(join(folder, "x.v"), 0o640);
    const before = statSync(folder);
    writeFiles(folder, set("two", "x.v"));
    expect(statSync(folder)).toMatchObject({ ino: before.ino, mode: before.mode });
    expect(statSync(join(folder, "x.v")).mode & 0o777).toBe(0o640);
  });

  it.each([
    ["../victim/f", "above the folder"],
    ["/etc/f", "anywhere"],
    ["rtl/../../victim/f", "above the folder by a detour"],
    ["\u001b[31mred", "of control characters"],
  ])("takes no name %j of a list from a stranger: %s", (name) => {
    const top = temporaryFolder();
    mkdirSync(join(top, "victim"));
    writeFileSync(join(top, "victim/f"), "data");
    const folder = join(top, "set");
    writeFiles(folder, set("one"));
    const sum = createHash("sha256").update("data").digest("hex");
    appendFileSync(join(folder, "SHA256SUMS"), `${sum}  ${name}\n`);
    const { message, exitCode } = refusal(() => writeFiles(folder, set("two")));
    expect(message).toMatch(/SHA256SUMS: line 2 is no checksum of a file of this folder; /);
    expect(exitCode).toBe(2);
    expect(readFileSync(join(top, "victim/f"), "utf8")).toBe("data");
  });

  it("goes through no link out of the folder", () => {
    const top = temporaryFolder();
    mkdirSync(join(top, "victim"));
    const folder = join(top, "set");
    writeFiles(folder, set("one", "rtl/x.v"));
    cpSync(join(folder, "rtl"), join(top, "victim"), { recursive: true });
    rmSync(join(folder, "rtl"), { recursive: true });
    symlinkSync("../victim", join(folder, "rtl"));
    expect(refusal(() => writeFiles(folder, set("two", "rtl/x.v"))).message).toMatch(/rtl: is a link; /);
    expect(contents(join(top, "victim"))).toEqual({ "x.v": "one rtl/x.v\n" });
  });

  it("of a killed process is finished by the next, whatever was moved already, and nothing of the user's is touched", () => {
    const dead = "0-999999999-1";
    fc.assert(
      fc.property(fc.subarray(["design.json", "x.v", "rtl/w.v", "old"]), (moved) => {
        const folder = join(temporaryFolder(), "set");
        const fresh = join(temporaryFolder(), "fresh");
        writeFiles(folder, set("one", "x.v", "old/z.v"));
        writeFileSync(join(folder, "mine.txt"), "mine");
        writeFiles(fresh, set("two", "x.v", "rtl/w.v"));
        const committed = join(folder, `.rankloom-set-${dead}`);
        cpSync(fresh, committed, { recursive: true });
        mkdirSync(join(folder, `.rankloom-stage-${dead}`));
        for (const name of moved) {
          if (name === "old") rmSync(join(folder, "old"), { recursive: true });
          else {
            mkdirSync(join(folder, "rtl"), { recursive: true });
            renameSync(join(committed, name), join(folder, name));
          }
        }
        const long = new Date(Date.now() - 1e9);
        for (const name of [committed, join(folder, `.rankloom-stage-${dead}`)]) utimesSync(name, long, long);
        writeFiles(folder, set("three", "y.v"));
        const { SHA256SUMS: _, ...rest } = contents(folder);
        expect(rest).toEqual({ "design.json": "three design.json\n", "y.v": "three y.v\n", "mine.txt": "mine" });
      }),
      { numRuns: 20 },
    );
  });

  it("of several processes at once is one of theirs, whole", async () => {
    const folder = join(temporaryFolder(), "set");
    writeFiles(folder, set("zero", "x.v"));
    writeFileSync(join(folder, "mine.txt"), "mine");
    const program = `
      import { writeFiles } from ${JSON.stringify(new URL("../../generator/base/file-set.ts", import.meta.url).href)};
      const tag = process.argv[1];
      for (let n = 0; n < 20; n++)
        writeFiles(${JSON.stringify(folder)}, new Map(["design.json", "x.v", tag].map((name) => [name, tag + name])));`;
    const run = promisify(execFile);
    const tags = ["a", "b", "c"];
    await Promise.all(
      tags.map((tag) => run(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program, tag])),
    );
    const { SHA256SUMS: _, ...rest } = contents(folder);
    const last = rest["x.v"].slice(0, 1);
    expect(rest).toEqual({
      "design.json": `${last}design.json`,
      "x.v": `${last}x.v`,
      [last]: last + last,
      "mine.txt": "mine",
    });
    execFileSync("sha256sum", ["--quiet", "-c", "SHA256SUMS"], { cwd: folder });
  });

  it("goes where a link points", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "real"));
    symlinkSync("real", join(folder, "link"));
    writeFiles(join(folder, "link"), set("one"));
    expect(readdirSync(join(folder, "real")).sort()).toEqual(["SHA256SUMS", "design.json"]);
  });

  it("does not replace a file that was edited", () => {
    const folder = join(temporaryFolder(), "set");
    writeFiles(folder, set("one", "x.v"));
    writeFileSync(join(folder, "x.v"), "mine");
    const before = contents(folder);
    const { message, exitCode } = refusal(() => writeFiles(folder, set("two", "x.v")));
    expect(message).toBe(
      `${folder}/x.v: was edited since it was generated; move it away, or generate into another folder`,
    );
    expect(exitCode).toBe(2);
    expect(contents(folder)).toEqual(before);
  });

  it("does not replace a file that was not generated", () => {
    const folder = join(temporaryFolder(), "set");
    writeFiles(folder, set("one"));
    writeFileSync(join(folder, "x.v"), "mine");
    expect(refusal(() => writeFiles(folder, set("two", "x.v"))).message).toMatch(/x\.v: was not generated here; /);
    expect(readFileSync(join(folder, "x.v"), "utf8")).toBe("mine");
  });

  it("does not go into a folder of other things", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "letter.txt"), "dear");
    const { message, exitCode } = refusal(() => writeFiles(folder, set("one")));
    expect(message).toMatch(/: holds files that were not generated here; give an empty or a new folder$/);
    expect(exitCode).toBe(2);
    expect(contents(folder)).toEqual({ "letter.txt": "dear" });
  });

  it("is refused where a file stands in its place, or above it", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "file"), "text");
    expect(refusal(() => writeFiles(join(folder, "file"), set("one"))).message).toMatch(/: is a file; give a folder$/);
    const { message, exitCode } = refusal(() => writeFiles(join(folder, "file/below/set"), set("one")));
    expect(message).toMatch(/: cannot be written: a part of its path is a file, not a folder; /);
    expect(exitCode).toBe(3);
    expect(contents(folder)).toEqual({ file: "text" });
  });

  it("is refused in one line where the system allows no folder", () => {
    expect(refusal(() => writeFiles("/proc/rankloom/set", set("one")))).toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/^\/proc\/rankloom\/set: cannot be written: /),
    });
  });

  it("leaves nothing behind on a full disk, and the set before it whole", () => {
    // Where no disk can be mounted, /proc stands in: it takes no file either.
    const disk = smallDisk();
    const folder = join(disk ?? "/proc", "set");
    if (disk !== null) writeFiles(folder, set("one", "x.v"));
    const before = disk === null ? {} : contents(disk);
    const big = new Map([...set("two"), ["big.v", "x".repeat(100_000)]]);
    const { message, exitCode } = refusal(() => writeFiles(folder, big));
    expect(message).toMatch(
      disk === null ? /: cannot be written: / : /: cannot be written: no space is left on its disk; /,
    );
    expect(exitCode).toBe(3);
    if (disk !== null) expect(contents(disk)).toEqual(before);
  });

  it("leaves no folder behind that it made on a full disk", () => {
    const disk = smallDisk();
    if (disk === null) return expect(() => writeFiles("/proc/a/b", set("one"))).toThrow(Refusal);
    refusal(() => writeFiles(join(disk, "a/b/set"), new Map([...set("two"), ["big.v", "x".repeat(100_000)]])));
    expect(readdirSync(disk)).toEqual([]);
  });
});

describe("a single file", () => {
  it("appears when it is complete, and replaces the one before", () => {
    const folder = temporaryFolder();
    const file = join(folder, "r.json");
    writeFileSync(file, "old");
    const whole = new WholeFile(file);
    expect(readFileSync(file, "utf8")).toBe("old");
    whole.write("new");
    expect(contents(folder)).toEqual({ "r.json": "new" });
  });

  it("leaves the one before when it is given up", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "r.json"), "old");
    new WholeFile(join(folder, "r.json")).discard();
    expect(contents(folder)).toEqual({ "r.json": "old" });
  });

  it.each([
    ["/dev/full", /^\/dev\/full: cannot be written: no space is left on its disk; /, 3],
    ["/proc/result.json", /^\/proc\/result\.json: cannot be written: /, 3],
    ["/nowhere/result.json", /: cannot be written: its folder does not exist; /, 3],
    ["/tmp", /^\/tmp: is a folder; give the name of a file$/, 2],
    ["package.json/x", /: cannot be written: a part of its path is a file/, 3],
  ])("is refused in one line at %s", (file, why, code) => {
    const { message, exitCode } = refusal(() => writeFileWhole(file, "text"));
    expect(message).toMatch(why);
    expect(exitCode).toBe(code);
  });

  it("leaves the one before whole on a full disk", () => {
    const disk = smallDisk();
    if (disk === null) return expect(() => writeFileWhole("/dev/full", "text")).toThrow(/no space/);
    writeFileSync(join(disk, "r.json"), "old");
    expect(refusal(() => writeFileWhole(join(disk, "r.json"), "x".repeat(100_000))).message).toMatch(
      /no space is left/,
    );
    expect(contents(disk)).toEqual({ "r.json": "old" });
  });
});
