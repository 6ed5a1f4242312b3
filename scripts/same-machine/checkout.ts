/** A commit as a folder in which the program `rankloom` runs. Nothing of a commit is used but this program: where its
 *  files are is its own affair. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EXIT, Refusal } from "../../generator/base/errors.ts";
import { type Answer, REFUSAL } from "./comparison.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const running = new Set<ChildProcess>();

/** An empty folder that is gone when the process ends, whatever ends it; programs that still run in it end first. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "rankloom-same-"));
  process.on("exit", () => {
    for (const child of running) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return folder;
}

function git(args: readonly string[]): Buffer {
  const { status, stdout, stderr, error } = spawnSync("git", args, { cwd: ROOT, maxBuffer: 2 ** 31 - 1 });
  if (error) throw new Refusal(`git: ${error.message}; install git`, EXIT.environment);
  if (status !== 0) throw new Refusal(`git ${args.join(" ")}: ${stderr.toString().trim()}`, EXIT.environment);
  return stdout;
}

export class Checkout {
  /** Of commit or working tree, for messages. */
  readonly name: string;
  readonly #folder: string;

  private constructor(name: string, folder: string) {
    this.name = name;
    this.#folder = folder;
  }

  /** The files as they are now. */
  static workingTree(): Checkout {
    return new Checkout("the working tree", ROOT);
  }

  /** @param commit as git names it
   *  @param folder does not exist yet; gets the commit's files, with the packages of this checkout */
  static of(commit: string, folder: string): Checkout {
    const found = spawnSync("git", ["rev-parse", "--verify", "--quiet", `${commit}^{commit}`], { cwd: ROOT });
    if (found.status !== 0)
      throw new Refusal(`${commit}: no such commit; use a hash, a branch, or HEAD~1 as git names it`);
    const hash = found.stdout.toString().trim();
    mkdirSync(folder);
    const unpacked = spawnSync("tar", ["-x", "-C", folder], { input: git(["archive", hash]) });
    if (unpacked.status !== 0)
      throw new Refusal(
        `${folder}: the files of ${commit} cannot be unpacked there; free some space`,
        EXIT.environment,
      );
    const packages = join(ROOT, "node_modules");
    if (!existsSync(packages)) throw new Refusal("node_modules: is missing; run npm install", EXIT.environment);
    symlinkSync(packages, join(folder, "node_modules"));
    return new Checkout(`${commit} (${hash.slice(0, 9)})`, folder);
  }

  /** The files that `rankloom generate` writes.
   *  @param out does not exist, neither before nor after */
  async generate(args: readonly string[], out: string): Promise<Answer> {
    const { refusal } = await this.#rankloom(["generate", ...args, "--out", out]);
    if (refusal !== null) return new Map([[REFUSAL, refusal]]);
    const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const answer = new Map(
      files.map(({ parentPath, name }) => {
        const file = join(parentPath, name);
        return [file.slice(out.length + 1), readFileSync(file, "utf8")];
      }),
    );
    rmSync(out, { recursive: true });
    return answer;
  }

  /** The fields of the result of `rankloom train`, without the time it took. */
  async train(args: readonly string[]): Promise<Answer> {
    const { refusal, stdout } = await this.#rankloom(["train", ...args, "--no-out", "--json", "-"]);
    if (refusal !== null) return new Map([[REFUSAL, refusal]]);
    const { seconds: _, ...result } = JSON.parse(stdout);
    return new Map(Object.entries(result).map(([field, value]) => [field, JSON.stringify(value, null, 2)]));
  }

  /** A program that does not work at all ends the comparison. */
  async #rankloom(args: readonly string[]): Promise<{ readonly stdout: string; readonly refusal: string | null }> {
    const { code, stdout, stderr } = await run([join(this.#folder, "cli/rankloom.mjs"), ...args], this.#folder);
    if (code === 0) return { stdout, refusal: null };
    if (code === EXIT.badInput) return { stdout, refusal: stderr };
    throw new Refusal(
      `${this.name}: rankloom ${args.join(" ")}: ended with exit code ${code}: ${stderr.trim()}`,
      EXIT.failedCheck,
    );
  }
}

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[], cwd: string): Promise<Run> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    const text = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const)
      child[name].setEncoding("utf8").on("data", (chunk: string) => {
        text[name] += chunk;
      });
    child.on("error", fail);
    child.on("close", (code) => {
      running.delete(child);
      done({ code, ...text });
    });
  });
}
