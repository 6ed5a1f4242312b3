/** First module of a task process: makes Node read TypeScript, then serves tasks of the folder it is given. */
import { register } from "tsx/esm/api";

register();
const { serve } = await import("./task-program.ts");
serve(process.argv[2]);
