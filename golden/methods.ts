/** The golden half of every gradient method, under its name in the design file: one line each. */
export { mbgd, sgd } from "./direct.ts";
export { golden as lrt } from "./low-rank/lrt.ts";
export { golden as nmf } from "./low-rank/nmf.ts";
export { golden as sbpca } from "./low-rank/sbpca.ts";
