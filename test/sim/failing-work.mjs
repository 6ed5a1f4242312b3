/** A thread whose work fails: it has no place for its samples. */
import { workerData } from "node:worker_threads";

workerData.buffers.path.scratch.x.length = 0;
await import("../../sim/parallel-entry.mjs");
