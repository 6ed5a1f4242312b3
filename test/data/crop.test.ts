import { fc, it } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { loadDataset, loadHead } from "../../data/dataset.ts";
import { inBits } from "../../data/samples.ts";
import { inputCodes } from "../../sim/units/sample-input.ts";
import { compressed, idx, refusal, withFiles } from "./folders.ts";

delete process.env.RANKLOOM_DATA; // MNIST is what is wanted

/** Images of side × side pixels, four to train and two to test. */
function images(rows: number, columns = rows): Record<string, Buffer> {
  const codes = (count: number) => Array.from({ length: count * rows * columns }, (_, n) => (n * 37) % 256);
  return {
    "train-images-idx3-ubyte": idx([4, rows, columns], codes(4)),
    "train-labels-idx1-ubyte": idx([4], [0, 1, 2, 0]),
    "t10k-images-idx3-ubyte": idx([2, rows, columns], codes(2)),
    "t10k-labels-idx1-ubyte": idx([2], [1, 2]),
  };
}

const cropOf = (crop: number) => ({ inputs: crop * crop, outputs: 3, crop });

describe("cropped images", () => {
  it.prop([fc.integer({ min: 1, max: 9 }), fc.nat({ max: 5 }), fc.boolean()])(
    "hold the central pixels, row by row, also in the head alone",
    (crop, more, gzip) => {
      const side = crop + more;
      withFiles(gzip ? compressed(images(side)) : images(side), (path) => {
        const whole = loadDataset({ inputs: side * side, outputs: 3 }, { path }).train;
        const { train } = loadDataset(cropOf(crop), { path });
        const before = Math.floor(more / 2);
        for (let n = 0; n < 4; n++)
          for (let row = 0; row < crop; row++)
            for (let column = 0; column < crop; column++)
              expect(train.codes[(n * crop + row) * crop + column]).toBe(
                whole.codes[(n * side + before + row) * side + before + column],
              );
        expect([...train.labels]).toEqual([...whole.labels]);
        expect([...loadHead(cropOf(crop), { path }, 3).samples.codes]).toEqual([
          ...train.codes.subarray(0, 3 * crop * crop),
        ]);
      });
    },
  );

  it("of MNIST are 20 × 20 where a design says so", () => {
    const shape = { inputs: 400, outputs: 10, crop: 20 };
    const { name, samples } = loadHead(shape, {}, 50);
    const whole = loadHead({ inputs: 784, outputs: 10 }, {}, 50).samples;
    expect([name, samples.codes.length]).toEqual(["mnist", 50 * 400]);
    expect([...samples.codes.subarray(0, 20)]).toEqual([...whole.codes.subarray(4 * 28 + 4, 4 * 28 + 24)]);
  });

  it("are refused where there are none to crop", () => {
    for (const [files, crop] of [
      [images(6, 7), 4],
      [images(6), 7],
    ] as const)
      withFiles(files, (path) => {
        const { message, exitCode } = refusal(() => loadDataset(cropOf(crop), { path }));
        expect(message).toMatch(
          /images have 6 × [67] pixels; network\.crop [47] needs square ones of at least [47] × [47]$/,
        );
        expect(exitCode).toBe(2);
      });
    expect(refusal(() => loadDataset(cropOf(4))).message).toMatch(/^network\.crop: no images that fit/);
    withFiles({ "data.csv": "a,label\n1,x\n2,y\n" }, (folder) => {
      const { message } = refusal(() => loadDataset(cropOf(1), { path: `${folder}/data.csv` }));
      expect(message).toMatch(/a table has no images to crop; give IDX files, or leave network\.crop out$/);
    });
  });
});

describe("samples in few bits", () => {
  const code = fc.integer({ min: 0, max: 255 });
  const samplesOf = (codes: number[]) => ({
    count: codes.length,
    codes: Uint8Array.from(codes),
    labels: new Uint16Array(codes.length),
  });

  it.prop([fc.integer({ min: 1, max: 8 }), fc.array(code, { minLength: 1 })])(
    "are to the machine what the whole codes are, and stay as they are a second time",
    (bits, codes) => {
      const few = inBits(samplesOf(codes), bits);
      expect([...inputCodes(few.codes, bits)]).toEqual([...inputCodes(codes, bits)]);
      expect(inBits(few, bits)).toEqual(few);
      expect(new Set(few.codes).size).toBeLessThanOrEqual(2 ** bits);
    },
  );

  it("are black or white with one bit, and one where the code is half or more", () => {
    expect([...inBits(samplesOf([0, 127, 128, 255]), 1).codes]).toEqual([0, 0, 255, 255]);
    expect([...inputCodes([0, 127, 128, 255], 1)]).toEqual([0, 0, 1, 1]);
  });
});
