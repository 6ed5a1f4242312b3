/** Every gradient method with every rounding, activation and loss, on a small machine with random host stalls. */
import { describe, expect, it } from "vitest";
import { validateDesign } from "../../generator/design/schema.ts";
import { verify } from "../../verify/verify.ts";

describe("RTL and simulator are equal with", () => {
  let stalls = 1;
  for (const method of ["sgd", "mbgd"] as const)
    for (const rounding of ["stochastic", "nearest"] as const)
      for (const activation of ["relu", "sigmoid", "tanh"] as const)
        for (const loss of ["softmax-cross-entropy", "squared-error"] as const) {
          const seed = stalls++;
          it(`${method}, ${rounding} rounding, ${activation} and ${loss}`, async () => {
            const design = validateDesign(
              {
                name: "matrix",
                network: { layers: [13, 9, 5], activation, loss },
                tile: { rows: 8, cols: 6, columnsPerAdc: 2, adcBits: 5 },
                device: { preset: "ideal-60" },
                gradient: { method, rounding, lanes: 4 },
                training: { batch: 3, learningRate: 2, seed },
              },
              "matrix",
            );
            const result = await verify({ design, samples: 7, stalls: seed, optimise: "-O0" });
            expect(result.firstDifference).toBeUndefined();
            expect(result.equal).toBe(true);
            expect(result.stateHash.rtl).toBe(result.stateHash.sim);
          });
        }
});
