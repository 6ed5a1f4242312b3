/** Prints `N passed, N failed` of a Vitest JSON report. A run that failed before or beside its tests (a lint or type
 *  error, a file that does not load) counts as one failure.
 *  Arguments: the report, the exit code of the run. */
import { existsSync, readFileSync } from "node:fs";

const [file, status] = process.argv.slice(2);
const report = existsSync(file)
  ? JSON.parse(readFileSync(file, "utf8"))
  : { numPassedTests: 0, numFailedTests: 0, testResults: [] };
const broken = report.testResults.filter(
  (t) => t.status === "failed" && !t.assertionResults.some((a) => a.status === "failed"),
);
const failed = report.numFailedTests + broken.length;
console.log(`${report.numPassedTests} passed, ${status === "0" ? failed : Math.max(1, failed)} failed`);
