/** One design's machine on the plain units and on the kernels, to run side by side. */
import type { PreparedMachine } from "../../prepare/machine.ts";
import { Arena } from "../../sim/kernels/arena.ts";
import { instantiate, kernelModule } from "../../sim/kernels/load.ts";
import { createPathBuffers, WasmSamplePath, WasmUpdateUnit } from "../../sim/kernels/wasm-sample-path.ts";
import { Machine } from "../../sim/machine.ts";
import { PlainSamplePath } from "../../sim/sample-path.ts";
import { createState } from "../../sim/state.ts";

const module = kernelModule();

export function plainMachine({ ir, conductances }: PreparedMachine): Machine {
  const state = createState(ir, conductances);
  return new Machine(ir, state, new PlainSamplePath(ir, state.layers));
}

export function kernelMachine({ ir, conductances }: PreparedMachine): Machine {
  const arena = new Arena();
  const state = createState(ir, conductances, arena);
  const buffers = createPathBuffers(ir, arena);
  const kernels = instantiate(module, arena.memory);
  const path = new WasmSamplePath(kernels, ir, state.layers, buffers);
  path.updateUnit = new WasmUpdateUnit(kernels, ir, state.layers, path.scratch, arena);
  return new Machine(ir, state, path);
}
