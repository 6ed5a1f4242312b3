/** Reading a layer's crossbars, one bit-plane at a time: `crossbar_macro`, `column_adc` and `shift_add` of one direction.
 *  Plain twin of the `read` kernel; also what the tracer asks for every code. */
import type { ReadIr } from "../../generator/ir/ir.ts";
import { clip, roundShift } from "../arith.ts";
import type { ReadNoise } from "./cell.ts";

/** Codes of every conversion of one read.
 *  @param drive signed codes on the driven lines
 *  @param weights signed conductances (g − reference), [driven][stride]
 *  @param tileOf summed tile of each driven line
 *  @param noise of each sum, and the samples read in this direction before
 *  @param codes out: [plane n, most significant first][summed tile][sampled line]
 *  @returns how many codes saturated */
export function readCodes(
  read: ReadIr,
  drive: Int16Array,
  weights: Int16Array,
  stride: number,
  sampled: number,
  tileOf: Uint16Array,
  range: number,
  codes: Float64Array,
  noise: { readonly source: ReadNoise; readonly samples: number } | null = null,
): number {
  codes.fill(0);
  const driven = new Uint16Array(read.planes * read.summedTiles);
  for (let n = 0; n < read.planes; n++) {
    const plane = read.planes - 1 - n;
    for (let d = 0; d < drive.length; d++) {
      const value = drive[d];
      const magnitude = value < 0 ? -value : value;
      if (((magnitude >> plane) & 1) === 0) continue;
      driven[n * read.summedTiles + tileOf[d]]++;
      const out = (n * read.summedTiles + tileOf[d]) * sampled;
      const row = d * stride;
      if (value < 0) for (let s = 0; s < sampled; s++) codes[out + s] -= weights[row + s];
      else for (let s = 0; s < sampled; s++) codes[out + s] += weights[row + s];
    }
  }
  if (noise)
    for (let n = 0; n < read.planes; n++)
      for (let t = 0; t < read.summedTiles; t++) {
        const bucket = n * read.summedTiles + t;
        for (let s = 0; s < sampled; s++)
          codes[bucket * sampled + s] += noise.source.of(noise.samples, n, t, driven[bucket], s);
      }
  let saturated = 0;
  for (let k = 0; k < codes.length; k++) {
    const code = roundShift(codes[k], range);
    const clipped = clip(code, -read.codeMax, read.codeMax);
    if (clipped !== code) saturated++;
    codes[k] = clipped;
  }
  return saturated;
}

/** Adds the tiles' codes and accumulates the planes: acc ← 2 · acc + Σ codes.
 *  @param sums out: one accumulator for each sampled line */
export function shiftAdd(read: ReadIr, codes: Float64Array, sampled: number, sums: Float64Array): void {
  sums.fill(0);
  for (let n = 0; n < read.planes; n++) {
    for (let s = 0; s < sampled; s++) sums[s] *= 2;
    for (let t = 0; t < read.summedTiles; t++) {
      const base = (n * read.summedTiles + t) * sampled;
      for (let s = 0; s < sampled; s++) sums[s] += codes[base + s];
    }
  }
}
