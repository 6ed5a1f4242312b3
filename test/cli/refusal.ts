/** What a user is told who gives bad input. */
import { Refusal } from "../../generator/base/errors.ts";

/** @returns the line of a refusal with exit code 2
 *  @throws whatever else happens, also nothing */
export function refusalOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof Refusal && error.exitCode === 2) return error.message;
    throw error;
  }
  throw new Error("was not refused");
}
