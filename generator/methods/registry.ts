/** The registry of gradient methods: everything that asks what a method is asks here. A further method is a line in
 *  all.ts; one from outside the project is registered before the first design is read. */
import * as builtIn from "./all.ts";
import type { Field, Gradient } from "./fields.ts";
import { filled } from "./fields.ts";
import type { Front, Method, Stream, UnitPlan } from "./method.ts";

/** Names of the project's own methods: golden/ must have the other half of each. */
export type MethodName = keyof typeof builtIn;

const methods = new Map<string, Method>(Object.entries(builtIn));
let listed: readonly string[] | null = null;

/** Adds a method from outside the project.
 *  @throws Error where the name is taken, or the design file's schema is made already */
export function registerMethod(name: string, method: Method): void {
  if (methods.has(name)) throw new Error(`there is a gradient method ${name} already`);
  if (listed) throw new Error(`gradient method ${name} comes too late: register it before a design is read`);
  methods.set(name, method);
}

/** All names, in their order. From the first call on no method is added. */
export function methodNames(): readonly string[] {
  listed ??= [...methods].sort(([, a], [, b]) => a.place - b.place).map(([name]) => name);
  return listed;
}

/** @throws Error where there is no such method: a validated design has one */
export function methodOf(name: string): Method {
  const method = methods.get(name);
  if (!method) throw new Error(`there is no gradient method ${name}`);
  return method;
}

/** The stream of a method that can gather a batch in front of another. */
export function streamOf(name: string): Stream {
  const method = methodOf(name);
  if (method.keeps !== "factors" || !method.stream) throw new Error(`${name} cannot stand in front of a method`);
  return method.stream;
}

/** The stream that a gradient names as its front end, or null. */
export const frontOf = ({ frontEnd }: Pick<Gradient, "frontEnd">): Stream | null =>
  frontEnd === undefined || frontEnd === "none" ? null : streamOf(frontEnd);

/** Names of all methods that are a front end of some other. */
export function frontEndNames(): readonly string[] {
  const taken = new Set(
    methodNames().flatMap((name) => {
      const method = methodOf(name);
      return method.keeps === "factors" ? method.frontEnds.map((front) => front.method) : [];
    }),
  );
  return methodNames().filter((name) => taken.has(name));
}

/** The fields of a gradient's method, each as it is where the file leaves it out. */
export function fieldsOf(gradient: Gradient, batch: number): Readonly<Record<string, unknown>> {
  return methodOf(gradient.method).fields(gradient, batch, frontOf(gradient));
}

/** Names of the methods that have a field, without a front end. */
export const methodsWith = (field: Field): readonly string[] =>
  methodNames().filter((method) => field in fieldsOf({ method }, Number.POSITIVE_INFINITY));

/** Columns and programs of a gradient whose method keeps factors. */
export function unitPlan(gradient: Gradient, batch: number): UnitPlan {
  const method = methodOf(gradient.method);
  if (method.keeps !== "factors") throw new Error(`${gradient.method} keeps no factors`);
  const stream = frontOf(gradient);
  const front: Front | null = stream && {
    stream,
    rank: filled(gradient.frontEndRank, "frontEndRank"),
    factorBits: filled(gradient.factorBits, "factorBits"),
    gradient,
  };
  return method.unit(gradient, batch, front);
}
