/** `rankloom generate`: a design becomes Verilog and the numbers behind it, in one folder. */
import type { Command } from "commander";
import { EXIT, Refusal } from "../generator/base/errors.ts";
import { bits, count, percent } from "../generator/base/quantities.ts";
import type { Ir } from "../generator/ir/ir.ts";
import { SYMBOLS } from "../generator/ir/schedule.ts";
import { utilisation } from "../generator/ir/utilisation.ts";
import { Output, table } from "../report/console.ts";
import { addDesign, addSeed, type DesignOptions, designOf } from "./options.ts";

interface Options extends DesignOptions {
  readonly out?: string;
}

export function addGenerate(root: Command): Command {
  const command = root.command("generate").description("generate the Verilog of a design and all its numbers");
  return addSeed(addDesign(command))
    .option("--out <dir>", "folder of the generated files (default: out/<name>)")
    .action(generate);
}

async function generate(name: string, options: Options): Promise<void> {
  if (options.out === "") throw new Refusal("--out: needs the name of a folder", EXIT.badInput);
  const { design } = await designOf(name, options);
  const output = await Output.open();
  const { prepareMachine } = await import("../prepare/machine.ts");
  const { emitRtl } = await import("../generator/rtl/emit.ts");
  const { checkFolder, writeFiles } = await import("../generator/base/file-set.ts");
  const dir = options.out ?? `out/${design.name}`;
  checkFolder(dir);
  const { ir } = prepareMachine(design, { data: options.data });
  const files = new Map<string, string>([["design.json", `${JSON.stringify(ir, null, 2)}\n`], ...emitRtl(ir)]);
  writeFiles(dir, files);
  output.say(summary(ir, dir, files));
}

/** What formulas name beside fields of the IR and phases, and what it is. */
const symbolsOf = ({ phases }: Ir): string[][] =>
  Object.entries(SYMBOLS).filter(
    ([name]) => phases.some(({ formula }) => formula.includes(name)) && phases.every(({ phase }) => phase !== name),
  );

function summary(ir: Ir, dir: string, files: ReadonlyMap<string, string>): string {
  const tiles = ir.layers.reduce((sum, layer) => sum + layer.rowTiles * layer.colTiles, 0);
  const memory = ir.memories.reduce((sum, m) => sum + m.bits, 0);
  const gradient = ir.memories.reduce((sum, m) => sum + (m.gradient ? m.bits : 0), 0);
  const lines = [...files].map(([name, text]) => [name, `${count(text.split("\n").length - 1)} lines`]);
  const use = utilisation(ir);
  const layerName = (layer: number | null) => (layer === null ? "" : `layer ${layer}`);
  return [
    `${ir.name}: ${ir.vectors.map((v) => v.size).join("-")}, ${tiles} tiles of ${ir.tileRows} × ${ir.tileCols}`,
    ...table(
      ir.layers.map((l) => [`layer ${l.index}`, `${l.inputs} × ${l.outputs}`, `${l.rowTiles} × ${l.colTiles} tiles`]),
    ),
    "",
    "cycles of each phase (without host stalls and pulses)",
    ...table(
      ir.phases.map((p) => [p.phase, layerName(p.layer), count(p.cycles), p.formula + (p.dataDependent ? " *" : "")]),
      [0, 1, 3],
    ),
    "  * data or the host add to it",
    ...table(symbolsOf(ir), [0, 1]),
    "",
    `busy cycles of a batch, ${count(use.batch)} cycles (without host stalls and pulses)`,
    ...table(
      use.units.map((u) => [u.unit, layerName(u.layer), count(u.cycles), percent(u.part)]),
      [0, 1],
    ),
    ...(use.programs
      ? [
          `  of the gradient's ${count(use.programs.cycles)} cycles ${percent(use.programs.part)} run beside other phases`,
        ]
      : []),
    "",
    `memory: ${bits(memory)}${gradient > 0 ? `, of which ${bits(gradient)} hold the gradient` : ""}`,
    ...table(
      ir.memories.map((m) => [
        m.name,
        layerName(m.layer),
        `${count(m.words)} × ${m.wordBits}`,
        bits(m.bits),
        m.purpose,
      ]),
      [0, 1, 4],
    ),
    "",
    `${dir}: ${files.size} files`,
    ...table(lines),
    `formats and ranges are calibrated on ${ir.calibration.samples} samples of ${ir.calibration.data}`,
  ].join("\n");
}
