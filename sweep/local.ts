/** Runs tasks on this machine: a few processes that live as long as the sweep, so that a task costs no start of a
 *  process. Each has one task at a time: none waits behind a long one. */
import { type ChildProcess, fork } from "node:child_process";
import { hostname } from "node:os";
import { fileURLToPath } from "node:url";
import { EXIT, Refusal } from "../generator/base/errors.ts";
import type { Events, Executor } from "./executor.ts";
import type { Store } from "./store.ts";
import type { Task } from "./task.ts";
import type { Answer } from "./task-program.ts";
import { workOf } from "./works.ts";

const PROGRAM = fileURLToPath(new URL("task-program.mjs", import.meta.url));
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
  task: Task | null;
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
    const member: Member = { child, task: null, complaint: "" };
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
    const task = this.#waiting[this.#next];
    if (task !== undefined) {
      this.#next++;
      member.task = task;
      member.child.send(task, () => {});
      return;
    }
    this.#members.delete(member);
    member.child.disconnect();
    if (this.#members.size === 0) this.#end();
  }

  #answered(member: Member, answer: Answer): void {
    if (this.#ended) return;
    if ("stop" in answer) {
      this.#end(new Refusal(answer.stop, EXIT.environment));
      return;
    }
    member.task = null;
    if ("result" in answer) this.#events.result(answer.result);
    else this.#events.failure(answer.failure);
    this.#feed(member);
  }

  /** A process has ended that was not told to, and its task with it. */
  #gone(member: Member, how: string): void {
    if (this.#ended || !this.#members.delete(member)) return;
    const { task, complaint } = member;
    try {
      if (task !== null) {
        const tries = (this.#tries.get(task.hash) ?? 0) + 1;
        this.#tries.set(task.hash, tries);
        if (tries < TRIES) this.#waiting.push(task);
        else this.#fail(task, `its process ended by ${how}${lastLine(complaint)}`);
      }
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
