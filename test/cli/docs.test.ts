/** The pages: what is written from the schemas, links that lead somewhere, commands that the program takes. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { expect, it } from "vitest";
import { program } from "../../cli/main.ts";
import { pageText, schemaText, withSweepTables } from "../../scripts/docs.ts";
import { withSchedule } from "../../scripts/schedule-tables.ts";
import { ROOT } from "./rankloom.ts";
import { fields } from "./schema-walk.ts";

it("the JSON Schema and the page of the design file say what the schema says (npm run docs)", () => {
  expect(readFileSync(join(ROOT, "docs/design.schema.json"), "utf8")).toBe(schemaText());
  expect(readFileSync(join(ROOT, "docs/design-file.md"), "utf8")).toBe(pageText());
});

it("the page names every field", () => {
  for (const { path, node } of fields()) if (!node.properties) expect(pageText()).toContain(`| \`${path}\` |`);
});

it("the page of sweeps has the sweep file's fields and the figures as the schema has them (npm run docs)", () => {
  const page = readFileSync(join(ROOT, "docs/sweeps.md"), "utf8");
  expect(withSweepTables(page)).toBe(page);
  expect(page).toContain("| `constraints` |");
});

it("the page of the machine has the schedule as it is printed (npm run docs)", () => {
  const page = readFileSync(join(ROOT, "docs/machine.md"), "utf8");
  expect(withSchedule(page)).toBe(page);
  expect(page).toContain("| FORWARD of layer l | (steps − 1) · stepCycles");
});

/** Pages for people, by their paths from the root. */
const pages = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "examples/README.md"].concat(
  readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
);
const textOf = (page: string) => readFileSync(join(ROOT, page), "utf8");

/** Anchors of a page's headings, as GitHub makes them. */
const anchorsOf = (page: string) =>
  [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

it.each(pages)("every link of %s leads to a file, and to a heading of it", (page) => {
  const links = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link);
  for (const link of links.filter((l) => !/^[a-z]+:/.test(l))) {
    const [path, anchor] = link.split("#");
    const target = path === "" ? page : join(dirname(page), path);
    expect(existsSync(join(ROOT, target)), `${page}: ${link}`).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(target), `${page}: ${link}`).toContain(anchor);
  }
});

it("the change log's latest release is the version of the package, in the lockfile too", () => {
  const { version } = JSON.parse(textOf("package.json"));
  const [, latest] = /^## (\d+\.\d+\.\d+) - \d{4}-\d\d-\d\d$/m.exec(textOf("CHANGELOG.md")) ?? [];
  expect(latest).toBe(version);
  const lock = JSON.parse(textOf("package-lock.json"));
  expect([lock.version, lock.packages[""].version]).toEqual([version, version]);
});

/** Folders right below one of the repository's, of those that git knows. */
function foldersBelow(folder: string): string[] {
  const files = execFileSync("git", ["-c", "safe.directory=*", "ls-files", folder], { cwd: ROOT, encoding: "utf8" });
  const parts = files.split("\n").map((file) => file.slice(folder === "." ? 0 : folder.length + 1).split("/"));
  return [...new Set(parts.filter(({ length }) => length > 1).map(([name]) => name))].toSorted();
}

/** Folders that the first column of a table names. */
function foldersOfTable(page: string, head: string): string[] {
  const [, rows] = textOf(page).split(`| ${head} | holds |\n|---|---|\n`);
  const firsts = rows
    .split("\n\n")[0]
    .split("\n")
    .map((row) => row.split("|")[1]);
  return firsts.flatMap((cell) => [...cell.matchAll(/`([^`]+)\/`/g)].map(([, name]) => name)).toSorted();
}

it.each([
  ["folder", "."],
  ["room of `generator/`", "generator"],
])("the table %s of CONTRIBUTING.md has each folder below %s", (head, folder) => {
  expect(foldersOfTable("CONTRIBUTING.md", head)).toEqual(foldersBelow(folder));
});

it("the page of the pictures says of each where it comes from", () => {
  const named = [...textOf("docs/pictures/README.md").matchAll(/\]\(([\w-]+\.(?:svg|csv))\)/g)].map(([, file]) => file);
  const files = readdirSync(join(ROOT, "docs/pictures")).filter((file) => file !== "README.md");
  expect(named.toSorted()).toEqual(files.toSorted());
});

/** Commands of a page, as words: up to a comment, the end of a loop's body or of the code. */
const commandsOf = (page: string) =>
  [...textOf(page).matchAll(/npx rankloom ([a-z][^`\n]*)/g)].map(([, line]) => wordsOf(line.replace(/;.*| #.*/, "")));

const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3]);

const commands = pages.flatMap((page) => commandsOf(page).map((words) => [page, words.join(" "), words] as const));

it("the pages have commands", () => {
  expect(commands.length).toBeGreaterThan(25);
});

it.each(commands)("%s: the program takes %s", (_page, _line, words) => {
  const named = (of: Command, name: string) => of.commands.find((c) => c.name() === name);
  let command = named(program(), words[0]) as Command;
  expect(command, words[0]).toBeDefined();
  let k = 1;
  for (let inner = named(command, words[k]); inner; inner = named(command, words[++k])) command = inner;
  const options = new Map(command.options.map((option) => [option.long, option]));
  const operands: string[] = [];
  for (; k < words.length; k++) {
    if (!words[k].startsWith("--")) {
      operands.push(words[k]);
      continue;
    }
    const option = options.get(words[k]);
    expect(option, words[k]).toBeDefined();
    if (!option?.required) continue;
    k++;
    expect(words[k], `a value of ${option.long}`).toBeDefined();
    option.parseArg?.(words[k], option.defaultValue as never);
  }
  const wanted = command.registeredArguments;
  expect(operands.length).toBeGreaterThanOrEqual(wanted.filter((argument) => argument.required).length);
  expect(operands.length).toBeLessThanOrEqual(wanted.length);
});
