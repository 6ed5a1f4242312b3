/** The simulator against the RTL in Verilator (-O3, -march=native, no waveform), on the same samples in one run:
 *  `npm run bench:verilator [design] [samples]`. Both end in the same state, which is checked. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRunner } from "../sim/parallel.ts";
import { stateHash } from "../sim/state.ts";
import { logicalCells, readRecords } from "../verify/states.ts";
import { fastRtl } from "./rtl.ts";

const [name = "mnist-mlp", wanted = "256"] = process.argv.slice(2);
const { ir, conductances, data, samples, binary, args, states } = await fastRtl(
  name,
  (_, batch) => Math.ceil(Number(wanted) / batch) * batch,
);
const order = Uint32Array.from({ length: samples }, (_, k) => k);
const rtl = spawnSync(binary, args, { stdio: "inherit" });
if (rtl.status !== 0) throw new Error(`the harness ended with code ${rtl.status}`);
const records = readRecords(readFileSync(states));
const find = (n: string) => records.find((r) => r.name === n)?.data as Buffer;
const rtlSeconds = find("seconds").readDoubleLE();
const readout = Uint16Array.from({ length: find("readout").length / 2 }, (_, k) => find("readout").readUInt16LE(2 * k));
const cycles = Number(find(`sample ${samples}`).readBigUInt64LE());
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
