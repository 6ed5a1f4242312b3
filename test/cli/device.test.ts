/** `rankloom device fit`: a table in, a device file and a picture out; what is wrong with a table, in one line. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadDesign } from "../../generator/design/load.ts";
import { readCurves } from "../../golden/fit/curves.ts";
import { node, ROOT, rankloom, temporaryFolder } from "./rankloom.ts";
import { refusalOf } from "./refusal.ts";

const EXAMPLE = join(ROOT, "examples/device-curves.csv");

describe("rankloom device fit", () => {
  it("writes a device file that a design can name, and a picture with axes and units", async () => {
    const folder = temporaryFolder();
    const [out, plot] = [join(folder, "mine.json"), join(folder, "mine.svg")];
    const { code, stdout } = await rankloom(["device", "fit", EXAMPLE, "--out", out, "--plot", plot]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/48 sweeps of 4 devices/);
    expect(stdout).toMatch(/range\s+4\.000e-7 to 5\.000e-6 S: on\/off 12\.50/);
    const { device } = loadDesign("tiny", [`device.preset=${out}`]).design;
    expect(device.model?.states).toEqual({ set: 64, reset: 50 });
    // The example's own labels are 2.41 and −3.17 on average, its noise 1 %.
    expect(device.model?.nonlinearity?.set).toBeCloseTo(2.41, 0);
    expect(device.model?.nonlinearity?.reset).toBeCloseTo(-3.17, 0);
    expect(device.model?.cycleToCycle).toBeCloseTo(0.01, 3);
    const picture = readFileSync(plot, "utf8");
    for (const text of ["conductance (µS)", "residual by pulse (% of range)", ">pulse<", ">set<", ">reset<"])
      expect(picture).toContain(text);
  });

  it("draws a PNG, and gives the fit as JSON", async () => {
    const plot = join(temporaryFolder(), "mine.png");
    const { code, stdout } = await rankloom(["device", "fit", EXAMPLE, "--plot", plot, "--json", "-"]);
    expect(code).toBe(0);
    expect([...readFileSync(plot).subarray(1, 4)]).toEqual([..."PNG"].map((c) => c.charCodeAt(0)));
    const { model, fit } = JSON.parse(stdout);
    expect(model.deviceToDevice).toBeGreaterThan(0.1);
    expect(fit.devices.map(({ device }: { device: string }) => device)).toEqual(["W1", "W2", "W3", "W4"]);
  });

  it("refuses names of other kinds of file, and leaves nothing behind where the table is wrong", async () => {
    const folder = temporaryFolder();
    for (const flags of [
      ["--out", "mine.txt"],
      ["--plot", "mine.jpg"],
    ]) {
      const { code, stderr } = await rankloom(["device", "fit", EXAMPLE, ...flags]);
      expect(code).toBe(2);
      expect(stderr).toMatch(/use a name that ends in \.(json|svg or \.png)\n$/);
    }
    const table = join(folder, "wrong.csv");
    writeFileSync(table, "cycle,direction,pulse\n1,set,0\n");
    const { code, stderr } = await rankloom(["device", "fit", table, "--out", join(folder, "mine.json")]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^[^\n]*wrong\.csv: has no column conductance [^\n]*\n$/);
    expect(existsSync(join(folder, "mine.json"))).toBe(false);
  });

  it("has the example's own script", async () => {
    const { stdout } = await node([join(ROOT, "examples/device-curves-data.mjs")]);
    expect(stdout).toBe(readFileSync(EXAMPLE, "utf8"));
  });
});

describe("a table of curves", () => {
  const head = "cycle,direction,pulse,conductance\n";
  const good = ["1,set,0,1e-6", "1,set,1,2e-6", "1,set,2,3e-6", "1,reset,1,2e-6", "1,reset,2,1e-6"];
  const read = (rows: readonly string[], header = head) => {
    const file = join(temporaryFolder(), "curves.csv");
    writeFileSync(file, `${header}${rows.join("\n")}\n`);
    return readCurves(file);
  };

  it("is read in the order of its rows: each pulse starts where the one before ended", () => {
    const { devices, states, sweeps } = read(good);
    expect([states, sweeps]).toEqual([{ set: 2, reset: 2 }, 2]);
    const [{ set, reset, lowest, highest }] = devices;
    expect([lowest, highest]).toEqual([1e-6, 3e-6]);
    for (const { from, to } of [set, reset]) {
      expect(from[0]).toBeCloseTo(0, 9);
      expect(to[0]).toBeCloseTo(0.5, 9);
      expect([from[1], to[1]]).toEqual([to[0], 1]);
    }
  });

  it("may leave out the state before the first pulse, and name several devices", () => {
    const rows = ["a", "b"].flatMap((device) => good.slice(1).map((row) => `${device},${row}`));
    const { devices } = read([...rows, "a,2,set,1,2e-6"], `device,${head}`);
    expect(devices.map(({ device, set }) => [device, set.to.length])).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
  });

  it.each([
    ["no rows of one direction", good.slice(0, 3), /has 0 reset pulses; give at least one sweep in each direction$/],
    ["a pulse left out", [...good.slice(0, 2), "1,set,3,3e-6"], /row 3, column "pulse": 3 where 2 should follow; /],
    ["a sweep that starts late", ["1,set,2,1e-6"], /row 1, column "pulse": 2 where 0 or 1 should follow; /],
    ["another direction", ["1,up,0,1e-6"], /row 1, column "direction": "up" is not allowed; use set or reset$/],
    [
      "a word for a number",
      ["1,set,0,high"],
      /row 1, column "conductance": "high" is not allowed; use a number above 0/,
    ],
    ["a conductance of 0", ["1,set,0,0"], /row 1, column "conductance": "0" is not allowed; use a number above 0/],
    ["an empty cell", ["1,set,,1e-6"], /row 1, column "pulse": "" is not allowed; use a whole number from 0/],
    [
      "one conductance",
      good.map((row) => row.replace(/[^,]*$/, "1e-6")),
      /less than a range of 1 %; give whole sweeps/,
    ],
    [
      "sweeps of one pulse",
      [good[0], good[1], good[3], "2,set,1,2e-6", "2,reset,1,1e-6"],
      /sweeps have 1 pulses; give sweeps of 2/,
    ],
    ["nothing", [], /curves\.csv: .*; give /],
  ])("is refused with %s", (_, rows, why) => {
    const line = refusalOf(() => read(rows));
    expect(line).toMatch(why);
    expect(line).not.toMatch(/\n|NaN|undefined/);
  });
});
