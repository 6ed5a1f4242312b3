/** The deterministic random numbers of everything around the data: sample order, splits, generated data, and the
 *  rounding and the devices of the golden model.
 *
 *  Generator: xoshiro128++ 1.0 (Blackman & Vigna, "Scrambled Linear Pseudorandom Number Generators", 2019), its four
 *  words filled from the key by the finaliser of MurmurHash3. Only 32-bit integer operations, so the same numbers on
 *  every machine. It is never part of the hardware: that has LFSRs of its own. */

/** The purposes random numbers are drawn for: the first word of every key, so that no two purposes share a stream. */
export const stream = {
  order: 1,
  split: 2,
  prototypes: 3,
  train: 4,
  test: 5,
  rounding: 6,
  devices: 7,
  pulses: 8,
  reads: 9,
} as const;

function mix(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

export class Random {
  private a: number;
  private b: number;
  private c: number;
  private d: number;
  /** The second of two normal numbers, for the next call. */
  private kept: number | null = null;

  /** Keys are integers, of which the low 32 bits count; different keys give unrelated streams. */
  constructor(...key: readonly number[]) {
    let state = 0;
    for (const word of key) state = mix((state + 0x9e3779b9) ^ (word | 0));
    const next = () => {
      state = (state + 0x9e3779b9) | 0;
      return mix(state);
    };
    this.a = next();
    this.b = next();
    this.c = next();
    this.d = next() | 1; // never all zero, the one state that xoshiro cannot leave
  }

  /** A whole number in [0, 2^32). */
  word(): number {
    const sum = (this.a + this.d) | 0;
    const result = (((sum << 7) | (sum >>> 25)) + this.a) >>> 0;
    const shifted = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= shifted;
    this.d = (this.d << 11) | (this.d >>> 21);
    return result;
  }

  /** A multiple of 2^−32 in [0, 1). */
  uniform(): number {
    return this.word() * 2 ** -32;
  }

  /** From the normal distribution N(0, 1), by Marsaglia's polar method: two numbers from a point of the unit disc. */
  normal(): number {
    if (this.kept !== null) {
      const kept = this.kept;
      this.kept = null;
      return kept;
    }
    let [x, y, square] = [0, 0, 0];
    do {
      x = 2 * this.uniform() - 1;
      y = 2 * this.uniform() - 1;
      square = x * x + y * y;
    } while (square >= 1 || square === 0);
    const scale = Math.sqrt((-2 * Math.log(square)) / square);
    this.kept = y * scale;
    return x * scale;
  }

  /** A whole number in [0, count), each equally likely: draws that would favour some are drawn again. */
  below(count: number): number {
    const limit = 2 ** 32 - (2 ** 32 % count);
    let word = this.word();
    while (word >= limit) word = this.word();
    return word % count;
  }
}

/** Permutation of 0 … count − 1 by the Fisher–Yates shuffle (Durstenfeld's form, from the end). */
export function shuffled(count: number, random: Random): Uint32Array {
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const held = order[i];
    order[i] = order[j];
    order[j] = held;
  }
  return order;
}
