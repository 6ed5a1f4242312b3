/** Codes of the input samples, which the data, the host and the machine have in common. */
import type { Design } from "./schema.ts";

/** Bits of a code of the input vector. */
export const sampleBits = ({ network, tile }: Pick<Design, "network" | "tile">): number =>
  network.sampleBits ?? tile.inputBits;

/** Value of a code: code / 2^fraction. Of one bit, a code is 0 or 1 itself. */
export const sampleFraction = (bits: number): number => (bits === 1 ? 0 : bits);
