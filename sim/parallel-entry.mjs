/** A worker thread's first module: makes Node read TypeScript, as cli/rankloom.mjs does, then begins to work. */
import { register } from "tsx/esm/api";

register();
await import("./parallel-worker.ts");
