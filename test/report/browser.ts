/** A real browser without a screen, as set-up found or installed it. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const onPath = (program: string): string | undefined =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });

/** The sandbox needs more rights than a container's root has. */
export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: onPath("chromium"), args: ["--no-sandbox"] });
