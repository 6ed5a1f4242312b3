/** `rankloom wave`: the files that it writes, what it refuses, and the page that shows it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT, rankloom, temporaryFolder } from "./rankloom.ts";

const page = readFileSync(join(ROOT, "docs/waveforms.md"), "utf8");
const commands = [...page.matchAll(/^npx rankloom (wave .+)$/gm)].map(([, words]) => words.split(" "));

/** Rows of a timing diagram below that of the phases, by their labels. */
const rowsOf = (svg: string) => [...svg.matchAll(/>(layer_[^<]+)<\/text>/g)].map(([, label]) => label);

describe("docs/waveforms.md", () => {
  it("shows what its first command prints, and the picture that it draws (npm run pictures -- waveform)", async () => {
    const cwd = temporaryFolder();
    const { code, stdout } = await rankloom(commands[0], { cwd });
    expect(code).toBe(0);
    const [, shown] = /^```text\n(.+?)^```$/ms.exec(page) ?? [];
    expect(stdout).toContain(shown);
    expect(readdirSync(cwd).sort()).toEqual(["tiny.gtkw", "tiny.svg", "tiny.vcd"]);
    const picture = readFileSync(join(ROOT, "docs/pictures/waveform.svg"), "utf8");
    expect(readFileSync(join(cwd, "tiny.svg"), "utf8")).toBe(picture);
    expect(readFileSync(join(cwd, "tiny.vcd"), "utf8")).toMatch(/^#1055$[\s\S]+^#1275$/m);
    expect(readFileSync(join(cwd, "tiny.gtkw"), "utf8")).toContain('[dumpfile] "tiny.vcd"');
  });

  it("chooses signals as it says", async () => {
    const cwd = temporaryFolder();
    const { code } = await rankloom(commands[1], { cwd });
    expect(code).toBe(0);
    expect(rowsOf(readFileSync(join(cwd, "tiny.svg"), "utf8"))).toEqual([
      ...["layer_0  x_write", "layer_0  x_word", "layer_0  x_data"],
      ...["0,0", "0,1", "1,0", "1,1"].map((tile) => `layer_0 tile ${tile}  column_codes`),
    ]);
  });

  it("has its command in the README", () => {
    const readme = readFileSync(join(ROOT, "README.md"), "utf8");
    expect(readme).toMatch(/^npx rankloom wave tiny /m);
  });
});

it("writes the waveform that a training writes", async () => {
  const cwd = temporaryFolder();
  const window = ["--from", "700", "--cycles", "1500", "--seed", "5"];
  const runs = [
    await rankloom(["train", "tiny", "--test-samples", "8", ...window, "--vcd", "train.vcd"], { cwd }),
    await rankloom(["wave", "tiny", ...window, "--out", "wave.vcd", "--json", "wave.json"], { cwd }),
  ];
  expect(runs.map(({ code }) => code)).toEqual([0, 0]);
  expect(runs[0].stdout).toContain("waveform: train.vcd, cycles 700 to 2199");
  const read = (name: string) => readFileSync(join(cwd, name), "utf8");
  expect(read("wave.vcd")).toBe(read("train.vcd"));
  expect(JSON.parse(read("wave.json"))).toMatchObject({
    ...{ from: 700, cycles: 1500, files: { vcd: "wave.vcd", gtkw: "wave.gtkw" } },
    design: { name: "tiny", training: { seed: 5 } },
  });
  expect(existsSync(join(cwd, "wave.svg"))).toBe(false);
});

it("a training that ends before the window says so, and within it shows what there was", async () => {
  const cwd = temporaryFolder();
  const args = ["train", "tiny", "--samples", "8", "--vcd", "t.vcd"];
  const late = await rankloom([...args, "--from", "1000000"], { cwd });
  expect(late.code).toBe(2);
  expect(late.stderr).toMatch(/^--from: 1000000 was not reached, the training ended after \d+ cycles; use a lower one/);
  expect(existsSync(join(cwd, "t.vcd"))).toBe(false);
  const short = await rankloom([...args, "--cycles", "1000000"], { cwd });
  const [, cycles] = /cycles +([\d,]+),/.exec(short.stdout) ?? [];
  const last = Number(cycles.replace(",", "")) - 1;
  expect(short.stdout).toContain(`waveform: t.vcd, cycles 0 to ${last}\n`);
  expect(readFileSync(join(cwd, "t.vcd"), "utf8")).toMatch(new RegExp(`^#${last + 1}\\n$`, "m"));
});

describe("bad input is refused in one line, and nothing is written", () => {
  it.each([
    [["tiny"], 2, /^--out: missing; give the waveform's name, e\.g\. wave\.vcd/],
    [["tiny", "--out", "wave.fst"], 2, /^--out: "wave\.fst" is not the name of a waveform/],
    [["tiny", "--out", "w.vcd", "--signals", "layer_0.*"], 2, /^--signals: needs --svg FILE/],
    [["tiny", "--out", "w.vcd", "--svg", ""], 2, /^--svg: needs the name of a file/],
    [
      ["tiny", "--out", "w.vcd", "--svg", "w.svg", "--signals", "error_unit.x"],
      2,
      /^--signals: "error_unit\.x" is not a signal; error_unit has y_write, y_word, y_data, exp_write, /,
    ],
    [
      ["tiny", "--out", "w.vcd", "--svg", "w.svg", "--signals", "layer_0.x_write,sequencer"],
      2,
      /^--signals: "sequencer" is not a signal; the design has sequencer, layer_0, /,
    ],
    [["tiny", "--out", "/nowhere/w.vcd"], 3, /^\/nowhere\/w\.vcd: cannot be written: its folder does not exist/],
    [["tiny", "--out", "w.vcd", "--svg", "/nowhere/w.svg"], 3, /^\/nowhere\/w\.svg: cannot be written/],
  ] as const)("%j", async (args, exitCode, text) => {
    const cwd = temporaryFolder();
    const { code, stderr } = await rankloom(["wave", ...args], { cwd });
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(text);
    expect(code).toBe(exitCode);
    expect(readdirSync(cwd)).toEqual([]);
  });
});
