/** What becomes of one task: a result, a failure, or the end of the sweep. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { planSweep } from "../../sweep/plan.ts";
import { Store } from "../../sweep/store.ts";
import { runTask } from "../../sweep/task-program.ts";
import { temporaryFolder } from "../cli/rankloom.ts";

function place() {
  const folder = temporaryFolder();
  const file = join(folder, "s.json");
  const work = { kind: "train", samples: 32, testSamples: 32 };
  writeFileSync(file, JSON.stringify({ name: "s", design: "tiny", axes: { "training.batch": [8, 64] }, work }));
  return { store: new Store(join(folder, "out")), tasks: planSweep(file).tasks, folder };
}

it("has its result kept, or its reason", async () => {
  const { store, tasks } = place();
  const [fits, tooLarge] = tasks;
  expect(await runTask(store, fits)).toEqual({ result: store.result(fits.hash) });
  expect(await runTask(store, tooLarge)).toEqual({ failure: store.failures().get(tooLarge.hash) });
  expect(store.failures().get(tooLarge.hash)?.reason).toMatch(
    /^tiny: training\.batch: 64 samples are more than the 32/,
  );
  expect(store.finished().size).toBe(1);
});

it("is no failure where the program or the data is another one, or its place takes nothing: the sweep stops", async () => {
  const { store, tasks, folder } = place();
  const old = { ...tasks[0], program: "0.0.1-old" };
  expect(await runTask(store, old)).toEqual({
    stop: expect.stringMatching(/: the program has changed since .*\(0\.0\.1-old, now /),
  });
  expect(await runTask(store, { ...tasks[0], dataKey: "other" })).toEqual({
    stop: expect.stringMatching(/: the data has changed since the sweep was planned; /),
  });
  expect(store.failures().size).toBe(0);
  writeFileSync(join(folder, "file"), "");
  const answer = await runTask(new Store(join(folder, "file")), tasks[0]);
  expect(answer).toEqual({ stop: expect.stringMatching(/file: cannot be written: .*--resume$/) });
});
