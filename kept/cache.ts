/** Where that is kept which can be made again at any time. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const cacheDir = join(dirname(fileURLToPath(import.meta.url)), "..", "out", "cache");
