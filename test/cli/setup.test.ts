import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { node, ROOT, temporaryFolder } from "./rankloom.ts";

const SETUP = join(ROOT, "scripts/setup.mjs");

/** A folder for PATH that holds only these scripts. */
function programs(scripts: Record<string, string>): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

const VERILATOR = 'echo "Verilator 5.006 2023-01-22"';
const others = Object.fromEntries(["g++", "make", "iverilog", "tclsh", "ccache", "chromium"].map((name) => [name, ""]));

describe("set-up", () => {
  it("says nothing and is quick where nothing is missing", async () => {
    const PATH = programs({ verilator: VERILATOR, ...others });
    expect(await node([SETUP, "--test"], { env: { PATH } })).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  it("installs what is missing, after an update where that is needed", async () => {
    const folder = programs({});
    const log = join(folder, "log");
    // An apt-get whose first install fails, as with old package lists.
    const aptGet = `
echo "$DEBIAN_FRONTEND $*" >> ${log}
case "$1" in
  update) : > ${folder}/updated ;;
  install) [ -f ${folder}/updated ] || exit 100
    for p in verilator g++ make iverilog tclsh ccache chromium; do
      printf '#!/bin/sh\\necho "Verilator 5.006 2023-01-22"\\n' > ${folder}/$p; /bin/chmod +x ${folder}/$p
    done ;;
esac`;
    // A machine without root asks sudo, which does the same.
    for (const [name, text] of Object.entries({ "apt-get": aptGet, sudo: 'shift; exec "$@"', true: "" })) {
      writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
      chmodSync(join(folder, name), 0o755);
    }
    symlinkSync("/usr/bin/env", join(folder, "env"));
    const { code, stdout } = await node([SETUP, "--test"], { env: { PATH: folder } });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^setup: verilator is missing: it runs the generated Verilog$/m);
    const calls = readFileSync(log, "utf8").trim().split("\n");
    expect(calls[calls.length - 1]).toBe(
      "noninteractive install -y -q --no-install-recommends verilator g++ make iverilog tcl ccache",
    );
    expect(calls).toContain("noninteractive update -q");
    expect(existsSync(join(folder, "verilator"))).toBe(true);
  });

  it("prints the command where it may not install, and exits with 3", async () => {
    const PATH = programs({ verilator: VERILATOR, "apt-get": "exit 100" });
    symlinkSync("/usr/bin/env", join(PATH, "env"));
    const { code, stderr } = await node([SETUP], { env: { PATH } });
    expect(code).toBe(3);
    expect(stderr).toMatch(
      /; run: sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends g\+\+ make iverilog tcl ccache'\n$/,
    );
  });

  it("names the programs where there is no apt-get, and exits with 3", async () => {
    const { code, stderr } = await node([SETUP], { env: { PATH: "/nowhere" } });
    expect(code).toBe(3);
    expect(stderr).toMatch(/^setup: cannot install without apt-get; install verilator, g\+\+, make with .*\n$/);
  });

  it("goes on without what only tests need", async () => {
    const PATH = programs({ verilator: VERILATOR, "g++": "", make: "" });
    expect((await node([SETUP], { env: { PATH } })).code).toBe(0);
    expect((await node([SETUP, "--test"], { env: { PATH } })).code).toBe(3);
  });

  it("asks for a browser only for tests, and names the commands that install it where it may not", async () => {
    const { chromium, ...rest } = others;
    expect(chromium).toBe("");
    const PATH = programs({ verilator: VERILATOR, ...rest });
    // Without a folder of its own, playwright-core has no browser; nor can it install one.
    const env = { PATH, PLAYWRIGHT_BROWSERS_PATH: "/dev/null" };
    expect(await node([SETUP], { env })).toEqual({ code: 0, stdout: "", stderr: "" });
    const { code, stdout, stderr } = await node([SETUP, "--test"], { env });
    expect(code).toBe(3);
    expect(stdout).toMatch(/^setup: chromium is missing: it opens the pages of reports in the tests$/m);
    expect(stderr).toMatch(
      /^setup: cannot install without apt-get; run: sudo sh -c 'apt-get update && apt-get install .* chromium', or: node node_modules\/playwright-core\/cli\.js install --with-deps chromium$/m,
    );
  });

  it("refuses an old Verilator", async () => {
    const PATH = programs({ verilator: 'echo "Verilator 4.038 2020-07-11"', ...others });
    const { code, stderr } = await node([SETUP], { env: { PATH } });
    expect(code).toBe(3);
    expect(stderr).toMatch(/^setup: Verilator 4\.038 is too old, 5\.006 or later is needed; see \S+\n$/);
  });
});
