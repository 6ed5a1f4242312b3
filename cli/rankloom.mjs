#!/usr/bin/env node
/** The program `rankloom`: makes Node read TypeScript, then hands over to main.ts. */
import { register } from "tsx/esm/api";

register();
const { main } = await import("./main.ts");
await main(process.argv.slice(2));
