/** Runs tasks on this machine: a few processes that live as long as the sweep, each with one task at work and the next at
 *  hand, so that a task costs no start of a process. */
import { type ChildProcess, fork } from "node:child_process";
import { hostname } from "node:os";
import { fileURLToPath } from "node:url";
import { EXIT } from "../generator/errors.ts";
import type { Events, Executor } from "./executor.ts";
import { type Store, StoreProblem } from "./store.ts";
import type { Task } from "./task.ts";
import type { Answer } from "./task-program.ts";
import { workOf } from "./works.ts";

const PROGRAM = fileURLToPath(new URL("task-program.mjs", import.meta.url));
/** Tasks that a process has at once: one at work, one waiting. */
const AT_HAND = 2;
/** A task that takes its process with it is tried so often: the first time may be another's doing. */
const TRIES = 2;
/** Of what a process complained, for a failure's reason. */
const COMPLAINT_LETTERS = 2000;

export class LocalExecutor implements Executor {
  readonly #store: Store;
  readonly #jobs: number;

  /** @param jobs processes */
  constructor(store: Store, jobs: number) {
    this.#store = store;
    this.#jobs = jobs;
  }

  async run(tasks: readonly Task[], events: Events, signal: AbortSignal): Promise<void> {
    if (tasks.length === 0) return;
    for (const kind of new Set(tasks.map(({ work }) => work.kind))) await workOf(kind).prepare?.();
    const pool = new Pool(this.#store, tasks, events);
    await pool.run(Math.min(this.#jobs, tasks.length), signal);
  }
}

interface Member {
  readonly child: ChildProcess;
  /** Sent and not yet answered, in the order sent: the first is at work. */
  readonly sent: Task[];
  complaint: string;
}

class Pool {
  readonly #store: Store;
  readonly #waiting: Task[];
  readonly #events: Events;
  readonly #tries = new Map<string, number>();
  readonly #members = new Set<Member>();
  #next = 0;
  #end: (error?: unknown) => void = () => {};
  #ended = false;

  constructor(store: Store, tasks: readonly Task[], events: Events) {
    this.#store = store;
    this.#waiting = [...tasks];
    this.#events = events;
  }

  async run(jobs: number, signal: AbortSignal): Promise<void> {
    const stop = () => this.#end();
    const killed = () => {
      for (const { child } of this.#members) child.kill("SIGKILL");
    };
    signal.addEventListener("abort", stop);
    process.once("exit", killed);
    try {
      await new Promise<void>((done, fail) => {
        this.#end = (error) => {
          if (this.#ended) return;
          this.#ended = true;
          if (error === undefined) done();
          else fail(error);
        };
        for (let n = 0; n < jobs; n++) this.#start();
      });
    } finally {
      signal.removeEventListener("abort", stop);
      killed();
      process.off("exit", killed);
    }
  }

  #start(): void {
    const child = fork(PROGRAM, [this.#store.folder], { stdio: ["ignore", "ignore", "pipe", "ipc"], execArgv: [] });
    const member: Member = { child, sent: [], complaint: "" };
    this.#members.add(member);
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      member.complaint = (member.complaint + text).slice(-COMPLAINT_LETTERS);
    });
    child.on("message", (answer: Answer) => this.#answered(member, answer));
    child.on("error", (error) => this.#end(error));
    child.on("close", (code, signal) => this.#gone(member, signal ?? `exit code ${code}`));
    this.#feed(member);
  }

  #feed(member: Member): void {
    while (member.sent.length < AT_HAND && this.#next < this.#waiting.length) {
      const task = this.#waiting[this.#next++];
      member.sent.push(task);
      member.child.send(task, () => {});
    }
    if (member.sent.length === 0) {
      this.#members.delete(member);
      member.child.disconnect();
      if (this.#members.size === 0) this.#end();
    }
  }

  #answered(member: Member, answer: Answer): void {
    if (this.#ended) return;
    if ("stop" in answer) {
      this.#end(new StoreProblem(answer.stop, EXIT.environment));
      return;
    }
    member.sent.shift();
    if ("result" in answer) this.#events.result(answer.result);
    else this.#events.failure(answer.failure);
    this.#feed(member);
  }

  /** A process has ended that was not told to: its first task is to blame, what waited behind it is given to others. */
  #gone(member: Member, how: string): void {
    if (this.#ended || !this.#members.delete(member)) return;
    const [blamed, ...behind] = member.sent;
    this.#waiting.push(...behind);
    const tries = (this.#tries.get(blamed.hash) ?? 0) + 1;
    this.#tries.set(blamed.hash, tries);
    try {
      if (tries < TRIES) this.#waiting.push(blamed);
      else this.#fail(blamed, `its process ended by ${how}${lastLine(member.complaint)}`);
      this.#start();
    } catch (error) {
      this.#end(error);
    }
  }

  #fail({ hash }: Task, reason: string): void {
    const failure = { hash, reason, seconds: 0, host: hostname(), finished: new Date().toISOString() };
    this.#store.addFailure(failure);
    this.#events.failure(failure);
  }
}

/** The line that says what went wrong. Node's own version line comes last and says nothing. */
function lastLine(complaint: string): string {
  const lines = complaint.split("\n").map((line) => line.trim());
  const error = lines.findLast((line) => /error|fatal|killed/i.test(line)) ?? "";
  return error === "" ? "" : `: ${error}`;
}
