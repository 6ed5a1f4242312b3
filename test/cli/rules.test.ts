/** The rules of imports: rooms, circles, dead exports (`npm run rules`), on a small project that breaks each of them. */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { roomsPicture } from "../../scripts/pictures/rooms.ts";
import { below, neverOf, onOf, rooms } from "../../scripts/rooms.ts";
import { node, ROOT } from "./rankloom.ts";

const CONFIG = ".dependency-cruiser.mjs";
const CRUISE = join(ROOT, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
const KNIP = join(ROOT, "node_modules/knip/bin/knip.js");

/** Keeps every rule. */
const sound = {
  "package.json": '{ "type": "module", "bin": "cli/rankloom.mjs" }',
  "cli/rankloom.mjs": 'import "./main.ts";',
  "cli/main.ts": 'import { simulate } from "../sim/machine.ts";\n\nsimulate();',
  "sim/machine.ts":
    'import type { Ir } from "../generator/ir/ir.ts";\n\nexport const simulate = (ir?: Ir): Ir | undefined => ir;',
  "generator/ir/ir.ts": "export interface Ir {\n  readonly bits: number;\n}",
  "golden/network.ts": "export const network = 1;",
  "test/golden.test.ts": 'import { network } from "../golden/network.ts";\n\nconsole.log(network);',
  "test/designs.ts": "export const designs = 1;",
  "test/sim.test.ts": 'import { designs } from "./designs.ts";\n\nconsole.log(designs);',
};

const importing = (path: string, name: string): string => `import { ${name} } from "${path}";\n\nconsole.log(${name});`;

/** Each breaks one rule. */
const unsound = {
  "generator/ir/ir.ts": 'import type { Machine } from "../../sim/machine.ts";\n\nexport type Ir = Machine;',
  "sim/machine.ts": "export type Machine = 1;\nexport type Lost = 1;\n\nexport const simulate = (): Machine => 1;",
  "data/late.ts": 'export const late = () => import("../golden/network.ts");',
  "sim/cheat.ts": importing("../golden/network.ts", "network"),
  "generator/methods/low-rank/build.ts": "export const build = 1;",
  "golden/cheat.ts": importing("../generator/methods/low-rank/build.ts", "build"),
  "cli/tested.ts": importing("../test/designs.ts", "designs"),
  "sim/a.ts": 'import type { B } from "./b.ts";\n\nexport type A = B | 1;',
  "sim/b.ts": 'import type { A } from "./a.ts";\n\nexport type B = A | 2;',
  "shed/tool.ts": importing("../golden/network.ts", "network"),
  "sim/lost.ts": importing("./nowhere.ts", "nowhere"),
  "golden/network.ts": "export const network = 1;\nexport const forgotten = network;",
};

/** The sound project with these files changed. */
function project(changed: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "rankloom-rules-"));
  for (const [path, text] of Object.entries({ ...sound, ...changed })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `${text}\n`);
  }
  copyFileSync(join(ROOT, "knip.jsonc"), join(folder, "knip.jsonc"));
  return folder;
}

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

const told = ({ rule, from, to }: Violation): string => `${rule.name}: ${from} → ${to}`;

async function brokenIn(cwd: string): Promise<string[]> {
  const { stdout } = await node([CRUISE, ".", "--config", join(ROOT, CONFIG), "--output-type", "json"], { cwd });
  return JSON.parse(stdout).summary.violations.map(told);
}

async function deadIn(cwd: string): Promise<string> {
  const which = ["--no-progress", "--no-config-hints", "--include", "files,exports,types"];
  const { stdout, stderr } = await node([KNIP, ...which], { cwd });
  expect(stderr).toBe("");
  return stdout;
}

const folders: string[] = [];
let broken: string[] = [];
let dead = "";

beforeAll(async () => {
  folders.push(project({}), project(unsound));
  broken = await brokenIn(folders[1]);
  dead = await deadIn(folders[1]);
});

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

it("a sound project keeps every rule", async () => {
  expect(await brokenIn(folders[0])).toEqual([]);
  expect(await deadIn(folders[0])).toBe("");
});

describe("refused is an import", () => {
  it("that leads upwards, of a type too", () => {
    expect(broken).toContain("ir imports downwards: generator/ir/ir.ts → sim/machine.ts");
  });

  it("that leads upwards while the program runs", () => {
    expect(broken).toContain("data imports downwards: data/late.ts → golden/network.ts");
  });

  it("of the golden model by the simulator, though it lies below", () => {
    expect(broken).toContain("sim never imports golden: sim/cheat.ts → golden/network.ts");
  });

  it("of the programs by the golden model", () => {
    expect(broken).toContain(
      "golden never imports generator/methods/low-rank: golden/cheat.ts → generator/methods/low-rank/build.ts",
    );
  });

  it("of a test by the program", () => {
    expect(broken).toContain("cli imports downwards: cli/tested.ts → test/designs.ts");
  });

  it("that closes a circle, of types too", () => {
    expect(broken.filter((one) => one.startsWith("no circles"))).toEqual([
      expect.stringMatching(/sim\/(a.ts → sim\/b.ts|b.ts → sim\/a.ts)$/),
    ]);
  });

  it("in a file that is in no room", () => {
    expect(broken).toContain("every file is in a room: shed/tool.ts → golden/network.ts");
  });

  it("of a file that is not there", () => {
    expect(broken).toContain("every import is found: sim/lost.ts → ./nowhere.ts");
  });

  it("for no other reason than these", () => {
    expect(broken).toHaveLength(8);
  });
});

it("the project itself breaks none", async () => {
  expect(await brokenIn(ROOT)).toEqual([]);
});

describe("refused as dead is", () => {
  it("an export that nothing imports", () => {
    expect(dead).toMatch(/Unused exports \(\d\)[^(]*forgotten\s+golden\/network.ts/);
  });

  it("a type that nothing imports", () => {
    expect(dead).toMatch(/Unused exported types \(\d\)[^(]*Lost\s+type\s+sim\/machine.ts/);
  });

  it("a file that nothing imports", () => {
    expect(dead).toMatch(/Unused files \(\d+\)[^(]*sim\/lost.ts/);
  });
});

describe("the rooms", () => {
  it("stand on rooms that are named before them, so that they make no circle", () => {
    rooms.forEach((room, n) => {
      for (const lower of onOf(room)) expect(rooms.slice(0, n)).toContain(lower);
    });
  });

  it("never import what they could not anyway: each such rule forbids something", () => {
    for (const room of rooms)
      for (const [name] of neverOf(room)) {
        const lower = below(room).flatMap(({ name, folders }) => [name, ...folders]);
        expect(lower.some((one) => name === one || name.startsWith(`${one}/`))).toBe(true);
      }
  });

  it("are there, and TypeScript checks them all", () => {
    const folders = rooms.flatMap(({ folders }) => folders);
    for (const folder of folders) expect(readdirSync(join(ROOT, folder))).not.toEqual([]);
    const { include } = JSON.parse(readFileSync(join(ROOT, "tsconfig.json"), "utf8"));
    expect(include.toSorted()).toEqual([...new Set(folders.map((folder) => folder.split("/")[0]))].toSorted());
  });

  it("are in docs/pictures/rooms.svg as they are here, each at a place of its own (npm run pictures -- rooms)", () => {
    const picture = roomsPicture();
    expect(readFileSync(join(ROOT, "docs/pictures/rooms.svg"), "utf8")).toBe(picture);
    const places = [...picture.matchAll(/<rect (x="\S+" y="\S+")/g)].map(([, place]) => place);
    expect(new Set(places).size).toBe(rooms.length);
  });
});
