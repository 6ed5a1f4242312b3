/** First module of a job: makes Node read TypeScript, then runs the job's share of a list of tasks. */
import { register } from "tsx/esm/api";

register();
const { runShare } = await import("./node-program.ts");
const [folder, file, jobs] = process.argv.slice(2);
await runShare(folder, file, Number(jobs));
