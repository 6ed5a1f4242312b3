/** Every gradient method, under its name in the design file: one line each. */
export { lrt } from "./lrt.ts";
export { mbgd } from "./mbgd.ts";
export { nmf } from "./nmf.ts";
export { sbpca } from "./sbpca.ts";
export { sgd } from "./sgd.ts";
