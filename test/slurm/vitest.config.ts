/** Tests on real daemons of Slurm: `npm run test:slurm`, where Debian's packages slurm-wlm and munge are installed. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/slurm/*.slurm.ts"],
    pool: "forks",
    maxWorkers: 1,
    testTimeout: 600_000,
    hookTimeout: 120_000,
  },
});
