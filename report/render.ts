/** A picture as a file. */

import { type Picture, specOf } from "./picture.ts";
import { CONFIG, png, svg } from "./vega.ts";

const FORMATS = ["svg", "png"] as const;
export type Format = (typeof FORMATS)[number];

/** Pixels of a picture's point, in each direction. */
const PNG_SCALE = 2;

export async function rendered({ title, content }: Picture, format: Format): Promise<string | Uint8Array> {
  const text =
    "svg" in content
      ? content.svg
      : await svg({ ...specOf(content, CONFIG as object), title: { text: title } } as never, title);
  return format === "svg" ? text : png(text, PNG_SCALE);
}
