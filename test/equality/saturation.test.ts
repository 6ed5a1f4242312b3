/** Values beyond their formats, in whole machines: what saturates, saturates alike in RTL and simulator, and is counted.
 *  Data are made for it: calibration sees dark samples only, so that bright ones are more than it provided for. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { loadHead } from "../../data/dataset.ts";
import { type Design, validateDesign } from "../../generator/design/schema.ts";
import { calibrationSamples } from "../../prepare/calibration.ts";
import { prepareMachine } from "../../prepare/machine.ts";
import { Machine } from "../../sim/machine.ts";
import { PlainSamplePath } from "../../sim/sample-path.ts";
import { ALIGNED, createState, Z } from "../../sim/state.ts";
import { inputCodes } from "../../sim/units/sample-input.ts";
import { verify } from "../../verify/verify.ts";
import { idx } from "../data/folders.ts";

interface Sample {
  readonly codes: readonly number[];
  readonly label: number;
}

/** A folder of IDX files with these samples, in their order; removed after the test. */
function dataOf(samples: readonly Sample[]): string {
  const folder = mkdtempSync(join(tmpdir(), "rankloom-saturation-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const shape = [samples.length, 1, samples[0].codes.length];
  const images = idx(
    shape,
    samples.flatMap((s) => s.codes),
  );
  const labels = idx(
    [samples.length],
    samples.map((s) => s.label),
  );
  for (const part of ["train", "t10k"]) {
    writeFileSync(join(folder, `${part}-images-idx3-ubyte`), images);
    writeFileSync(join(folder, `${part}-labels-idx1-ubyte`), labels);
  }
  return folder;
}

/** Dark samples for calibration, then these. */
function afterDark(design: Design, samples: readonly Sample[]): Sample[] {
  const dark = samples[0].codes.map(() => 0);
  return [...Array.from({ length: calibrationSamples(design) }, (_, n) => ({ codes: dark, label: n % 2 })), ...samples];
}

/** Saturations of each layer in the simulator, and how the last layer's errors were shifted, sample by sample. */
function simulate(design: Design, data: string, samples: number) {
  const { ir, conductances } = prepareMachine(design, { data });
  const state = createState(ir, conductances);
  const machine = new Machine(ir, state, new PlainSamplePath(ir, state.layers));
  const { size, bits } = ir.vectors[0];
  const { codes, labels } = loadHead({ inputs: size, outputs: ir.errorUnit.outputs }, { path: data }, samples).samples;
  const shifts: number[] = [];
  for (let n = 0; n < samples; n++) {
    machine.sample(inputCodes(codes.subarray(n * size, (n + 1) * size), bits), labels[n], true);
    shifts.push(state.layers[state.layers.length - 1].exponent);
  }
  return { saturation: state.layers.map((l) => l.saturation), shifts };
}

async function expectEqual(design: Design, data: string, samples: number): Promise<void> {
  const result = await verify({ design, data, samples, stalls: 3, optimise: "-O0" });
  expect(result.firstDifference).toBeUndefined();
  expect(result.equal).toBe(true);
  expect(result.stateHash.rtl).toBe(result.stateHash.sim);
}

describe("a machine whose weights jump to their ends", () => {
  for (const [method, rounding, layers] of [
    ["sgd", "stochastic", [36, 12, 2]],
    ["mbgd", "nearest", [36, 12, 2]],
    ["mbgd", "stochastic", [36, 2]],
  ] as const)
    it(`clips as the simulator does: ${method}, ${rounding} rounding, ${layers.join("-")}`, async () => {
      const design = validateDesign(
        {
          name: "saturation",
          network: { layers: [...layers], activation: "tanh", loss: "softmax-cross-entropy" },
          // Lossless, so that no converter clips first; errors are given what calibration saw, and no more.
          tile: { rows: 36, cols: 12, columnsPerAdc: 12, adcBits: "lossless", rangeStart: "finest" },
          device: { preset: "ideal-16" },
          gradient: { method, rounding, lanes: 4 },
          training: { batch: 2, learningRate: 200 },
        },
        "saturation",
      );
      // Labels that change, so that whatever was learned is wrong. Dim images drive the weights to their ends, but leave
      // the hidden units a derivative: their errors clip. Then bright ones: with such weights, pre-activations clip.
      const image = (code: number, label: number): Sample => ({ codes: new Array<number>(36).fill(code), label });
      const dim = [0, 0, 1, 1].map((label) => image(3, label));
      const bright = [0, 1, 1].map((label) => image(255, label));
      const data = dataOf(afterDark(design, [...dim, ...bright]));
      const samples = calibrationSamples(design) + 7;
      const { saturation } = simulate(design, data, samples);
      expect(saturation[0][Z]).toBeGreaterThan(0);
      // A softmax error is at most 1, which its format holds: only errors of layers before it are clipped.
      if (layers.length > 2) expect(saturation[0][ALIGNED]).toBeGreaterThan(0);
      await expectEqual(design, data, samples);
    });
});

describe("the last layer's error scaler", () => {
  for (const [loss, inputBits, errorBits] of [
    ["softmax-cross-entropy", 8, 12],
    ["squared-error", 4, 8],
  ] as const)
    it(`shifts large errors down and small ones up as the simulator does (${loss})`, async () => {
      const design = validateDesign(
        {
          name: "shifts",
          network: { layers: [12, 3], activation: "sigmoid", loss },
          tile: { rows: 8, cols: 4, columnsPerAdc: 2, inputBits, errorBits },
          device: { preset: "ideal-1000" },
          gradient: { method: "sgd", lanes: 2 },
          training: { batch: 1, learningRate: 1 },
        },
        "shifts",
      );
      // The same sample again and again: its error shrinks.
      const codes = Array.from({ length: 12 }, (_, n) => 90 + 13 * n);
      const data = dataOf(Array.from({ length: 16 }, () => ({ codes, label: 1 })));
      const { shifts } = simulate(design, data, 16);
      expect(Math.max(...shifts)).toBeGreaterThan(0);
      expect(Math.min(...shifts)).toBeLessThan(0);
      await expectEqual(design, data, 16);
    });
});
