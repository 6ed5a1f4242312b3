/** `rankloom reproduce`: its sweep files, and every figure from results to picture, on a small network. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { svg } from "../../report/vega.ts";
import { figures } from "../../reproduce/figures.ts";
import { quickSweep, sweepFileOf } from "../../reproduce/sweeps.ts";
import { LocalExecutor } from "../../sweep/local.ts";
import { planSweep } from "../../sweep/plan.ts";
import { runSweep } from "../../sweep/run.ts";
import { Store } from "../../sweep/store.ts";
import { ROOT, rankloom, temporaryFolder } from "./rankloom.ts";

const silent = { progress() {}, say() {} };

describe.each(figures.map((figure) => [figure.name, figure] as const))("experiment %s", (name, figure) => {
  it("has a whole sweep with seeds, and a quick one that is a part of its axes", () => {
    const { tasks } = planSweep(sweepFileOf(figure));
    const seeds = new Set(tasks.map(({ point }) => point["training.seed"]));
    expect(seeds.size).toBeGreaterThanOrEqual(3);
    const whole = JSON.parse(readFileSync(sweepFileOf(figure), "utf8"));
    expect(Object.keys(quickSweep(figure).axes)).toEqual(Object.keys(whole.axes));
  });

  it("gives rows and a picture", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "small.sweep.json");
    const sweep = { ...quickSweep(figure), design: "tiny", work: { kind: "train", samples: 256, testSamples: 16 } };
    writeFileSync(file, JSON.stringify(sweep));
    const { plan, tasks } = planSweep(file);
    const store = new Store(join(folder, "results"));
    const signal = new AbortController().signal;
    const { tables, failures } = await runSweep(store, plan, tasks, new LocalExecutor(store, 2), silent, signal);
    expect([...failures.values()]).toEqual([]);
    const { rows } = await tables.rows(figure.sql);
    tables.close();
    expect(rows.length).toBeGreaterThan(3);
    for (const { accuracy, seeds, pulsesPerCell } of rows) {
      expect(Number(accuracy)).toBeGreaterThanOrEqual(0);
      expect(Number(seeds)).toBe(1);
      expect(Number(pulsesPerCell)).toBeGreaterThanOrEqual(0);
    }
    const shown = rows.map((row) => ({ ...row, percent: 100 * Number(row.accuracy) }));
    const picture = await svg(figure.picture(shown), name);
    expect(picture).toContain("accuracy on the test set (%)");
    expect(picture.match(/aria-roledescription|<path/g)?.length).toBeGreaterThan(rows.length);
  });
});

it.each(["claims", "devices-epoch"])("the sweep %s of docs/reproduce.md is whole", (name) => {
  const { tasks, skipped } = planSweep(join(ROOT, "reproduce", `${name}.sweep.json`));
  expect(tasks.length).toBeGreaterThan(20);
  expect(skipped).toBe(0);
});

it("an experiment that is not there is refused, and those that are there are named", async () => {
  const { code, stderr } = await rankloom(["reproduce", "--figure", "figure-9"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/figure-9.*epochs, ranks, rounding, nonidealities, devices/);
});
