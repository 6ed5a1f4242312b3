/** A leaf of a breakdown: a figure with the layer, unit and kind that it belongs to; and the sums of leaves by each. */
import { type Figure, figure, sum } from "./tree.ts";

export type Kind = "digital" | "memory" | "analog";

export interface Leaf {
  /** null: one for the machine. */
  readonly layer: number | null;
  readonly unit: string;
  readonly kind: Kind;
  readonly figure: Figure;
}

export interface Breakdown {
  readonly total: Figure;
  readonly byLayer: Readonly<Record<string, Figure>>;
  readonly byUnit: Readonly<Record<string, Figure>>;
  readonly byKind: Readonly<Record<string, Figure>>;
}

export const placeOf = (layer: number | null): string => (layer === null ? "machine" : `layer_${layer}`);

/** @param id what the breakdown is of, e.g. "area" */
export function breakdown(id: string, title: string, unit: string, leaves: readonly Leaf[]): Breakdown {
  const by = (name: string, key: (leaf: Leaf) => string): Record<string, Figure> => {
    const groups = new Map<string, Figure[]>();
    for (const leaf of leaves) groups.set(key(leaf), [...(groups.get(key(leaf)) ?? []), leaf.figure]);
    return Object.fromEntries(
      [...groups].map(([group, parts]) => [group, sum(`${id}.${name}.${group}`, `${title}: ${group}`, unit, parts)]),
    );
  };
  const byLayer = by("layer", ({ layer }) => placeOf(layer));
  return {
    total: sum(id, title, unit, Object.values(byLayer)),
    byLayer,
    byUnit: by("unit", (leaf) => leaf.unit),
    byKind: by("kind", (leaf) => leaf.kind),
  };
}

/** Every figure of a breakdown times the same whole number: of an epoch from those of a sample.
 *  @param times a figure that has no parts below the breakdown */
export function scaled(from: Breakdown, id: string, title: string, times: Figure): Breakdown {
  const old = from.total.id;
  const each = (list: Readonly<Record<string, Figure>>) =>
    Object.fromEntries(Object.entries(list).map(([key, part]) => [key, times_(part)]));
  const times_ = (part: Figure): Figure =>
    figure(part.id.replace(old, id), {
      title: part.title.replace(from.total.title, title),
      unit: part.unit,
      value: part.value * times.value,
      formula: `${part.id} · ${times.id}`,
      parts: [part, times],
    });
  const byLayer = each(from.byLayer);
  return {
    total: sum(id, title, from.total.unit, Object.values(byLayer)),
    byLayer,
    byUnit: each(from.byUnit),
    byKind: each(from.byKind),
  };
}
