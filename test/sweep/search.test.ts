/** Rounds of a search: within the budget, fewer candidates from round to round, the last ones on the whole. */
import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { expect } from "vitest";
import { rounds } from "../../sweep/search.ts";

test.prop([
  fc.integer({ min: 1, max: 500 }),
  fc.integer({ min: 1, max: 2000 }),
  fc.double({ min: 1e-4, max: 1, noNaN: true }),
])("keep within the budget", (budget, available, leastPart) => {
  const list = rounds(budget, available, leastPart);
  const work = list.reduce((sum, { candidates, part }) => sum + candidates * part, 0);
  expect(work).toBeLessThanOrEqual(budget + 1e-9);
  expect(list[list.length - 1].part).toBe(1);
  for (const [r, { candidates, part }] of list.entries()) {
    expect(part).toBeGreaterThanOrEqual(leastPart * (1 - 1e-9));
    expect(candidates).toBeGreaterThanOrEqual(1);
    expect(candidates).toBeLessThanOrEqual(r === 0 ? available : list[r - 1].candidates / 3);
  }
});
