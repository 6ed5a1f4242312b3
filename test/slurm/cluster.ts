/** A cluster on this machine: the real daemons of Debian's packages slurm-wlm and munge on loopback, a controller and two
 *  nodes of one processor each, with a folder of their own. Needs root, as slurmd does. */
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

const NODES = ["node1", "node2"] as const;
export type Node = (typeof NODES)[number];

/** What the packages bring; those that are not there. */
export function missingPrograms(): string[] {
  return ["slurmctld", "slurmd", "sbatch", "munged"].filter(
    (name) => !["/usr/sbin", "/usr/bin"].some((folder) => existsSync(join(folder, name))),
  );
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((done, fail) => {
          const server = createServer().on("error", fail);
          server.listen(0, "127.0.0.1", () => done(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

export class Cluster {
  readonly folder: string;
  /** For commands of Slurm, and for programs that run them. */
  readonly env: NodeJS.ProcessEnv;
  readonly #pids = new Map<string, number>();

  private constructor(folder: string) {
    this.folder = folder;
    this.env = { ...process.env, SLURM_CONF: join(folder, "slurm.conf") };
  }

  /** @param limits further lines of slurm.conf */
  static async start(limits: readonly string[] = []): Promise<Cluster> {
    const cluster = new Cluster(mkdtempSync(join(tmpdir(), "rankloom-slurm-")));
    const { folder } = cluster;
    execFileSync("chmod", ["755", folder]);
    const [control, ...ports] = await freePorts(1 + NODES.length);
    const socket = join(folder, "munge.socket");
    writeFileSync(join(folder, "munge.key"), randomBytes(128), { mode: 0o400 });
    const nodes = NODES.map(
      (name, n) =>
        `NodeName=${name} NodeHostname=${hostname()} NodeAddr=127.0.0.1 Port=${ports[n]} CPUs=1 RealMemory=1500 State=UNKNOWN`,
    );
    writeFileSync(
      join(folder, "slurm.conf"),
      [
        "ClusterName=rankloom",
        `SlurmctldHost=${hostname()}(127.0.0.1)`,
        `SlurmctldPort=${control}`,
        "SlurmUser=root",
        "AuthType=auth/munge",
        `AuthInfo=socket=${socket}`,
        "CredType=cred/munge",
        `StateSaveLocation=${join(folder, "state")}`,
        `SlurmdSpoolDir=${join(folder, "spool-%n")}`,
        `SlurmctldPidFile=${join(folder, "slurmctld.pid")}`,
        `SlurmdPidFile=${join(folder, "slurmd-%n.pid")}`,
        `SlurmctldLogFile=${join(folder, "slurmctld.log")}`,
        `SlurmdLogFile=${join(folder, "slurmd-%n.log")}`,
        "ProctrackType=proctrack/linuxproc",
        "TaskPlugin=task/none",
        "SelectType=select/cons_tres",
        "SelectTypeParameters=CR_CPU",
        "SchedulerParameters=sched_interval=2,batch_sched_delay=0",
        "AccountingStorageType=accounting_storage/none",
        "JobAcctGatherType=jobacct_gather/none",
        "MailProg=/bin/true",
        "ReturnToService=2",
        "SlurmdTimeout=10",
        "JobRequeue=1",
        "KillWait=5",
        "MpiDefault=none",
        ...limits,
        ...nodes,
        `PartitionName=main Nodes=${NODES.join(",")} Default=YES MaxTime=1:00:00 State=UP`,
        `PartitionName=short Nodes=${NODES[0]} MaxTime=0:05:00 State=UP`,
        "",
      ].join("\n"),
    );
    for (const name of ["state", ...NODES.map((node) => `spool-${node}`)]) mkdirSync(join(folder, name));
    chownSync(join(folder, "munge.key"), 0, 0);
    cluster.#spawn("munged", "/usr/sbin/munged", [
      "--foreground",
      "--force",
      `--socket=${socket}`,
      `--key-file=${join(folder, "munge.key")}`,
      `--pid-file=${join(folder, "munge.pid")}`,
      `--seed-file=${join(folder, "munge.seed")}`,
      `--log-file=${join(folder, "munge.log")}`,
    ]);
    for (let n = 0; n < 100 && !existsSync(socket); n++) await setTimeout(100);
    cluster.#spawn("slurmctld", "/usr/sbin/slurmctld", ["-D"]);
    for (const node of NODES) cluster.startNode(node);
    await cluster.until("both nodes are idle", () =>
      /^2$/.test(cluster.command("sinfo", "-h", "-p", "main", "-t", "idle", "-o", "%D").trim()),
    );
    return cluster;
  }

  #spawn(name: string, program: string, args: readonly string[]): void {
    const child = spawn(program, args, { env: this.env, stdio: "ignore", detached: true });
    child.unref();
    this.#pids.set(name, child.pid as number);
  }

  startNode(node: Node): void {
    this.#spawn(node, "/usr/sbin/slurmd", ["-D", "-N", node]);
  }

  /** Kills a node's daemon and, as a power failure would, what it runs. */
  killNode(node: Node): void {
    kill(this.#pids.get(node));
    for (const pid of processesWith(join(this.folder, `spool-${node}`), node)) kill(pid);
    this.#pids.delete(node);
  }

  /** Output of a command of Slurm; empty where it fails. */
  command(name: string, ...args: readonly string[]): string {
    try {
      return execFileSync(name, args, { env: this.env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    } catch {
      return "";
    }
  }

  async until(what: string, holds: () => boolean, seconds = 60): Promise<void> {
    for (let n = 0; n < 5 * seconds; n++) {
      if (holds()) return;
      await setTimeout(200);
    }
    throw new Error(`${what}: not within ${seconds} s; logs are in ${this.folder}`);
  }

  stop(): void {
    this.command("scancel", "--user=root");
    for (const name of [...NODES, "slurmctld", "munged"]) kill(this.#pids.get(name));
    for (const node of NODES) for (const pid of processesWith(join(this.folder, `spool-${node}`), node)) kill(pid);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function kill(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Ended by itself.
  }
}

/** Processes that a node's daemon started: those with its name in their environment. */
function processesWith(spool: string, node: Node): number[] {
  const text = execFileSync("ps", ["-eo", "pid="], { encoding: "utf8" });
  return text
    .split(/\s+/)
    .filter((pid) => pid !== "" && Number(pid) !== process.pid)
    .map(Number)
    .filter((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        return (
          (environment.includes(`SLURMD_NODENAME=${node}`) &&
            environment.includes(`SLURM_CONF=${join(spool, "..", "slurm.conf")}`)) ||
          command.includes(spool)
        );
      } catch {
        return false;
      }
    });
}
