/** The version of the program that does a kind of work: the work's own module, and what hands it its data. */
import { programVersion } from "../kept/program.ts";
import { workOf } from "./works.ts";

const DATA = new URL("./datasets.ts", import.meta.url).href;

export const workVersion = (kind: string): string => programVersion(workOf(kind).module, DATA);
