/** The simulator against the RTL in Verilator (-O3, -march=native, no waveform), on the same samples in one run:
 *  `npm run bench:verilator [design] [samples]`. Both end in the same state, which is checked. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadDataset } from "../data/dataset.ts";
import { emitRtl } from "../generator/emit.ts";
import { loadDesign } from "../generator/load.ts";
import { prepareMachine } from "../generator/prepare.ts";
import { createRunner } from "../sim/parallel.ts";
import { stateHash } from "../sim/state.ts";
import { build, cacheDir } from "../verify/build.ts";
import { allCells, logicalCells, readRecords } from "../verify/states.ts";
import { beats, harnessSources } from "../verify/verify.ts";

const [name = "mnist-mlp", wanted = "256"] = process.argv.slice(2);
const { design } = loadDesign(name);
const { ir, conductances } = prepareMachine(design);
const samples = Math.ceil(Number(wanted) / ir.batch) * ir.batch;
const data = loadDataset({ inputs: ir.vectors[0].size, outputs: ir.errorUnit.outputs });
const order = Uint32Array.from({ length: samples }, (_, k) => k);

const binary = await build({
  sources: harnessSources(ir, emitRtl(ir)),
  top: "rankloom",
  trace: false,
  optimise: "-O3 -march=native",
});
mkdirSync(cacheDir, { recursive: true });
const work = mkdtempSync(join(cacheDir, "bench-"));
const file = (f: string) => join(work, f);
writeFileSync(file("conductances"), new Uint8Array(allCells(ir, conductances).buffer));
writeFileSync(
  file("beats"),
  beats({ ir, conductances, codes: data.train.codes, labels: data.train.labels, samples, stalls: 0 }),
);
const rtl = spawnSync(binary, [file("conductances"), file("beats"), file("states"), String(samples), "0", "0"], {
  stdio: "inherit",
});
if (rtl.status !== 0) throw new Error(`the harness ended with code ${rtl.status}`);
const records = readRecords(readFileSync(file("states")));
const find = (n: string) => records.find((r) => r.name === n)?.data as Buffer;
const rtlSeconds = find("seconds").readDoubleLE();
const readout = Uint16Array.from({ length: find("readout").length / 2 }, (_, k) => find("readout").readUInt16LE(2 * k));
const cycles = Number(find(`sample ${samples}`).readBigUInt64LE());
rmSync(work, { recursive: true });
const rtlHash = stateHash(logicalCells(ir, readout));

for (const threads of [1, 2]) {
  const rounds = Array.from({ length: 5 }, () => 0);
  let hash = "";
  for (let r = 0; r < rounds.length; r++) {
    const runner = await createRunner(ir, conductances, data, threads);
    const begun = performance.now();
    for (let k = 0; k < samples; k += ir.batch) runner.batch(order.subarray(k, k + ir.batch));
    rounds[r] = (performance.now() - begun) / 1000;
    hash = stateHash(runner.machine.state.layers.map((l) => l.cells));
    await runner.close();
  }
  const seconds = Math.min(...rounds);
  console.log(
    `${ir.name}, ${samples} samples, ${cycles} cycles: RTL in Verilator ${((1000 * rtlSeconds) / samples).toFixed(2)} ms a sample ` +
      `(${Math.round(cycles / rtlSeconds)} cycles/s), simulator on ${threads} thread${threads > 1 ? "s" : ""} ${((1000 * seconds) / samples).toFixed(3)} ms: ` +
      `${Math.round(rtlSeconds / seconds)} × less; states ${hash === rtlHash ? "equal" : "NOT EQUAL"}`,
  );
  if (hash !== rtlHash) process.exitCode = 1;
}
