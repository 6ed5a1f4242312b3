/** Pages of reports in a real browser: they load by themselves, draw, filter, save and print. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadDesign } from "../../generator/design/load.ts";
import type { Estimate } from "../../report/estimate-pictures.ts";
import { page as pageOf } from "../../report/page.ts";
import type { Picture, Row } from "../../report/picture.ts";
import type { RecordOf } from "../../report/record.ts";
import { reportOf, type Table } from "../../report/report.ts";
import { type Run, RunFolder, readRun } from "../../report/runs.ts";
import { sweepReport } from "../../report/sweep-report.ts";
import { train } from "../../sim/train.ts";
import { Store } from "../../sweep/store.ts";
import { rankloom } from "../cli/rankloom.ts";
import { openBrowser } from "./browser.ts";

const folder = mkdtempSync(join(tmpdir(), "rankloom-test-"));
let browser: Browser;
let complaints: string[] = [];

const BEHIND = { module: import.meta.url };

const GRADIENTS = [["gradient.method=mbgd"], ["gradient.method=lrt", "gradient.rank=2"]];

async function trained(sets: readonly string[], n: number): Promise<Run> {
  const { design } = loadDesign("tiny", sets);
  const told = { kind: "train", design, settings: { n } } as const;
  const out = join(folder, `run-${n}`);
  let cells: Parameters<RunFolder["write"]>[1];
  const result = await train({
    ...{ design, epochs: 2, samples: 64, testSamples: 100 },
    onCells: (maps) => {
      cells = maps;
    },
  });
  await RunFolder.open(out, told, BEHIND)?.write({ ...told, result }, cells);
  return readRun(out);
}

/** A check that found nothing wrong, without Verilator. */
async function verified(): Promise<Run> {
  const { design } = loadDesign("tiny", []);
  const told = { kind: "verify", design, settings: {} } as const;
  const held = { error: 0.01, bound: 0.04, elements: 9, outside: 0 };
  await RunFolder.open(join(folder, "check"), told, BEHIND)?.write({
    ...told,
    result: {
      ...{ equal: true, samples: 8, cycles: 1234, eventsCompared: 567, statesCompared: 8, stalls: 1, seconds: 1 },
      stateHash: { rtl: "ab", sim: "ab" },
      goldenError: [{ layer: 0, preactivation: held, activation: held, delta: held, distance: 0.1 }],
      data: { name: "generated", source: "generated (16 inputs, 4 classes)" },
    },
  });
  return readRun(join(folder, "check"));
}

/** Opens the file in the browser, and notes what goes wrong and what it asks the network for. */
async function open(name: string, text: string): Promise<Page> {
  const file = join(folder, name);
  writeFileSync(file, text);
  const page = await browser.newPage();
  complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (/^(https?|wss?):/.test(request.url())) complaints.push(request.url());
  });
  await page.goto(pathToFileURL(file).href);
  await page.waitForSelector("body.drawn");
  return page;
}

const symbols = (page: Page, id: string): Promise<number> =>
  page.locator(`figure#${id} .mark-symbol.role-mark.layer_1_marks path`).count();

beforeAll(async () => {
  browser = await openBrowser();
});

afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("the page of runs", () => {
  let page: Page;

  beforeAll(async () => {
    const runs = [await trained(GRADIENTS[0], 0), await trained(GRADIENTS[1], 1), await verified()];
    page = await open("runs.html", pageOf(reportOf(runs, [])));
  });

  it("loads without an error and without the network, and draws every picture with the units of its axes", async () => {
    expect(complaints).toEqual([]);
    const figures = page.locator("figure");
    expect(await figures.count()).toBe(4 + 1 + 2 * 7);
    for (const figure of await figures.all())
      expect(
        await figure.locator(".picture svg :is(path, rect)").count(),
        String(await figure.getAttribute("id")),
      ).toBeGreaterThan(4);
    const text = (await page.locator("section").allInnerTexts()).join("\n");
    for (const part of [
      ...["accuracy on the test set (%)", "memory that only holds the gradient (KiB)", "clock cycles", "pulses a cell"],
      ...["conductance (% of the range)", "wordline", "bitline", "largest error / its bound"],
    ])
      expect(text).toContain(part);
  });

  it("says all that it takes to run it again", async () => {
    const text = (await page.locator("section").allInnerTexts()).join("\n");
    expect(text).toContain("fcf7c093f3394333f0d74da244134b5b3e7ce97e87ee20677f71ec945cc2acc5");
    for (const part of ["npx rankloom", `node ${process.versions.node}`, '"learningRate"', "equal", "567"])
      expect(text).toContain(part);
  });

  it("filters its pictures", async () => {
    expect(await symbols(page, "accuracy-memory")).toBe(2);
    await page.locator("#filters input[data-field=method][value='\"lrt\"']").uncheck();
    await expect.poll(() => symbols(page, "accuracy-memory")).toBe(1);
    expect(await symbols(page, "accuracy-by-epoch")).toBe(2);
    await page.locator("#filters input[data-field=method][value='\"lrt\"']").check();
    await expect.poll(() => symbols(page, "accuracy-memory")).toBe(2);
    expect(complaints).toEqual([]);
  });

  it.each([
    ["accuracy-by-epoch", "svg", "<svg"],
    ["accuracy-by-epoch", "png", "\u0089PNG"],
    ["run-0-architecture", "svg", "<svg"],
    ["run-0-architecture", "png", "\u0089PNG"],
  ])("saves %s as %s", async (id, format, start) => {
    const saved = page.waitForEvent("download");
    await page.locator(`figure#${id} [data-save=${format}]`).click();
    const download = await saved;
    expect(download.suggestedFilename()).toBe(`${id}.${format}`);
    expect(readFileSync(await download.path(), "latin1").slice(0, 4)).toBe(start.slice(0, 4));
  });

  it("prints", async () => {
    const pdf = await page.pdf({ format: "A4" });
    expect(pdf.subarray(0, 5).toString()).toBe("%PDF-");
    await page.emulateMedia({ media: "print" });
    expect(await page.locator("#filters").isVisible()).toBe(false);
    expect(await page.locator("figure svg").first().isVisible()).toBe(true);
  });
});

describe("the page of a comparison", () => {
  /** As far as a report reads it; only its clock of 4 ns matters here. */
  const estimateOf = ({ record }: Run, n: number, name: string): Estimate => ({
    ...{ name, format: 1, design: (record as RecordOf<"compare">).result.runs[n].design },
    breakdowns: { area: { byLayer: { whole: "area" }, byUnit: { whole: "area" } } },
    figures: { "clock.period": { value: 4000, unit: "ps" }, area: { value: 1e9, unit: "nm2" } },
  });
  let compared: Run;

  beforeAll(async () => {
    const args = ["compare", "tiny", "--methods", "mbgd,lrt", "--ranks", "1,2", "--updates", "rank-sum"];
    const run = await rankloom([...args, "--samples", "64", "--out", "compared"], { cwd: folder });
    expect(run).toMatchObject({ code: 0, stderr: "" });
    compared = readRun(join(folder, "compared"));
  });

  it("shows the cells of every training, and filters them", async () => {
    const page = await open("compared.html", pageOf(reportOf([compared], [])));
    expect(complaints).toEqual([]);
    const tiles = () => page.locator("figure#pulses-by-training .mark-rect.role-mark path").count();
    const names = () => page.locator("figure#pulses-by-training text").allTextContents();
    // Layers of two by two and of two tiles.
    expect(await tiles()).toBe(3 * (4 + 2));
    expect((await names()).join(" ")).toMatch(/mbgd.*lrt, k = 1.*lrt, k = 2/);
    expect(await page.locator("figure#conductances-by-training .mark-line.role-mark path").count()).toBe(3 * 2 * 2);
    await page.locator("#filters input[data-field=rank][value='2']").uncheck();
    await expect.poll(tiles).toBe(2 * (4 + 2));
    expect(complaints).toEqual([]);
  });

  it("gives latency as time where every machine has an estimate", () => {
    const latency = (estimates: readonly Estimate[]) => {
      const [{ tables, pictures }] = reportOf([compared], estimates).sections;
      const { note, content } = pictures.find(({ id }) => id === "accuracy-latency") as Picture;
      const { head, rows } = (tables as readonly Table[])[0];
      const column = head.indexOf("µs a sample");
      const costs = (content as { rows: readonly Row[] }).rows.map(({ cost }) => Number(cost));
      return { note, costs, table: column < 0 ? null : rows.map((row) => row[column]) };
    };
    const { runs } = (compared.record as RecordOf<"compare">).result;
    const cycles = runs.map(({ cyclesPerSample }) => cyclesPerSample);
    const times = cycles.map((n) => (n * 4000) / 1e6);
    const estimates = runs.map((_, n) => estimateOf(compared, n, `e${n}`));
    expect(latency([])).toMatchObject({
      costs: cycles,
      table: null,
      note: expect.stringContaining("rankloom estimate"),
    });
    const one = latency(estimates.slice(1, 2));
    expect(one.costs).toEqual(cycles);
    expect(one.table?.map(Number)).toEqual([0, Number(times[1].toPrecision(4)), 0]);
    const all = latency(estimates);
    expect(all.note).toContain("clock of its estimate");
    for (const [n, cost] of all.costs.entries()) expect(cost).toBeCloseTo(times[n], 9);
  });
});

describe("the page of a sweep", () => {
  it("draws fronts and slices, and shows the design behind a point", async () => {
    const sweep = {
      ...{ name: "s", design: "tiny", work: { kind: "train", samples: 32, testSamples: 50 } },
      axes: { "gradient.method": ["mbgd", "sbpca"], "training.learningRate": [0.1, 0.2] },
    };
    writeFileSync(join(folder, "s.sweep.json"), JSON.stringify(sweep));
    const run = await rankloom(["sweep", "s.sweep.json"], { cwd: folder });
    expect(run.code).toBe(0);
    const page = await open("sweep.html", pageOf(await sweepReport(new Store(join(folder, "out/sweeps/s")))));
    expect(complaints).toEqual([]);
    expect(await symbols(page, "front-gradientBits")).toBe(4);
    expect(await page.locator("figure").count()).toBe(3 + 1 + 2);
    expect(await page.locator("#details").isVisible()).toBe(false);
    await page.locator("figure#front-gradientBits .mark-symbol.layer_1_marks path").first().click({ force: true });
    await expect.poll(() => page.locator("#details").isVisible()).toBe(true);
    const details = await page.locator("#details pre").textContent();
    expect(details).toMatch(/gradient\.method=/);
    expect(details).toContain("npx rankloom train design.json --epochs 1 --samples 32 --test-samples 50");
  });
});
