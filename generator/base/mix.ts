/** Seeds of a design: every pseudo-random number of the machine comes from `training.seed` through `mix`. */

/** A 32-bit hash of two integers (murmur3's finaliser), never 0: fit to seed an LFSR. */
export function mix(seed: number, stream: number): number {
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(stream + 1, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  h = (h ^ (h >>> 16)) >>> 0;
  return h === 0 ? 1 : h;
}

/** Marsaglia's xorshift32, the step of the machine's LFSRs. */
export function xorshift32(state: number): number {
  let x = state | 0;
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  return x >>> 0;
}

/** A draw of one cell or line, whatever the order of evaluation: a 32-bit hash of its tile's key, its address and which
 *  draw it is (the finaliser is Ettinger's lowbias32). */
export function drawHash(key: number, address: number, draw: number): number {
  let h = (key + Math.imul(address, 0x9e3779b1) + Math.imul(draw, 0x85ebca77)) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}
