/** Numbers with their units, as people read them. */

export function count(n: number): string {
  return n.toLocaleString("en-US");
}

export function percent(part: number): string {
  return `${(100 * part).toFixed(2)} %`;
}

/** A time as people read it. */
export function duration(seconds: number): string {
  if (seconds < 0.1) return `${(1000 * seconds).toPrecision(2)} ms`;
  if (seconds < 120) return `${seconds.toPrecision(seconds < 10 ? 2 : 3)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Bits as people read them. */
export function bits(n: number): string {
  return n < 8192
    ? `${count(n)} bit`
    : n < 8 * 2 ** 20
      ? `${(n / 8192).toFixed(1)} KiB`
      : `${(n / 8 / 2 ** 20).toFixed(2)} MiB`;
}

/** A window of cycles as people read it. */
export const cyclesOf = ({ from, cycles }: { readonly from: number; readonly cycles: number }): string =>
  `cycles ${from} to ${from + cycles - 1}`;
