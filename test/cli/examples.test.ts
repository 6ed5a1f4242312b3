/** The examples are what their README says: designs that are valid and generate, commands that the program takes. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { program } from "../../cli/main.ts";
import { loadDesign } from "../../generator/design/load.ts";
import { planSweep } from "../../sweep/plan.ts";
import { node, ROOT, rankloom, temporaryFolder } from "./rankloom.ts";

const folder = join(ROOT, "examples");
const readme = readFileSync(join(folder, "README.md"), "utf8");
const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
const sweeps = files.filter((name) => name.endsWith(".sweep.json"));
const designs = files.filter((name) => !sweeps.includes(name));
const all = [...readme.matchAll(/^npx rankloom (.+)$/gm)].map(([, words]) => words.split(" "));
/** Those of a design or a sweep, and those that make one's device. */
const commands = all.filter(([name]) => name !== "device");
const deviceCommands = all.filter(([name]) => name === "device");

/** The data that the README trains a design on, as options. */
function dataOf(name: string): string[] {
  const command = commands.find((words) => words[1] === `examples/${name}`);
  const at = command?.indexOf("--data") ?? -1;
  return command && at >= 0 ? command.slice(at, at + 2) : [];
}

describe("each example", () => {
  it("is there, and has its place in the README", () => {
    expect(designs.length).toBeGreaterThanOrEqual(3);
    for (const name of designs) {
      expect(readme).toContain(`## \`${name}\``);
      expect(commands.some(([command, design]) => command === "generate" && design === `examples/${name}`)).toBe(true);
    }
  });

  it.each(designs)("%s generates Verilog, into a folder of its own name", async (name) => {
    const { design } = loadDesign(join(folder, name));
    expect(`${design.name}.json`).toBe(name);
    const out = join(temporaryFolder(), design.name);
    const run = await rankloom(["generate", `examples/${name}`, ...dataOf(name), "--out", out]);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    for (const file of ["design.json", "rtl/rankloom.v", "rankloom.f"]) expect(existsSync(join(out, file))).toBe(true);
  });
});

it.each(sweeps)("%s is a sweep, and has its place and its number of tasks in the README", (name) => {
  const { plan, tasks } = planSweep(join(folder, name));
  expect(`${plan.name}.sweep.json`).toBe(name);
  const [, section] = readme.split(`## \`${name}\``);
  expect(section.split("\n## ")[0]).toContain(` ${tasks.length} tasks`);
});

it.each(commands.map((words) => [words.join(" "), words] as const))("the program takes: %s", (_, words) => {
  const [name, file, ...options] = words;
  const command = program().commands.find((c) => c.name() === name);
  const known = command?.options.map(({ long }) => long);
  for (const option of options.filter((word) => word.startsWith("--"))) expect(known).toContain(option);
  if (name === "sweep") expect(() => planSweep(join(ROOT, file))).not.toThrow();
  if (name === "sweep" || name === "query") return;
  const sets = options.filter((_word, k) => options[k - 1] === "--set");
  expect(() => loadDesign(join(ROOT, file), sets)).not.toThrow();
});

it.each(deviceCommands.map((words) => [words.join(" "), words] as const))("the program takes: %s", (_, words) => {
  const [device, name, file, ...options] = words;
  const command = program()
    .commands.find((c) => c.name() === device)
    ?.commands.find((c) => c.name() === name);
  const known = command?.options.map(({ long }) => long);
  for (const option of options.filter((word) => word.startsWith("--"))) expect(known).toContain(option);
  expect(existsSync(join(ROOT, file))).toBe(true);
});

it("the sensors' table is what its script prints", async () => {
  const { code, stdout } = await node(["examples/sensors-data.mjs"]);
  expect(code).toBe(0);
  expect(stdout).toBe(readFileSync(join(folder, "sensors.csv"), "utf8"));
});
