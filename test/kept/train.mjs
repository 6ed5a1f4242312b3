/** The command `rankloom train` by itself, without the other commands. */
import { Command } from "commander";

const { addTrain } = await import("../../cli/train.ts");
const root = new Command();
addTrain(root);
await root.parseAsync(process.argv.slice(2), { from: "user" });
