/** Data sets, each loaded once in a process. */
import { type Dataset, loadDataset } from "../data/dataset.ts";
import { shapeOf } from "../data/samples.ts";
import type { Design } from "../generator/design/schema.ts";
import { dataKey } from "../kept/data.ts";

/** So many are kept: tasks that follow each other mostly share one. */
const KEPT = 2;
const kept = new Map<string, Dataset>();

export function datasetOf({ network }: Design, path?: string): Dataset {
  const shape = shapeOf(network);
  const key = dataKey(shape, { path });
  const found = kept.get(key);
  if (found) return found;
  const dataset = loadDataset(shape, { path });
  const [oldest] = kept.keys();
  if (kept.size >= KEPT) kept.delete(oldest);
  kept.set(key, dataset);
  return dataset;
}
