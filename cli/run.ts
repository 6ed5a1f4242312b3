/** Runs a command: turns every way it can end into one line and an exit code, and handles Ctrl-C. */
import { type Command, CommanderError } from "commander";
import { EXIT, Refusal } from "../generator/base/errors.ts";

let interrupt: AbortController | null = null;

/** Aborts at the first Ctrl-C; the second one ends the program. For work that can hand over what is finished. */
export function interruptible(): AbortSignal {
  interrupt ??= new AbortController();
  return interrupt.signal;
}

function onInterrupt(): void {
  if (interrupt === null || interrupt.signal.aborted) process.exit(EXIT.interrupted);
  process.stderr.write("\nstopping after this batch; Ctrl-C again stops at once\n");
  interrupt.abort();
}

function onOutputError(error: NodeJS.ErrnoException): void {
  // A reader that has gone away, as `head` does, is no reason to leave work unfinished.
  if (error.code === "EPIPE") return;
  process.stderr.write(`rankloom: standard output cannot be written (${error.code})\n`);
  process.exit(EXIT.environment);
}

/** Ends the process with the exit code of what happened. A command's action returns its own code, or nothing for 0. */
export async function runProgram(program: Command, args: readonly string[]): Promise<never> {
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", () => process.exit(143));
  process.stdout.on("error", onOutputError);
  process.stderr.on("error", () => {});
  const code = await exitCode(program, args);
  await new Promise((flushed) => process.stdout.write("", flushed));
  process.exit(code);
}

async function exitCode(program: Command, args: readonly string[]): Promise<number> {
  try {
    if (args.length === 0) program.help({ error: true });
    await program.parseAsync(args, { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.badInput;
    const debug = program.opts().debug === true || args.includes("--debug");
    process.stderr.write(`${debug ? stackOf(error) : lineOf(error)}\n`);
    return error instanceof Refusal ? error.exitCode : EXIT.environment;
  }
}

function lineOf(error: unknown): string {
  const text = (error instanceof Error ? error.message || error.name : String(error)).replace(/\s*\n\s*/g, " ");
  return error instanceof Refusal ? text : `rankloom: ${text} (unexpected; --debug shows where)`;
}

function stackOf(error: unknown): string {
  return error instanceof Error && error.stack !== undefined ? error.stack : String(error);
}
