// Every kernel has a plain twin of the same meaning in `sim/units/`, which is its oracle; but for the low-rank units, which
// every machine runs here, and whose oracle is docs/low-rank.md as `test/sim/low-rank-program.ts` has it. Kernels take pointers into one
// shared memory that the caller lays out; they allocate nothing and keep no state, so threads share the module freely.
export { activateRelu, activateTable, requantise } from "./activation";
export { drift } from "./cell";
export { alignErrors, rawErrors, scaleErrors, softmaxErrors, squaredErrors } from "./errors";
export { accumulateGradient, mergeGradient, stageErrors, stageInputs } from "./gradient";
export { run } from "./low-rank";
export { read, readWide } from "./read";
export { fromInteger, inverseRoot, reciprocal } from "./scalar";
export { update } from "./update";
