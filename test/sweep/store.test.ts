/** Results on disk: whole or not at all, of two writers one, and nothing of a disk that is full. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { findSweep, Store, StoreProblem } from "../../sweep/store.ts";
import { temporaryFolder } from "../cli/rankloom.ts";
import { refusalOf } from "../cli/refusal.ts";

const disk = vi.hoisted(() => ({ free: Number.POSITIVE_INFINITY }));

vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  return {
    ...fs,
    /** Writes what there is room for, as a disk that fills up does. */
    writeSync(descriptor: number, bytes: Buffer, offset: number) {
      if (disk.free <= 0) throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
      const length = Math.min(bytes.length - offset, disk.free);
      disk.free -= length;
      return fs.writeSync(descriptor, bytes, offset, length);
    },
  };
});

const hash = (n: number) => n.toString(16).padStart(32, "0");
const result = (n: number, accuracy = 0.5) => ({
  ...{ hash: hash(n), kind: "train", figures: { accuracy } },
  ...{ seconds: 1, host: "here", finished: "2026-01-01T00:00:00Z" },
});

it("the first result of a task stays, a later one changes nothing", () => {
  const folder = temporaryFolder();
  const [one, other] = [new Store(folder), new Store(folder)];
  expect(one.addResult(result(1, 0.5))).toBe(true);
  expect(other.addResult(result(1, 0.9))).toBe(false);
  expect(other.result(hash(1)).figures.accuracy).toBe(0.5);
  expect(one.finished()).toEqual(new Set([hash(1)]));
});

it("a full disk is said in one line and leaves no part of a file, wherever in it it fills up", () => {
  const folder = temporaryFolder();
  const store = new Store(folder);
  store.addResult(result(1));
  const length = JSON.stringify(result(2)).length;
  for (const free of [0, 1, length / 2, length]) {
    disk.free = Math.floor(free);
    let problem: unknown = null;
    try {
      store.addResult(result(2));
    } catch (error) {
      problem = error;
    }
    expect(problem).toBeInstanceOf(StoreProblem);
    expect((problem as Error).message).toMatch(/cannot be written: no space is left on its disk; .*--resume$/);
    expect(new Store(folder).finished()).toEqual(new Set([hash(1)]));
    expect(readdirSync(folder, { recursive: true, withFileTypes: true }).filter((f) => f.isFile())).toHaveLength(1);
  }
  disk.free = Number.POSITIVE_INFINITY;
  expect(store.addResult(result(2))).toBe(true);
  expect(store.finished()).toEqual(new Set([hash(1), hash(2)]));
});

it("a result takes the place of a failure, and failures are forgotten together", () => {
  const store = new Store(temporaryFolder());
  const failure = (n: number) => ({ hash: hash(n), reason: "why", seconds: 0, host: "", finished: "" });
  store.addFailure(failure(1));
  store.addFailure(failure(2));
  store.addResult(result(1));
  expect([...store.failures().keys()]).toEqual([hash(2)]);
  store.forgetFailures();
  expect(store.failures().size).toBe(0);
});

it("what an ended process was writing is removed, what a running one writes stays", () => {
  const folder = temporaryFolder();
  const store = new Store(folder);
  const folders = [`${hostname()}-999999999`, `${hostname()}-${process.pid}`, "elsewhere-1"];
  for (const name of folders) {
    mkdirSync(join(folder, "tmp", name), { recursive: true });
    writeFileSync(join(folder, "tmp", name, "0"), "half");
  }
  store.tidy();
  expect(readdirSync(join(folder, "tmp")).sort()).toEqual(folders.slice(1).sort());
});

it("one process at a time runs a sweep; the lock of one that has ended is no hindrance", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "running.json"), JSON.stringify({ host: hostname(), pid: 999999999 }));
  new Store(folder).lock();
  expect(JSON.parse(readFileSync(join(folder, "running.json"), "utf8")).pid).toBe(process.pid);
  expect(() => new Store(folder).lock()).toThrow(/: is being run by process \d+ on .*; wait for it or end it/);
  process.emit("exit", 0);
  expect(existsSync(join(folder, "running.json"))).toBe(false);
});

it("a sweep is found by name, file and folder, or as the one planned last", () => {
  const all = temporaryFolder();
  expect(refusalOf(() => findSweep(all))).toMatch(/: holds no sweep; run one first: /);
  const plan = (name: string) => ({ name, file: `${name}.json`, axes: [], every: [], kinds: [] });
  for (const name of ["first", "last"]) new Store(join(all, name)).writePlan(plan(name), []);
  for (const named of ["first", "first.json", join(all, "first")])
    expect(findSweep(all, named)).toBe(join(all, "first"));
  expect(refusalOf(() => findSweep(all, "zebra"))).toMatch(
    /^zebra: is no sweep that was run here; use .*first, .*last$/,
  );
});
