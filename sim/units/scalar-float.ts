/** Scalars of the low-rank units outside of them: the kernels hold a scalar as the double of its value. */
import { MAGNITUDE_BITS } from "../../generator/methods/low-rank/format.ts";

/** Signed magnitude of MAGNITUDE_BITS bits, the highest set, and exponent: as the hardware stores a scalar. */
export interface Scalar {
  readonly m: number;
  readonly e: number;
}

/** The scalar whose value a double is; its logarithm is exact enough, as it has few bits. */
export function fromNumber(value: number): Scalar {
  if (value === 0) return { m: 0, e: 0 };
  const e = Math.floor(Math.log2(Math.abs(value))) - (MAGNITUDE_BITS - 1);
  return { m: value * 2 ** -e, e };
}

export const toNumber = ({ m, e }: Scalar): number => m * 2 ** e;
