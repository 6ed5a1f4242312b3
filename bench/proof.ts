/** The long proof: the RTL in Verilator (no waveform) trains for as long as it is given, the simulator trains on the
 *  same samples from the same start, and the hash over all conductances is compared after every batch:
 *  `npm run proof [minutes] [design]`. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRunner } from "../sim/parallel.ts";
import { stateHash } from "../sim/state.ts";
import { logicalCells, readRecords, type StateRecord } from "../verify/states.ts";
import { fastRtl } from "./rtl.ts";

const [minutes = "60", name = "mnist-mlp"] = process.argv.slice(2);
const { ir, conductances, data, binary, args, states } = await fastRtl(name, (count, batch) => count - (count % batch));
console.log(`${ir.name}: the RTL trains for ${minutes} minutes`);
const rtl = spawn(binary, args, { stdio: "inherit" });
const timer = setTimeout(() => rtl.kill(), Number(minutes) * 60_000);
await new Promise((closed) => rtl.on("close", closed));
clearTimeout(timer);

/** Conductances in the order in which the harness reads them, from the records of one batch. */
function cellsOf(records: readonly StateRecord[]): Uint16Array {
  const tiles = records.filter((r) => r.name.endsWith(".cells")).map((r) => r.data);
  const wide = ir.cell.bits > 8;
  return Uint16Array.from(
    tiles.flatMap((tile) =>
      Array.from({ length: tile.length >> Number(wide) }, (_, k) => (wide ? tile.readUInt16LE(2 * k) : tile[k])),
    ),
  );
}

const records = readRecords(readFileSync(states));
const starts = records.flatMap((r, k) => (r.name.startsWith("sample ") ? [k] : []));
const perBatch = starts.length > 1 ? starts[1] - starts[0] : records.length;
const runner = await createRunner(ir, conductances, data, 1);
let batches = 0;
let cycles = 0;
for (const start of starts) {
  const batch = records.slice(start, start + perBatch);
  // The last batch may have been cut by the end of the time.
  if (batch.length < perBatch) break;
  runner.batch(Uint32Array.from({ length: ir.batch }, (_, k) => batches * ir.batch + k));
  batches++;
  const rtlHash = stateHash(logicalCells(ir, cellsOf(batch)));
  const simHash = stateHash(runner.machine.state.layers.map((l) => l.cells));
  if (rtlHash !== simHash) {
    console.log(`batch ${batches} differs: RTL ${rtlHash}, simulator ${simHash}`);
    process.exitCode = 1;
    break;
  }
  cycles = Number(batch[0].data.readBigUInt64LE());
}
await runner.close();
if (batches === 0) {
  console.log("no batch was finished; give it more minutes");
  process.exitCode = 1;
}
if (!process.exitCode)
  console.log(
    `${batches} batches, ${batches * ir.batch} samples, ${cycles} cycles: the same state hash after every batch, ` +
      `the last ${stateHash(runner.machine.state.layers.map((l) => l.cells))}`,
  );
