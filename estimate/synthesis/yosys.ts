/** Yosys: the system's own where there is one, else the one of the npm package `@yowasp/yosys`, in threads. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { EXIT, Refusal } from "../../generator/base/errors.ts";
import { run } from "../../verify/tools.ts";

export interface Yosys {
  /** Name and version, part of every cached result's key. */
  readonly version: string;
  /** Runs a script on files; @returns the text of one that it wrote
   *  @throws Refusal with Yosys's own line where it fails */
  run(script: string, files: Readonly<Record<string, string>>, result: string): Promise<string>;
  close(): Promise<void>;
}

function failed(messages: string): Refusal {
  const line = /^ERROR: .*$/m.exec(messages)?.[0] ?? messages.trim().split("\n").slice(-1)[0];
  return new Refusal(`yosys: ${line.slice(0, 300)}`, EXIT.environment);
}

/** @param threads at once, at most */
export function openYosys(threads: number): Yosys {
  const version = systemVersion();
  return version === null ? packagedYosys(threads) : systemYosys(version);
}

/** Name and version of what `openYosys` opens. */
export const yosysVersion = (): string => systemVersion() ?? packagedVersion();

function systemVersion(): string | null {
  const { status, stdout } = spawnSync("yosys", ["-V"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : null;
}

/** The package does not export its package.json, which lies a folder above its entry's. */
function packagedVersion(): string {
  const entry = createRequire(import.meta.url).resolve("@yowasp/yosys");
  const { version } = JSON.parse(readFileSync(join(dirname(entry), "..", "package.json"), "utf8"));
  return `@yowasp/yosys ${version}`;
}

function systemYosys(version: string): Yosys {
  return {
    version,
    async run(script, files, result) {
      const folder = mkdtempSync(join(tmpdir(), "rankloom-yosys-"));
      try {
        for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
        const { code, output } = await run("yosys", ["-q", "-p", script], folder);
        if (code !== 0) throw failed(output);
        return readFileSync(join(folder, result), "utf8");
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
    async close() {},
  };
}

function packagedYosys(threads: number): Yosys {
  const idle: Worker[] = [];
  const all: Worker[] = [];
  const waiting: ((worker: Worker) => void)[] = [];
  const worker = async (): Promise<Worker> => {
    const free = idle.pop();
    if (free) return free;
    if (all.length >= threads) return new Promise((done) => waiting.push(done));
    const started = new Worker(new URL("./yosys-worker.mjs", import.meta.url));
    all.push(started);
    return started;
  };
  return {
    version: packagedVersion(),
    async run(script, files, result) {
      const thread = await worker();
      const answer = await new Promise<{ text?: string; messages: string }>((done, fail) => {
        thread.once("error", fail);
        thread.once("message", (message) => {
          thread.off("error", fail);
          done(message);
        });
        thread.postMessage({ args: ["-q", "-p", script], files, result });
      });
      const next = waiting.shift();
      if (next) next(thread);
      else idle.push(thread);
      if (answer.text === undefined) throw failed(answer.messages);
      return answer.text;
    },
    async close() {
      await Promise.all(all.map((thread) => thread.terminate()));
    },
  };
}
