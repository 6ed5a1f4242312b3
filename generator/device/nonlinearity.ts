/** NeuroSim's nonlinearity label and the normalised A of the exponential curve g(p) = B (1 − exp(−p/A)),
 *  B = 1 / (1 − exp(−1/A)), p from 0 to 1. The label is 10.10 times the curve's largest distance from the straight line
 *  (manual of MLP+NeuroSim V3.0: 1 to 9 in steps of one hundredth; this formula meets its table to the fourth place). */

const LABEL_OF_DISTANCE = 10.1;
/** Labels below this are straight lines: their curves leave it by less than 10^-6 of the range. */
const STRAIGHT = 1e-5;
export const LARGEST_LABEL = 9;

/** Largest distance of the curve from the straight line, at the place where its slope is one. */
function distanceOfA(a: number): number {
  const b = 1 / -Math.expm1(-1 / a);
  const place = a * Math.log(b / a);
  return -b * Math.expm1(-place / a) - place;
}

/** Normalised A of a label's magnitude, with its sign; ∞ for a straight line.
 *  @param label −9 to 9 */
export function aOfLabel(label: number): number {
  const distance = Math.abs(label) / LABEL_OF_DISTANCE;
  if (Math.abs(label) < STRAIGHT) return Number.POSITIVE_INFINITY;
  let [low, high] = [1e-3, 1e6];
  for (let step = 0; step < 200; step++) {
    const middle = Math.sqrt(low * high);
    if (distanceOfA(middle) > distance) low = middle;
    else high = middle;
  }
  return Math.sign(label) * Math.sqrt(low * high);
}

/** Label of a normalised A, with its sign; 0 for a straight line. */
export function labelOfA(a: number): number {
  return Number.isFinite(a) ? Math.sign(a) * LABEL_OF_DISTANCE * distanceOfA(Math.abs(a)) : 0;
}
