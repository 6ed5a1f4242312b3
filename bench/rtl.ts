/** A design's RTL, built for speed (-O3, -march=native, no waveform), with the files that its harness reads. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Dataset, loadDataset } from "../data/dataset.ts";
import { loadDesign } from "../generator/design/load.ts";
import type { Ir } from "../generator/ir/ir.ts";
import { emitRtl } from "../generator/rtl/emit.ts";
import { cacheDir } from "../kept/cache.ts";
import { prepareMachine } from "../prepare/machine.ts";
import { build } from "../verify/build.ts";
import { allCells } from "../verify/states.ts";
import { beats, harnessSources } from "../verify/verify.ts";

export interface FastRtl {
  readonly ir: Ir;
  readonly conductances: Uint16Array[];
  readonly data: Dataset;
  readonly samples: number;
  readonly binary: string;
  /** The harness's arguments: training samples in their order, no stalls, no waveform. */
  readonly args: string[];
  /** File that the harness writes; it is gone when the process ends. */
  readonly states: string;
}

/** @param wanted samples to train on, given the data's count and the batch */
export async function fastRtl(name: string, wanted: (count: number, batch: number) => number): Promise<FastRtl> {
  const { design } = loadDesign(name);
  const { ir, conductances } = prepareMachine(design);
  const data = loadDataset({ inputs: ir.vectors[0].size, outputs: ir.errorUnit.outputs });
  const samples = wanted(data.train.count, ir.batch);
  const binary = await build({
    sources: harnessSources(ir, emitRtl(ir)),
    top: "rankloom",
    trace: false,
    optimise: "-O3 -march=native",
  });
  mkdirSync(cacheDir, { recursive: true });
  const work = mkdtempSync(join(cacheDir, "bench-"));
  process.once("exit", () => rmSync(work, { recursive: true, force: true }));
  const file = (f: string) => join(work, f);
  writeFileSync(file("conductances"), new Uint8Array(allCells(ir, conductances).buffer));
  writeFileSync(
    file("beats"),
    beats({ ir, conductances, codes: data.train.codes, labels: data.train.labels, samples, stalls: 0 }),
  );
  const states = file("states");
  const args = [file("conductances"), file("beats"), states, String(samples), "0", "0"];
  return { ir, conductances, data, samples, binary, args, states };
}
