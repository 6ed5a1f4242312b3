/** Set-up: makes a fresh machine ready for `npm start` and `npm test`, and does nothing where nothing is missing.
 *  Plain Node without dependencies: it runs before there are any. Arguments: `--test` also asks for what only tests use.
 *  Exit code 0: ready; 3: something is missing that this user may not install; the command that would is printed. */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const NODE_MAJOR = 20;
const VERILATOR = [5, 6];
const VERILATOR_TEXT = "5.006";

/** Programs, the package that brings each on Debian and Ubuntu, and who needs it. */
const TOOLS = [
  { program: "verilator", apt: "verilator", need: "always", why: "runs the generated Verilog" },
  { program: "g++", apt: "g++", need: "always", why: "compiles what Verilator writes" },
  { program: "make", apt: "make", need: "always", why: "builds what Verilator writes" },
  { program: "iverilog", apt: "iverilog", need: "test", why: "a second opinion on the generated Verilog" },
  { program: "tclsh", apt: "tcl", need: "test", why: "reads the timing constraints as a synthesizer does" },
  { program: "ccache", apt: "ccache", need: "never", why: "makes repeated builds fast" },
];

/** The browser in which tests open the pages of reports: large, so that only they ask for it. Where the distribution has
 *  no such package (Ubuntu), the one that playwright-core brings does as well. */
const BROWSER = { program: "chromium", apt: "chromium", why: "opens the pages of reports in the tests" };
const PLAYWRIGHT = ["node_modules/playwright-core/cli.js", "install", "--with-deps", "chromium"];

const forTests = process.argv.includes("--test");

function say(text) {
  console.log(`setup: ${text}`);
}

function giveUp(text) {
  console.error(`setup: ${text}`);
  process.exit(3);
}

function onPath(program) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    const file = join(folder || ".", program);
    try {
      accessSync(file, constants.X_OK);
      return statSync(file).isFile();
    } catch {
      return false;
    }
  });
}

function run(command, args, env = {}) {
  say(`${command} ${args.join(" ")}`);
  const { status, error } = spawnSync(command, args, { stdio: "inherit", cwd: ROOT, env: { ...process.env, ...env } });
  if (error) console.error(`setup: ${command}: ${error.message}`);
  return status === 0;
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}

/** Whether npm would install an optional package on this machine. */
function fitsMachine({ os, cpu, libc }) {
  const fits = (list, value) =>
    list === undefined || (list.some((x) => x.startsWith("!")) ? !list.includes(`!${value}`) : list.includes(value));
  const libcName = existsSync("/etc/alpine-release") ? "musl" : "glibc";
  return fits(os, process.platform) && fits(cpu, process.arch) && fits(libc, libcName);
}

/** The first package of the lockfile that is not installed as it says; undefined: all are. npm keeps its own record of
 *  what it installed, so this is one comparison of two files. */
function missingPackage() {
  const wanted = readJson(join(ROOT, "package-lock.json"));
  if (wanted === null) giveUp("package-lock.json: cannot be read; restore it with: git checkout package-lock.json");
  const installed = readJson(join(ROOT, "node_modules/.package-lock.json"))?.packages ?? {};
  return Object.entries(wanted.packages).find(([path, entry]) => {
    if (path === "" || entry.link) return false;
    if (entry.optional || entry.devOptional) {
      if (!fitsMachine(entry) || (!entry.os && !entry.cpu)) return false;
    }
    const have = installed[path];
    return have?.version !== entry.version || have?.integrity !== entry.integrity || !existsSync(join(ROOT, path));
  })?.[0];
}

function installPackages() {
  const missing = missingPackage();
  if (missing === undefined) return;
  say(`npm packages are missing or out of date (${missing.replace("node_modules/", "")})`);
  // npm sets npm_execpath in its scripts: the same npm again, whatever is first on PATH.
  const npm = process.env.npm_execpath;
  const args = ["ci", "--no-audit", "--no-fund"];
  const done = npm?.endsWith(".js") ? run(process.execPath, [npm, ...args]) : run("npm", args);
  if (!done) giveUp("npm ci failed (its message is above); repeat it with: npm ci");
}

function verilatorVersion() {
  const { stdout } = spawnSync("verilator", ["--version"], { encoding: "utf8" });
  return /Verilator (\d+)\.(\d+)/
    .exec(stdout ?? "")
    ?.slice(1)
    .map(Number);
}

function missingTools() {
  return TOOLS.filter(({ program }) => !onPath(program));
}

function isNeeded({ need }) {
  return need === "always" || (need === "test" && forTests);
}

function installTools() {
  const missing = missingTools();
  if (missing.length === 0) return;
  for (const { program, why } of missing) say(`${program} is missing: it ${why}`);
  const packages = missing.map(({ apt }) => apt);
  const needed = missing.filter(isNeeded);
  const without = `going on without ${missing.map(({ program }) => program).join(", ")}`;
  if (!onPath("apt-get")) {
    if (needed.length > 0)
      giveUp(
        `cannot install without apt-get; install ${needed.map(({ program }) => program).join(", ")} with this system's package manager (Verilator ${VERILATOR_TEXT} or later)`,
      );
    return say(without);
  }
  const problem = aptInstall(packages);
  if (problem === null) return;
  if (needed.length > 0) giveUp(`${problem}; run: ${aptCommand(packages)}`);
  say(`${problem}; ${without}`);
}

const aptCommand = (packages) =>
  `sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends ${packages.join(" ")}'`;

/** @returns why the packages could not be installed, or null */
function aptInstall(packages) {
  const root = process.getuid?.() === 0;
  if (!root && !(onPath("sudo") && spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status === 0))
    return "only the administrator may install packages";
  const aptGet = (...args) => {
    const settings = ["DEBIAN_FRONTEND=noninteractive", "apt-get", ...args];
    return root ? run("env", settings) : run("sudo", ["-n", "env", ...settings]);
  };
  const install = () => aptGet("install", "-y", "-q", "--no-install-recommends", ...packages);
  let updated = false;
  const update = () => {
    updated = true;
    return aptGet("update", "-q");
  };
  if (!hasPackageLists() && !update()) return "apt-get update failed (its message is above)";
  if (!install() && (updated || !update() || !install())) return "apt-get install failed (its message is above)";
  return null;
}

async function installBrowser() {
  if (onPath(BROWSER.program) || (await hasPlaywrightsOwn())) return;
  say(`${BROWSER.program} is missing: it ${BROWSER.why}`);
  const problem = onPath("apt-get") ? aptInstall([BROWSER.apt]) : "cannot install without apt-get";
  if (problem === null || run(process.execPath, PLAYWRIGHT)) return;
  giveUp(`${problem}; run: ${aptCommand([BROWSER.apt])}, or: node ${PLAYWRIGHT.join(" ")}`);
}

async function hasPlaywrightsOwn() {
  try {
    const { chromium } = await import("playwright-core");
    return existsSync(chromium.executablePath());
  } catch {
    return false;
  }
}

function hasPackageLists() {
  try {
    return readdirSync("/var/lib/apt/lists").some((name) => /_Packages/.test(name));
  } catch {
    return false;
  }
}

function checkVerilator() {
  const version = verilatorVersion();
  if (version === undefined)
    giveUp("verilator does not say its version; reinstall it with: apt-get install --reinstall verilator");
  if (version[0] < VERILATOR[0] || (version[0] === VERILATOR[0] && version[1] < VERILATOR[1]))
    giveUp(
      `Verilator ${version[0]}.${String(version[1]).padStart(3, "0")} is too old, ${VERILATOR_TEXT} or later is needed; see https://verilator.org/guide/latest/install.html`,
    );
}

if (Number(process.versions.node.split(".")[0]) < NODE_MAJOR)
  giveUp(
    `Node ${process.versions.node} is too old, ${NODE_MAJOR} or later is needed; see https://nodejs.org/en/download`,
  );
installPackages();
installTools();
checkVerilator();
if (forTests) await installBrowser();
