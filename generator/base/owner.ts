/** Who made a temporary file or a lock, so that what a killed process left can be told from what is still in use. */
import { readFileSync } from "node:fs";

/** Anything that names no process of this machine's present run is taken for left behind after so long. */
const DAY_MS = 24 * 60 * 60 * 1000;

function text(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}

/** The machine's present run; containers of one machine share it. Empty where the system does not say. */
const boot = (text("/proc/sys/kernel/random/boot_id") ?? "").replaceAll("-", "").trim().slice(0, 8);

/** When a process began, in the kernel's ticks; null: there is none of this number. */
function beginning(pid: number): string | null {
  const stat = text(`/proc/${pid}/stat`);
  // The name may hold spaces and brackets; the fields after it are numbers.
  return stat === null ? null : (stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null);
}

/** This process, as a part of a file's name: run of the machine, number, beginning. Numbers repeat, also at one time in
 *  containers that share a folder; beginnings hardly do. */
export const OWNER = `${boot || "0"}-${process.pid}-${beginning(process.pid) ?? "0"}`;

/** Whether what `owner` names is left behind.
 *  @param changed when it was last changed, in ms since 1970 */
export function isLeftBehind(owner: string, changed: number, now = Date.now()): boolean {
  const [, run, pid, begun] = /^([0-9a-f]+)-(\d+)-(\d+)$/.exec(owner) ?? [];
  if (run === undefined || run !== boot) return now - changed > DAY_MS;
  return beginning(Number(pid)) !== begun;
}
