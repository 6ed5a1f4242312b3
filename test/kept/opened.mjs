/** Given to Node by `--import`: makes it read TypeScript, and writes the name of each file that a program imports, opens or
 *  lists to the file that OPENED names, a URL or path a line. */
import fs from "node:fs";
import { register as registerHooks, syncBuiltinESMExports } from "node:module";
import { register } from "tsx/esm/api";

const { appendFileSync } = fs;
const list = process.env.OPENED;
const note = (path) => appendFileSync(list, `${path}\n`);

for (const [home, names] of [
  [fs, ["readFileSync", "openSync", "readdirSync", "createReadStream", "readFile", "open", "readdir"]],
  [fs.promises, ["readFile", "open", "readdir"]],
])
  for (const name of names) {
    const original = home[name];
    home[name] = (path, ...rest) => {
      if (typeof path !== "number") note(path);
      return original.call(home, path, ...rest);
    };
  }
syncBuiltinESMExports();

register();
// Asked before the others, so that it sees what they have found.
registerHooks(
  `data:text/javascript,${encodeURIComponent(`
    import { appendFileSync } from "node:fs";
    let list;
    export const initialize = (file) => { list = file; };
    export const resolve = async (name, context, next) => {
      const found = await next(name, context);
      appendFileSync(list, found.url + "\\n");
      return found;
    };`)}`,
  { data: list },
);
