// Every kernel has a plain twin of the same meaning in `sim/units/`, which is its oracle. (The plain low-rank unit runs in
// tests alone: every machine has the kernel.) Kernels take pointers into one shared memory that the caller lays out; they
// allocate nothing and keep no state, so threads share the module freely.
export { activateRelu, activateTable, requantise } from "./activation";
export { drift } from "./cell";
export { alignErrors, rawErrors, scaleErrors, softmaxErrors, squaredErrors } from "./errors";
export { accumulateGradient, mergeGradient, stageErrors, stageInputs } from "./gradient";
export { run } from "./low-rank";
export { read, readWide } from "./read";
export { fromInteger, inverseRoot, reciprocal } from "./scalar";
export { update } from "./update";
