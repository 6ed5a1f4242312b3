/** Two groups of tests. `unit` is what `npm run check` runs, in under a minute; `hardware` builds simulators with
 *  Verilator, or opens a browser, and takes minutes. `npm test` runs both. */
import { defineConfig } from "vitest/config";

const hardware = [
  "test/equality/**/*.test.ts",
  "test/mutation/**/*.test.ts",
  "test/synthesis/**/*.test.ts",
  "test/cli/verify.test.ts",
  "test/cli/memory.test.ts",
  "test/cli/sweep.test.ts",
  "test/kept/alone.test.ts",
  "test/kept/changes.test.ts",
  "test/report/page.test.ts",
  "test/report/runs.test.ts",
];

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    reporters: ["default", "json"],
    outputFile: { json: "out/test-report.json" },
    projects: [
      { extends: true, test: { name: "unit", include: ["test/**/*.test.ts"], exclude: hardware } },
      { extends: true, test: { name: "hardware", include: hardware } },
    ],
  },
});
