/** The kernels as functions: what each does and means is in `assembly/`. Pointers are byte offsets into the memory. */
import { kernelBinary } from "./build.ts";

type Kernel<Result = number> = (...args: number[]) => Result;

export interface Kernels {
  read: Kernel;
  readWide: Kernel;
  requantise: Kernel;
  activateRelu: Kernel;
  activateTable: Kernel<void>;
  softmaxErrors: Kernel;
  squaredErrors: Kernel;
  rawErrors: Kernel<void>;
  scaleErrors: Kernel;
  alignErrors: Kernel;
  stageInputs: Kernel<void>;
  stageErrors: Kernel<void>;
  accumulateGradient: Kernel<void>;
  mergeGradient: Kernel<void>;
  update: Kernel<void>;
  drift: Kernel<void>;
  run: Kernel;
  fromInteger: Kernel;
  inverseRoot: Kernel;
  reciprocal: Kernel;
}

let compiled: WebAssembly.Module | null = null;

export function kernelModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(kernelBinary());
  return compiled;
}

export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels;
}
