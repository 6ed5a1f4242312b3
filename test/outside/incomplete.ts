/** What must not compile: `npm run types` fails where one of these does. */

import type { FactorMethod, Method, Stream } from "../../generator/methods/method.ts";
import type { MethodName } from "../../generator/methods/registry.ts";
import { mbgd, sgd } from "../../golden/direct.ts";
import { golden as nmf } from "../../golden/low-rank/nmf.ts";
import { golden as sbpca } from "../../golden/low-rank/sbpca.ts";
import type { GoldenMethod } from "../../golden/method.ts";
import { power } from "./power.ts";

type Without<T, K extends keyof T> = Omit<T, K>;

declare const noYardstick: Without<FactorMethod, "yardstick">;
declare const noStrengths: Without<FactorMethod, "strengths">;
declare const noLook: Without<FactorMethod, "look">;
declare const noUnit: Without<FactorMethod, "unit">;
declare const noFields: Without<FactorMethod, "fields">;
declare const noSettle: Without<Stream, "settle">;

export const incomplete: readonly (Method | Stream)[] = [
  power,
  // @ts-expect-error a method without a measure of its memory
  noYardstick,
  // @ts-expect-error a method that does not say whether its strengths are of the mean or of the sum
  noStrengths,
  // @ts-expect-error a method that pictures cannot tell from others
  noLook,
  // @ts-expect-error a method without programs
  noUnit,
  // @ts-expect-error a method that does not say which fields it has
  noFields,
  // @ts-expect-error a stream that does not say what it does at a batch's end
  noSettle,
];

// @ts-expect-error a method of the project without a golden half: lrt
export const halves: Readonly<Record<MethodName, GoldenMethod>> = { sgd, mbgd, sbpca, nmf };
