/** Defaults and bounds of what a user asks for beside the fields of a design: the same on the command line and in a sweep
 *  file. */

/** Whole numbers that are allowed, ends included. */
export interface Bounds {
  readonly least: number;
  readonly most: number;
}

/** Seeds are whole numbers of 32 bits, never negative. */
export const SEED = { least: 0, most: 0x7fffffff } as const satisfies Bounds;

export const EPOCHS = { least: 1, most: 10_000, otherwise: 1 } as const satisfies Bounds & { otherwise: number };

/** Seed of a host's stalls; 0: it never stalls. */
export const STALLS = { ...SEED, otherwise: 1 } as const;

/** Feature size in nm. */
export const NODE_NM = { least: 1, most: 1000, otherwise: 45 } as const;

/** A faster clock is taken for a mistake. */
export const FASTEST_MHZ = 100_000;
