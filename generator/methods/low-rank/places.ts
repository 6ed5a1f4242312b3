/** Places of the scalar memory for temporaries: one is free again after its last reader's issue. */
import { FUNCTION_LATENCY, type Node } from "./program.ts";

/** Cycles of a loop's body, all loops passed once. */
interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Placed {
  readonly node: Node;
  /** Issue cycle, all loops passed once. */
  readonly cycle: number;
  /** The loops that it is in. */
  readonly loops: readonly Span[];
}

/** @param nodes in the order of their cycles
 *  @param fixed places of all other values
 *  @param base first place of temporaries
 *  @returns places of all values, and how many temporaries there are at a time */
export function placeTemporaries(
  nodes: readonly Placed[],
  fixed: ReadonlyMap<number, number>,
  base: number,
): { readonly places: Map<number, number>; readonly count: number } {
  const lastRead = new Map<number, number>();
  const written = new Map<number, number>();
  for (const { node, cycle, loops } of nodes) {
    for (const s of node.sources) {
      if (typeof s === "number") continue;
      // What comes from before a loop is read in every pass of it.
      const before = written.get(s.id) ?? -1;
      const until = loops.reduce((last, { from, to }) => (before < from ? Math.max(last, to) : last), cycle);
      lastRead.set(s.id, Math.max(lastRead.get(s.id) ?? 0, until));
    }
    if (node.d !== null && typeof node.d !== "number") written.set(node.d.id, cycle);
  }
  const places = new Map(fixed);
  const free: number[] = [];
  const busy: { until: number; place: number }[] = [];
  let count = 0;
  for (const { node, cycle } of nodes) {
    for (let k = busy.length - 1; k >= 0; k--)
      if (busy[k].until < cycle) free.push(...busy.splice(k, 1).map((b) => b.place));
    const { d } = node;
    if (d === null || typeof d === "number" || places.has(d.id)) continue;
    const place = free.length > 0 ? (free.sort((p, q) => p - q).shift() as number) : count++;
    places.set(d.id, base + place);
    // A place whose value nobody reads is free once it is written.
    busy.push({ until: Math.max(lastRead.get(d.id) ?? 0, cycle + FUNCTION_LATENCY), place });
  }
  return { places, count };
}
