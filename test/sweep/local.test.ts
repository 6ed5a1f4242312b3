/** Local processes: a task that takes its process with it is the only one that fails. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { LocalExecutor } from "../../sweep/local.ts";
import { planSweep } from "../../sweep/plan.ts";
import { Store } from "../../sweep/store.ts";
import type { Failure } from "../../sweep/task.ts";
import { temporaryFolder } from "../cli/rankloom.ts";
import { childrenOf, kill } from "./faults.ts";

it("a process that dies twice over the same task fails it; all other tasks have results", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "s.json");
  const axes = { "training.seed": [1, 2, 3, 4, 5, 6] };
  writeFileSync(file, JSON.stringify({ name: "s", design: "tiny", axes, work: { kind: "train", samples: 32 } }));
  const { tasks } = planSweep(file);
  const store = new Store(join(folder, "out"));
  // Longer than anyone waits: it is killed whenever it is all that is left.
  const long = { ...tasks[2], hash: "f".repeat(32), work: { kind: "train", epochs: 10000 } };
  const failures: Failure[] = [];
  const timer = setInterval(() => {
    if (store.finished().size === tasks.length) for (const pid of childrenOf(process.pid)) kill(pid);
  }, 100);
  const events = { result: () => {}, failure: (failure: Failure) => failures.push(failure), say: () => {} };
  await new LocalExecutor(store, 2).run(
    [...tasks.slice(0, 2), long, ...tasks.slice(2)],
    events,
    new AbortController().signal,
  );
  clearInterval(timer);
  expect(failures.map(({ hash, reason }) => [hash, reason])).toEqual([[long.hash, "its process ended by SIGKILL"]]);
  expect(store.finished()).toEqual(new Set(tasks.map(({ hash }) => hash)));
  expect([...store.failures().keys()]).toEqual([long.hash]);
});
