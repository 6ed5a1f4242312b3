/** The rooms of the source: which may import which. `.dependency-cruiser.mjs` makes rules of it (`npm run rules`), and
 *  `npm run pictures` the picture in docs/development.md. */

export interface Room {
  readonly name: string;
  /** Paths from the root. */
  readonly folders: readonly string[];
  /** Rooms directly below, each written above this one: it may import them, and all that these stand on. */
  readonly on: readonly string[];
  /** What it may not import although it lies below: names of rooms, or folders in one; each with the reason. */
  readonly never?: Readonly<Record<string, string>>;
}

const room = (name: string, folder: string, on: readonly string[], never: Room["never"] = {}): Room => ({
  name,
  folders: [folder],
  on,
  never,
});

export const rooms: readonly Room[] = [
  room("base", "generator/base", []),
  room("device", "generator/device", ["base"]),
  room("methods", "generator/methods", ["device"]),
  room("design", "generator/design", ["methods"]),
  room("ir", "generator/ir", ["design"]),
  room("rtl", "generator/rtl", ["ir"]),
  room("data", "data", ["design"]),
  room("golden", "golden", ["data"], {
    "generator/methods/low-rank": "the golden model is written from the equations, not from the programs it judges",
  }),
  room("prepare", "prepare", ["ir", "golden"]),
  room("kept", "kept", ["data"]),
  room("sim", "sim", ["prepare", "kept"], {
    golden: "the simulator and the golden model are compared, so that neither may use the other",
  }),
  room("verify", "verify", ["rtl", "sim"]),
  room("estimate", "estimate", ["verify"], { golden: "an estimate is of the hardware" }),
  room("sweep", "sweep", ["estimate"], { golden: "a task is run by the simulator, the estimate or verify" }),
  room("report", "report", ["sweep"], { golden: "a report shows what was measured, and computes nothing of it" }),
  room("reproduce", "reproduce", ["report"], { golden: "a claim is checked on the results of sweeps" }),
  room("cli", "cli", ["reproduce"]),
  { name: "scripts, bench, test", folders: ["scripts", "bench", "test"], on: ["cli"] },
];

/** The rooms directly below one. */
export const onOf = ({ on }: Room): Room[] => on.map(named);

/** All that a room stands on, the nearest first. */
export function below(room: Room): Room[] {
  const direct = onOf(room);
  return [...new Set([...direct, ...direct.flatMap(below)])];
}

/** What a room never imports, with the reasons. */
export const neverOf = ({ never = {} }: Room): [string, string][] => Object.entries(never);

/** The folders of a room, or the one that is meant itself. */
export const foldersOf = (nameOrFolder: string): readonly string[] =>
  rooms.find(({ name }) => name === nameOrFolder)?.folders ?? [nameOrFolder];

function named(name: string): Room {
  const found = rooms.find((room) => room.name === name);
  if (!found) throw new Error(`${name}: no such room in scripts/rooms.ts`);
  return found;
}
