// `gradient_unit`: G ← G + X Δ'ᵀ over a few samples at once. Samples are staged in pairs, so that one instruction multiplies
// and adds two of them; rows of inputs that are zero in all staged samples are skipped.

/** Puts a sample's inputs into its half of a pair.
 *  @param staged [input][pair] pairs of int16, zero where nothing was staged */
export function stageInputs(x: usize, count: i32, staged: usize, pairs: i32, sample: i32): void {
  const pitch = (<usize>pairs) << 2;
  const offset = (<usize>sample) << 1;
  for (let base = 0; base < count; base += 8) {
    if (!v128.any_true(v128.load(x + ((<usize>base) << 1)))) continue;
    const end = min(base + 8, count);
    for (let i = base; i < end; i++) store<i16>(staged + <usize>i * pitch + offset, load<i16>(x + ((<usize>i) << 1)));
  }
}

/** Puts a sample's aligned errors into its half of a pair.
 *  @param staged [pair][stride] pairs of int16 */
export function stageErrors(aligned: usize, count: i32, staged: usize, stride: i32, sample: i32): void {
  const out = staged + ((<usize>(sample >> 1) * <usize>stride) << 2) + ((<usize>(sample & 1)) << 1);
  for (let j = 0; j < count; j++) store<i16>(out + ((<usize>j) << 2), load<i16>(aligned + ((<usize>j) << 1)));
}

/** Adds the staged samples' outer products.
 *  @param pairs a multiple of 4
 *  @param list room for 8 · pairs bytes
 *  @param gradient int32 [inputs][outputs] */
export function accumulateGradient(
  x: usize,
  inputs: i32,
  pairs: i32,
  errors: usize,
  stride: i32,
  outputs: i32,
  list: usize,
  gradient: usize,
): void {
  const pitch = (<usize>pairs) << 2;
  const rowBytes = (<usize>outputs) << 2;
  for (let i = 0; i < inputs; i++) {
    const codes = x + <usize>i * pitch;
    let used: usize = 0;
    for (let q = 0; q < pairs; q += 4) {
      if (!v128.any_true(v128.load(codes + ((<usize>q) << 2)))) continue;
      for (let k = q; k < q + 4; k++) {
        const pair = load<i32>(codes + ((<usize>k) << 2));
        if (pair === 0) continue;
        store<i32>(list + used, pair);
        store<u32>(list + used, <u32>(errors + ((<usize>k * <usize>stride) << 2)), 4);
        used += 8;
      }
    }
    if (used === 0) continue;
    const row = gradient + <usize>i * rowBytes;
    const end = list + used;
    let j: usize = 0;
    for (; j + 128 <= rowBytes; j += 128) {
      const at = row + j;
      let g0 = v128.load(at),
        g1 = v128.load(at, 16),
        g2 = v128.load(at, 32),
        g3 = v128.load(at, 48);
      let g4 = v128.load(at, 64),
        g5 = v128.load(at, 80),
        g6 = v128.load(at, 96),
        g7 = v128.load(at, 112);
      for (let p = list; p < end; p += 8) {
        const pair = v128.load32_splat(p);
        const d = <usize>load<u32>(p, 4) + j;
        g0 = i32x4.add(g0, i32x4.dot_i16x8_s(v128.load(d), pair));
        g1 = i32x4.add(g1, i32x4.dot_i16x8_s(v128.load(d, 16), pair));
        g2 = i32x4.add(g2, i32x4.dot_i16x8_s(v128.load(d, 32), pair));
        g3 = i32x4.add(g3, i32x4.dot_i16x8_s(v128.load(d, 48), pair));
        g4 = i32x4.add(g4, i32x4.dot_i16x8_s(v128.load(d, 64), pair));
        g5 = i32x4.add(g5, i32x4.dot_i16x8_s(v128.load(d, 80), pair));
        g6 = i32x4.add(g6, i32x4.dot_i16x8_s(v128.load(d, 96), pair));
        g7 = i32x4.add(g7, i32x4.dot_i16x8_s(v128.load(d, 112), pair));
      }
      v128.store(at, g0);
      v128.store(at, g1, 16);
      v128.store(at, g2, 32);
      v128.store(at, g3, 48);
      v128.store(at, g4, 64);
      v128.store(at, g5, 80);
      v128.store(at, g6, 96);
      v128.store(at, g7, 112);
    }
    for (; j + 16 <= rowBytes; j += 16) {
      let g = v128.load(row + j);
      for (let p = list; p < end; p += 8)
        g = i32x4.add(g, i32x4.dot_i16x8_s(v128.load(<usize>load<u32>(p, 4) + j), v128.load32_splat(p)));
      v128.store(row + j, g);
    }
    for (; j < rowBytes; j += 4) {
      let g = load<i32>(row + j);
      for (let p = list; p < end; p += 8) {
        const d = <usize>load<u32>(p, 4) + j;
        g += <i32>load<i16>(p) * <i32>load<i16>(d) + <i32>load<i16>(p, 2) * <i32>load<i16>(d, 2);
      }
      store<i32>(row + j, g);
    }
  }
}

/** into ← into + from; from ← 0. */
export function mergeGradient(into: usize, from: usize, count: i32): void {
  const bytes = (<usize>count) << 2;
  let k: usize = 0;
  for (; k + 16 <= bytes; k += 16) v128.store(into + k, i32x4.add(v128.load(into + k), v128.load(from + k)));
  for (; k < bytes; k += 4) store<i32>(into + k, load<i32>(into + k) + load<i32>(from + k));
  memory.fill(from, 0, bytes);
}
