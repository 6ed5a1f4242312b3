/** The version of the program that does a kind of work: the work's own module, what hands it its data, and its tool. */
import { programVersion } from "../kept/program.ts";
import { workOf } from "./works.ts";

const DATA = new URL("./datasets.ts", import.meta.url).href;

const known = new Map<string, string>();

export function workVersion(kind: string): string {
  const found = known.get(kind);
  if (found !== undefined) return found;
  const { module, tool } = workOf(kind);
  const version = programVersion(module, DATA);
  const text = tool ? `${version} with ${tool()}` : version;
  known.set(kind, text);
  return text;
}
