/** Runs a kind of work on a design, from the root of a project that is given, and prints its figures.
 *  Arguments: root, kind, the design as JSON, settings as JSON. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { register } from "tsx/esm/api";

register();
const [root, kind, design, settings] = process.argv.slice(2);
const from = (name) => import(pathToFileURL(join(root, name)).href);
const { [kind]: work } = await from(`sweep/works/${kind}-work.ts`);
const { datasetOf } = await from("sweep/datasets.ts");
const parsed = JSON.parse(design);
await work.prepare?.();
const figures = await work.run({
  design: parsed,
  settings: work.settings.parse(JSON.parse(settings)),
  dataset: () => datasetOf(parsed),
});
console.log(JSON.stringify(figures));
