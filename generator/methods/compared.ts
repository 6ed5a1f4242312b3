/** Methods and updates as they are compared, by the names that commands, tables and pictures give them. */
import type { Gradient } from "./fields.ts";
import type { Keeps } from "./method.ts";
import { methodNames, methodOf } from "./registry.ts";

/** A method as it is compared: by itself, or behind one of its front ends. */
export interface Variant {
  readonly name: string;
  readonly keeps: Keeps;
  readonly look: number;
  readonly gradient: Pick<Gradient, "method" | "frontEnd">;
}

/** All methods as they are compared, in their order. */
export function variants(): readonly Variant[] {
  return methodNames().flatMap((name): Variant[] => {
    const method = methodOf(name);
    const { keeps, look } = method;
    if (method.keeps !== "factors" || method.frontEnds.length === 0)
      return [{ name, keeps, look, gradient: { method: name } }];
    const behind = method.frontEnds.map((front) => ({
      name: `${name}-${front.method}`,
      keeps,
      look: front.look,
      gradient: { method: name, frontEnd: front.method },
    }));
    return [{ name, keeps, look, gradient: { method: name, frontEnd: "none" } }, ...behind];
  });
}

/** @throws Error where there is none of this name */
export function variantOf(name: string): Variant {
  const variant = variants().find((known) => known.name === name);
  if (!variant) throw new Error(`no gradient method is compared as ${name}`);
  return variant;
}

/** The method whose gradient is exact and whole: what the others are measured by. */
export function fullGradient(): Variant {
  const variant = variants().find(({ keeps }) => keeps === "gradient");
  if (!variant) throw new Error("no gradient method keeps the full gradient");
  return variant;
}

/** The part of a design's gradient that names its method and update. */
type Chosen = Pick<Gradient, "method" | "frontEnd" | "update"> & { readonly programming?: string };

/** Updates of methods that keep factors, each with the fields that make it; a more special one comes later. */
export const updates: Readonly<Record<string, Pick<Chosen, "update" | "programming">>> = {
  "rank-sum": { update: "rank-sum" },
  "rank-seq": { update: "rank-seq" },
  coincidence: { update: "rank-seq", programming: "coincidence" },
};

const holds = (fields: Partial<Chosen>, gradient: Chosen): boolean =>
  Object.entries(fields).every(([key, value]) => gradient[key as keyof Chosen] === value);

/** The name of a gradient's method. */
export const nameOfMethod = (gradient: Chosen): string =>
  variants().find((variant) => holds(variant.gradient, gradient))?.name ?? gradient.method;

/** The name of a gradient's update, or null. */
export const nameOfUpdate = (gradient: Chosen): string | null =>
  Object.entries(updates).findLast(([, fields]) => holds(fields, gradient))?.[0] ?? null;
