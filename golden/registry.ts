/** The registry of the golden halves of gradient methods. A method without one does not compile. */
import type { Random } from "../data/random.ts";
import { filled, type Gradient } from "../generator/methods/fields.ts";
import { type MethodName, methodOf } from "../generator/methods/registry.ts";
import type { GoldenMethod, GradientUnit } from "./method.ts";
import * as builtIn from "./methods.ts";

const complete: Readonly<Record<MethodName, GoldenMethod>> = builtIn;
const methods = new Map<string, GoldenMethod>(Object.entries(complete));

/** Adds the golden half of a method from outside the project. */
export function registerGoldenMethod(name: string, method: GoldenMethod): void {
  if (methods.has(name)) throw new Error(`there is a golden gradient method ${name} already`);
  methods.set(name, method);
}

export function goldenMethod(name: string): GoldenMethod {
  const method = methods.get(name);
  if (!method) throw new Error(`the golden model has no gradient method ${name}`);
  const { keeps } = methodOf(name);
  if (method.keeps !== keeps) throw new Error(`${name} keeps ${keeps}, its golden half ${method.keeps}`);
  return method;
}

/** The unit of one layer, for a method that keeps factors; its front end's, where it has one, in front of it. */
export function newGradientUnit(settings: Gradient, inputs: number, outputs: number, random: Random): GradientUnit {
  const newUnit = (name: string, rank: number, front: (() => GradientUnit) | null): GradientUnit => {
    const method = goldenMethod(name);
    if (method.keeps !== "factors") throw new Error(`${name} keeps no factors`);
    return method.newUnit({ settings, rank, inputs, outputs, random, front });
  };
  const { method, frontEnd = "none" } = settings;
  const front = () => newUnit(frontEnd, filled(settings.frontEndRank, "frontEndRank"), null);
  return newUnit(method, filled(settings.rank, "rank"), frontEnd === "none" ? null : front);
}
