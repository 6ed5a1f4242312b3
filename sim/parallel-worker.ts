/** A thread that joins the caller's jobs (`parallel.ts`) until it is told to quit. */
import { parentPort, workerData } from "node:worker_threads";
import { instantiate } from "./kernels/load.ts";
import { CONTROL, type Common, Share, type ShareBuffers } from "./parallel-share.ts";

export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly common: Common;
  readonly buffers: ShareBuffers;
}

/** Looks at the next job this often before it sleeps: some tens of microseconds. */
const SPINS = 20_000;

function join(share: Share, { control, message }: Common): void {
  // Announce first, then look whether the job is still open: the caller closes it first and then looks who is at work.
  Atomics.add(control, CONTROL.active, 1);
  try {
    if (Atomics.load(control, CONTROL.open) === 1) share.work();
  } catch (error) {
    new TextEncoder().encodeInto(error instanceof Error ? error.message : String(error), message);
    Atomics.store(control, CONTROL.failed, 1);
  } finally {
    if (Atomics.sub(control, CONTROL.active, 1) === 1) Atomics.notify(control, CONTROL.active);
  }
}

function serve({ module, memory, common, buffers }: WorkerStart): void {
  const { control } = common;
  const share = new Share(instantiate(module, memory), common, buffers);
  parentPort?.postMessage("ready");
  let seen = 0;
  for (;;) {
    let job = Atomics.load(control, CONTROL.job);
    for (let k = 0; job === seen && k < SPINS; k++) job = Atomics.load(control, CONTROL.job);
    if (job === seen) {
      Atomics.wait(control, CONTROL.job, seen);
      continue;
    }
    if (Atomics.load(control, CONTROL.quit) === 1) return;
    seen = job;
    join(share, common);
  }
}

serve(workerData as WorkerStart);
