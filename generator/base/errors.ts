/** Errors a user sees: one line, and the exit code that scripts read. */
export const EXIT = { failedCheck: 1, badInput: 2, environment: 3, interrupted: 130 } as const;

/** Says what is wrong, where, and what would be right, in one line. */
export class Refusal extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode: number = EXIT.badInput) {
    super(message);
    this.name = "Refusal";
    this.exitCode = exitCode;
  }
}
