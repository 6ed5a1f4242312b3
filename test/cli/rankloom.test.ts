import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { program } from "../../cli/main.ts";
import { type Run, rankloom, temporaryFolder } from "./rankloom.ts";

const COMMANDS = ["generate", "train", "verify", "golden"] as const;

function expectOneLine({ stdout, stderr }: Run, why: RegExp): void {
  expect(stdout).toBe("");
  expect(stderr).toMatch(why);
  expect(stderr.trimEnd()).not.toContain("\n");
}

describe("rankloom", () => {
  it("starts in a moment, lists its commands and its exit codes", async () => {
    const start = performance.now();
    const { code, stdout } = await rankloom(["--help"]);
    expect(performance.now() - start).toBeLessThan(3000);
    expect(code).toBe(0);
    for (const word of [...COMMANDS, "Exit codes:", "130"]) expect(stdout).toContain(word);
  });

  it.each(COMMANDS)("explains %s", async (command) => {
    const { code, stdout } = await rankloom([command, "--help"]);
    expect(code).toBe(0);
    for (const word of [`rankloom ${command}`, "<design>", "--set", "--data", "Exit codes:"])
      expect(stdout).toContain(word);
  });

  it("says its version", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(await rankloom(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("shows the help on standard error where no command is given", async () => {
    const { code, stdout, stderr } = await rankloom([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("Usage:");
  });

  it.each([
    [["paint"], /unknown command 'paint'/],
    [["train"], /missing required argument 'design'/],
    [["train", "tiny", "--zebra"], /unknown option '--zebra'/],
    [["train", "tiny", "more"], /too many arguments/],
    [["train", "zebra"], /^zebra: no such preset or file; give a design file, or a preset: /],
    [["train", "tiny", "--set", "tile.rows=3"], /^tiny: tile\.rows: 3 is not allowed; use at least 4$/m],
    [["generate", "tiny", "--set", "tile.rowz=3"], /tile\.rowz: unknown key; tile has rows, /],
    [["generate", "tiny", "--out", ""], /^--out: needs the name of a folder/],
    [["train", "tiny", "--from", "3"], /^--from: needs --vcd FILE/],
    [["train", "tiny", "--cycles", "3"], /^--cycles: needs --vcd FILE/],
    [["train", "tiny", "--json", ""], /^--json: needs the name of a file/],
    [["verify", "tiny", "--rtl", "/nowhere"], /^--rtl \/nowhere: is not a folder; /],
    [["golden", "tiny", "--seed", "-1"], /^--seed: "-1" is not allowed; use a whole number from 0 to 2147483647$/m],
    [
      ["golden", "tiny", "--samples", "3"],
      /^tiny: training\.batch: 8 is more than the 3 training samples; use at most 3$/m,
    ],
  ])("refuses %j in one line with exit code 2", async (args, why) => {
    const run = await rankloom(args);
    expectOneLine(run, why);
    expect(run.code).toBe(2);
  });

  // What takes no whole number: a design's field, a file, a choice, and lists with tests of their own (compare.test.ts).
  const others = [
    "--set",
    "--json",
    "--methods",
    "--updates",
    "--rates",
    "--format",
    "--batches",
    "--out",
    "--executor",
  ].concat(["--sbatch", "--figure", "--clock", "--liberty"]);
  const numbers = program().commands.flatMap((command) =>
    command.options
      .filter(({ parseArg, long }) => parseArg && !others.includes(String(long)))
      .map(({ long }) => [command.name(), String(long)] as const),
  );

  it("has every number option checked", () => {
    expect(numbers.length).toBeGreaterThanOrEqual(14);
  });

  it.each(numbers)("refuses what is no whole number in range as %s %s", async (command, flag) => {
    for (const value of ["x", "1.5", "-1", "", "1e3", "0x10", "99999999999999999999"]) {
      const refused = program().parseAsync([command, "tiny", `${flag}=${value}`], { from: "user" });
      await expect(refused).rejects.toMatchObject({
        exitCode: 2,
        message: expect.stringMatching(new RegExp(`^${flag}: ".*" is not allowed; use a whole number [a-z0-9 ]+$`)),
      });
    }
  });

  it.each([
    [
      ["golden", "tiny", "--data", "/nowhere"],
      /^--data \/nowhere: does not exist; give a folder of IDX files or a CSV file$/m,
    ],
    [["golden", "tiny", "--json", "/nowhere/r.json"], /cannot be written: its folder does not exist/],
    [["train", "tiny", "--vcd", "/nowhere/w.vcd"], /its folder does not exist/],
  ])("refuses %j in one line with exit code 3", async (args, why) => {
    const run = await rankloom(args);
    expectOneLine(run, why);
    expect(run.code).toBe(3);
  });

  it("refuses a broken design file by line and column", async () => {
    const file = join(temporaryFolder(), "my.json");
    writeFileSync(file, '{\n  "name": }');
    const run = await rankloom(["generate", file]);
    expectOneLine(run, /my\.json: line 2, column 11: "}" where a value is expected; /);
    expect(run.code).toBe(2);
  });

  it("shows the stack of an error only with --debug", async () => {
    expect((await rankloom(["golden", "zebra"])).stderr).not.toContain("at ");
    expect((await rankloom(["--debug", "golden", "zebra"])).stderr).toMatch(/\n +at /);
  });
});

describe("rankloom golden", () => {
  it("writes its result as JSON, alone on standard output with -", async () => {
    const { code, stdout, stderr } = await rankloom(["golden", "tiny", "--epochs", "2", "--seed", "7", "--json", "-"]);
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ epochs: 2, interrupted: false, design: { name: "tiny", training: { seed: 7 } } });
    expect(result.accuracy.perEpoch).toHaveLength(2);
    expect(result.data.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(stderr).toContain("epoch 2");
  });

  it("trains continuous weights", async () => {
    const { code, stdout } = await rankloom(["golden", "tiny", "--set", "device.preset=ideal", "--json", "-"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).accuracy.test).toBeGreaterThan(0.9);
  });

  it("says so when the disk of its result is full", async () => {
    const { code, stderr } = await rankloom(["golden", "tiny", "--json", "/dev/full"]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^\/dev\/full: cannot be written: no space is left on its disk; .*\n$/);
  });

  it("hands over what was finished when it is interrupted", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "r.json");
    let sent = false;
    const { code, stderr } = await rankloom(
      ["golden", "mnist-small", "--data", mnistLike(folder), "--epochs", "10000", "--json", file],
      {
        onOutput: (child, text) => {
          if (sent || !text.includes("epoch 2 of")) return;
          sent = true;
          child.kill("SIGINT");
        },
      },
    );
    expect(code).toBe(130);
    expect(stderr).toContain("stopping after this batch");
    const result = JSON.parse(readFileSync(file, "utf8"));
    expect(result.interrupted).toBe(true);
    expect(result.accuracy.perEpoch.length).toBeGreaterThanOrEqual(2);
    expect(readdirSync(folder).sort()).toEqual(["data.csv", "r.json"]);
  });
});

/** A small table of as many columns as MNIST has pixels. */
function mnistLike(folder: string): string {
  const file = join(folder, "data.csv");
  const columns = Array.from({ length: 784 }, (_, i) => `p${i}`);
  const rows = Array.from({ length: 200 }, (_, n) =>
    [...columns.map((_, i) => (i * 7 + n * 13) % 256), n % 10].join(","),
  );
  writeFileSync(file, [[...columns, "label"].join(","), ...rows].join("\n"));
  return file;
}

describe("rankloom generate", () => {
  const files = (folder: string) =>
    Object.fromEntries(
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => [
          join(entry.parentPath, entry.name).slice(folder.length + 1),
          readFileSync(join(entry.parentPath, entry.name), "utf8"),
        ]),
    );

  it("writes the same bytes each time, over what it wrote before", async () => {
    const folder = temporaryFolder();
    const first = await rankloom(["generate", "tiny", "--out", join(folder, "a")]);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    const before = files(join(folder, "a"));
    await rankloom(["generate", "tiny", "--out", join(folder, "a")]);
    expect(files(join(folder, "a"))).toEqual(before);
    expect(readdirSync(folder)).toEqual(["a"]);
    expect(JSON.parse(before["design.json"])).toMatchObject({ name: "tiny", layers: [{ inputs: 16 }, { inputs: 12 }] });
    expect(Object.keys(before).some((name) => name.endsWith("rankloom.v"))).toBe(true);
    for (const word of ["tiles of 8 × 8", "forward", "update", "gradient_buffer", "memory:", "rankloom.v"])
      expect(first.stdout).toContain(word);
  });

  it("refuses a place that it cannot write, and leaves nothing there", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "file"), "text");
    const run = await rankloom(["generate", "tiny", "--out", join(folder, "file/tiny")]);
    expectOneLine(run, /file\/tiny: cannot be written: a part of its path is a file/);
    expect(run.code).toBe(3);
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  it("refuses a design of continuous weights", async () => {
    const folder = temporaryFolder();
    const run = await rankloom(["generate", "tiny", "--set", "device.preset=ideal", "--out", join(folder, "a")]);
    expectOneLine(run, /device\.preset: .*only the golden model/);
    expect(run.code).toBe(2);
    expect(existsSync(join(folder, "a"))).toBe(false);
  });
});

describe("rankloom verify", () => {
  it("names the command that installs Verilator where it is missing", async () => {
    const run = await rankloom(["verify", "tiny", "--set", "training.seed=987654"], { env: { PATH: "/nowhere" } });
    expect(run.code).toBe(3);
    expect(run.stderr).toMatch(/^verilator .*apt-get install.*verilator\n$/);
  });
});

describe("rankloom train", () => {
  it("gives the figures that scripts read", async () => {
    const args = ["train", "tiny", "--samples", "64", "--test-samples", "50", "--no-out", "--json", "-"];
    const { code, stdout, stderr } = await rankloom(args);
    expect(stderr).toContain("epoch 1");
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({
      accuracy: { test: expect.any(Number), perEpoch: [expect.any(Number)] },
      cycles: { total: expect.any(Number), perSample: expect.any(Number), byPhase: { forward: expect.any(Number) } },
      memory: { bits: expect.any(Object) },
      pulses: { total: expect.any(Number), maxPerCell: expect.any(Number) },
      saturation: expect.anything(),
      stateHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      data: { name: "generated", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      seconds: expect.any(Number),
    });
    const byPhase: number[] = Object.values(result.cycles.byPhase);
    expect(byPhase.reduce((a, b) => a + b, 0)).toBe(result.cycles.total);
  });

  it("ends with the same state on any number of threads", async () => {
    const hashes = await Promise.all(
      ["1", "2"].map(async (threads) => {
        const args = [
          "train",
          "tiny",
          "--samples",
          "64",
          "--test-samples",
          "8",
          "--threads",
          threads,
          "--no-out",
          "--json",
          "-",
        ];
        return JSON.parse((await rankloom(args)).stdout).stateHash;
      }),
    );
    expect(hashes[1]).toBe(hashes[0]);
  });

  it("hands over what was finished when it is interrupted", async () => {
    const folder = temporaryFolder();
    let sent = false;
    const run = await rankloom(["train", "tiny", "--epochs", "10000", "--json", join(folder, "r.json")], {
      onOutput: (child, text) => {
        if (sent || !text.includes("epoch 2 of")) return;
        sent = true;
        child.kill("SIGINT");
      },
    });
    expect(run.code).toBe(130);
    expect(JSON.parse(readFileSync(join(folder, "r.json"), "utf8")).interrupted).toBe(true);
    expect(readdirSync(folder)).toEqual(["r.json"]);
  });
});
