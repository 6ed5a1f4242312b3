import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { rankloom, temporaryFolder } from "./rankloom.ts";

it("rankloom verify finds its own Verilog equal, and an edited one not, with the place", async () => {
  const folder = temporaryFolder();
  expect((await rankloom(["generate", "tiny", "--out", join(folder, "tiny")])).code).toBe(0);
  const verify = () => rankloom(["verify", "tiny", "--rtl", join(folder, "tiny"), "--json", "-"]);

  const own = await verify();
  expect(own.code).toBe(0);
  const { equal, stateHash, eventsCompared } = JSON.parse(own.stdout);
  expect({ equal, hash: stateHash.rtl }).toEqual({ equal: true, hash: stateHash.sim });
  expect(eventsCompared).toBeGreaterThan(1000);

  const file = join(folder, "tiny/rtl/shift_add.v");
  const text = readFileSync(file, "utf8");
  const edited = text.replace("accumulator << 1", "accumulator << 2");
  expect(edited).not.toBe(text);
  writeFileSync(file, edited);
  const other = await verify();
  expect(other.code).toBe(1);
  expect(JSON.parse(other.stdout)).toMatchObject({
    equal: false,
    firstDifference: {
      cycle: expect.any(Number),
      module: expect.stringContaining("layer"),
      signal: expect.any(String),
    },
  });
  expect(other.stderr).toMatch(/^first difference: cycle \d+, layer_/m);
});
