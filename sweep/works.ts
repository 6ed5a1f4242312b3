/** What a sweep can do with each design, by the name that a sweep file gives it: a further kind of work is a file in
 *  works/ and a line here. */
import type { Work } from "./work.ts";
import { estimate } from "./works/estimate-work.ts";
import { train } from "./works/train-work.ts";
import { verify } from "./works/verify-work.ts";

export const works = { estimate, train, verify } as const;

export type WorkKind = keyof typeof works;

export const workOf = (kind: string): Work => works[kind as WorkKind] as unknown as Work;
