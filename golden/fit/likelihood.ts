/** How likely measured pulses are of a curve and a noise.
 *
 *  A pulse takes a device from x to x' = x + rise(x) + σ N(0, 1), clipped to the range. Each pulse starts at what was
 *  measured before it, so noises do not add up from pulse to pulse; and one that ends at an end of the range says only
 *  that it would have gone so far or further (Tobin 1958). Leaving those out instead would bend the curve. */
import { aOfLabel } from "../../generator/device/nonlinearity.ts";
import { riseOf } from "../device/step.ts";
import type { Steps } from "./curves.ts";

/** Closer to an end of the range than this is at it: no measurement has so many places. */
const AT_END = 1e-9;

/** One device's pulses of one direction, in sums where that is the same. */
export interface Observed {
  readonly states: number;
  /** Of pulses that end inside the range: how many, and sums of x, x², d, d² and x d, with the change d = x' − x. */
  readonly inside: { count: number; x: number; xx: number; d: number; dd: number; xd: number };
  /** x of pulses that end at the far end of the range, and at the near one. */
  readonly far: Float64Array;
  readonly near: Float64Array;
}

export function observe({ from, to }: Steps, states: number): Observed {
  const inside = { count: 0, x: 0, xx: 0, d: 0, dd: 0, xd: 0 };
  const far: number[] = [];
  const near: number[] = [];
  for (let n = 0; n < from.length; n++) {
    const x = from[n];
    if (to[n] >= 1 - AT_END) far.push(x);
    else if (to[n] <= AT_END) near.push(x);
    else {
      const d = to[n] - x;
      inside.count++;
      inside.x += x;
      inside.xx += x * x;
      inside.d += d;
      inside.dd += d * d;
      inside.xd += x * d;
    }
  }
  return { states, inside, far: Float64Array.from(far), near: Float64Array.from(near) };
}

/** −ln of the likelihood, without constants.
 *  @param label of the curve, above 0 where it starts steeply */
export function unlikelihood({ states, inside, far, near }: Observed, label: number, deviation: number): number {
  const rise = riseOf(aOfLabel(label), states);
  // rise(x) = first − part · x
  const first = rise(0);
  const part = first - rise(1);
  const { count, x, xx, d, dd, xd } = inside;
  const squares = dd - 2 * first * d + 2 * part * xd + count * first * first - 2 * first * part * x + part * part * xx;
  let sum = count * Math.log(deviation) + Math.max(0, squares) / (2 * deviation * deviation);
  for (const start of far) sum -= lnNormalIntegral((start + rise(start) - 1) / deviation);
  for (const start of near) sum -= lnNormalIntegral(-(start + rise(start)) / deviation);
  return sum;
}

/** ln Φ(z) = ln(½ erfc(−z/√2)), by Chebyshev's fit of Press et al., Numerical Recipes (erfcc): within 1.2 · 10⁻⁷. */
export function lnNormalIntegral(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + x / 2);
  const series = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
  ].reduceRight((sum, c) => sum * t + c, 0);
  const lnTail = Math.log(t / 2) - x * x + series;
  return z < 0 ? lnTail : Math.log1p(-Math.exp(lnTail));
}
