/** The place of a function's lowest value on a line. */

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Tries so many places at equal distances, then narrows the best one's neighbourhood down by golden sections. */
export function lowest(
  of: (place: number) => number,
  from: number,
  to: number,
  places: number,
  within: number,
): number {
  const step = (to - from) / (places - 1);
  let [best, value] = [from, Number.POSITIVE_INFINITY];
  for (let n = 0; n < places; n++) {
    const found = of(from + n * step);
    if (found < value) [best, value] = [from + n * step, found];
  }
  return goldenSection(of, Math.max(from, best - step), Math.min(to, best + step), within);
}

/** Of a function that falls and then rises (Kiefer 1953). */
function goldenSection(of: (place: number) => number, from: number, to: number, within: number): number {
  let [low, high] = [from, to];
  let [a, b] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
  let [atA, atB] = [of(a), of(b)];
  while (high - low > within) {
    if (atA < atB) {
      [high, b, atB] = [b, a, atA];
      a = high - GOLDEN * (high - low);
      atA = of(a);
    } else {
      [low, a, atA] = [a, b, atB];
      b = low + GOLDEN * (high - low);
      atB = of(b);
    }
  }
  return (low + high) / 2;
}
