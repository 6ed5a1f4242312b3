/** Rules of imports for dependency-cruiser (`npm run rules`), types included: those of scripts/rooms.ts, and no circles. */
import { tsImport } from "tsx/esm/api";

const { below, foldersOf, neverOf, rooms } = await tsImport("./scripts/rooms.ts", import.meta.url);

const inside = (folders) => folders.map((folder) => `^${folder}/`);
const all = rooms.flatMap(({ folders }) => folders);
const shipped = rooms.slice(0, -1).flatMap(({ folders }) => folders);

/** A room imports nothing but what it stands on, and of that nothing that it never may. */
const ofRoom = (room) => {
  const lower = below(room);
  const from = { path: inside(room.folders) };
  const may = lower.length > 0 ? lower.map(({ name }) => name).join(", ") : "no other room";
  return [
    {
      name: `${room.name} imports downwards`,
      severity: "error",
      comment: `it may import ${may} (scripts/rooms.ts)`,
      from,
      to: { path: inside(all), pathNot: inside([...room.folders, ...lower.flatMap(({ folders }) => folders)]) },
    },
    ...neverOf(room).map(([name, reason]) => ({
      name: `${room.name} never imports ${name}`,
      severity: "error",
      comment: `${reason} (scripts/rooms.ts)`,
      from,
      to: { path: inside(foldersOf(name)) },
    })),
  ];
};

export default {
  forbidden: [
    ...rooms.flatMap(ofRoom),
    {
      name: "no circles",
      severity: "error",
      comment: "what the two share belongs in a third file, below both",
      from: {},
      to: { circular: true },
    },
    {
      name: "every file is in a room",
      severity: "error",
      comment: "a new folder gets its line in scripts/rooms.ts",
      from: { path: "/", pathNot: inside(all) },
      to: {},
    },
    {
      name: "every import is found",
      severity: "error",
      comment: "no such file or package",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "what is shipped needs no development package",
      severity: "error",
      comment: "move it to `dependencies` of package.json",
      from: { path: inside(shipped) },
      to: { dependencyTypes: ["npm-dev"] },
    },
  ],
  options: {
    // The other transpilers need the interface that TypeScript 7 no longer has.
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "^node_modules" },
    exclude: { path: "^(out|docs|examples|node_modules/\\.)/|^vitest.config.ts$" },
    enhancedResolveOptions: {
      extensions: [".ts", ".mjs", ".js"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      mainFields: ["module", "main", "types"],
    },
  },
};
