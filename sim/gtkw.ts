/** The save file that GTKWave reads beside a waveform: every signal, grouped by module, zoomed to the window.
 *  Flags as GTKWave 3.3 has them in its analyzer.h. */
import { bounds } from "./vcd.ts";
import { allSignals, pathOf, type Signal, type Waveform } from "./waveform.ts";

const BINARY = 0x8 | 0x20;
const HEXADECIMAL = 0x2 | 0x20;
const DECIMAL = 0x4 | 0x20;
const COMMENT = 0x200;
const CLOSED = 0x400000;
const BEGIN = 0x800000 | COMMENT;
const END = 0x1000000 | COMMENT;

/** Levels that read better as decimal numbers. */
const PLAIN = /(_phase|_layer|_range)$/;

/** A module instance: its signals and those within it. */
interface Group {
  readonly name: string;
  readonly signals: Signal[];
  readonly groups: Group[];
}

/** Scopes that only count tiles, as `g_row[1]`, are part of the next one's name. */
function groupsOf(signals: readonly Signal[]): Group[] {
  const root: Group = { name: "", signals: [], groups: [] };
  for (const signal of signals) {
    let group = root;
    for (const name of signal.scope.match(/(g_\w+\[\d+\]\.)*[^.]+/g) ?? []) {
      let inner = group.groups.find((g) => g.name === name);
      if (!inner) {
        inner = { name, signals: [], groups: [] };
        group.groups.push(inner);
      }
      group = inner;
    }
    group.signals.push(signal);
  }
  return root.groups;
}

const flags = (value: number) => `@${value.toString(16)}`;

const flagsOf = ({ name, bits }: Signal) => (bits === 1 ? BINARY : PLAIN.test(name) ? DECIMAL : HEXADECIMAL);

/** @param top name of the waveform's outermost scope; groups within others start closed */
function lines(top: string, { name, signals, groups }: Group, within: boolean): string[] {
  const closed = within ? CLOSED : 0;
  return [
    flags(BEGIN | closed),
    `-${name}`,
    ...signals.flatMap((s) => [flags(flagsOf(s)), `${top}.${pathOf(s)}${s.bits > 1 ? bounds(s) : ""}`]),
    ...groups.flatMap((group) => lines(top, group, true)),
    flags(END | closed),
    `-${name}`,
  ];
}

/** Pixels of GTKWave's window, about how many of them in width show waves, and how many its zoom counts as one. */
const WINDOW = { width: 1400, height: 900 } as const;
const WAVES = 850;
const FRAME = 200;
/** The marker and GTKWave's named ones; none is set. */
const MARKERS = 27;

/** @param name of the waveform's file and of the save file beside it, without their endings */
export function gtkwText({ ir, from, cycles }: Waveform, name: string): string {
  // A frame shows 2^-zoom cycles.
  const zoom = -Math.log2((cycles * FRAME) / WAVES);
  return [
    "[*] Rankloom",
    `[dumpfile] "${name}.vcd"`,
    `[savefile] "${name}.gtkw"`,
    `[timestart] ${from}`,
    `[size] ${WINDOW.width} ${WINDOW.height}`,
    "[pos] -1 -1",
    `*${zoom.toFixed(6)} ${Array.from({ length: MARKERS }, () => -1).join(" ")}`,
    `[treeopen] ${ir.name}.`,
    ...groupsOf(allSignals(ir)).flatMap((group) => lines(ir.name, group, false)),
    "",
  ].join("\n");
}
