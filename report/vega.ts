/** Pictures from Vega-Lite, without a browser: how they look, and how they become SVG and PNG. */
import * as vega from "vega";
import { compile, type TopLevelSpec } from "vega-lite";

const FONT = "Helvetica, Arial, sans-serif";
export const MONO = "Menlo, Consolas, DejaVu Sans Mono, monospace";
/** Okabe and Ito's palette: told apart by every eye, and in grey. */
export const BLUE = "#0072B2";
export const ORANGE = "#D55E00";
export const INK = "#222222";
export const PALE = "#666666";
export const GRID = "#E4E4E4";

export const CONFIG: TopLevelSpec["config"] = {
  background: "white",
  font: FONT,
  view: { stroke: null },
  axis: {
    labelColor: INK,
    labelFontSize: 11,
    titleColor: INK,
    titleFontSize: 12,
    titleFontWeight: "normal",
    titlePadding: 8,
    gridColor: GRID,
    domainColor: PALE,
    tickColor: PALE,
  },
  title: {
    anchor: "start",
    color: INK,
    fontSize: 14,
    subtitleColor: PALE,
    subtitleFontSize: 11,
    subtitlePadding: 5,
    offset: 10,
  },
};

/** Without a canvas Vega takes every character for 0.8 of the font's size, and leaves too much room. Its typings do not
 *  have what it offers for better numbers. */
function measureText(): void {
  const { textMetrics } = vega as unknown as {
    textMetrics: { width: (item: { font?: string; fontSize?: number }, text: unknown) => number };
  };
  textMetrics.width = ({ font = "", fontSize = 11 }, text) =>
    String(text ?? "").length * fontSize * (font.includes("mono") ? 0.62 : 0.56);
}

/** What is wrong with a picture stops it, instead of leaving a part of it out. */
function strict(): vega.LoggerInterface {
  const logger = vega.logger(vega.Error);
  logger.error = (...problem) => {
    throw problem[0] instanceof Error ? problem[0] : new Error(problem.join(" "));
  };
  return logger;
}

/** One picture as text, with a title for those who do not see it instead of Vega's description of every mark. */
export async function svg(spec: TopLevelSpec, title: string): Promise<string> {
  measureText();
  const view = new vega.View(vega.parse(compile(spec).spec), { renderer: "none", logger: strict() });
  const text = await view.toSVG();
  view.finalize();
  const plain = text.replace(/ (role|aria-[a-z]+)="[^"]*"/g, "");
  return `${plain.replace(/(<svg[^>]*>)/, `$1<title>${title}</title>`)}\n`;
}

/** The same as an image of so many times the points' number of pixels in each direction. */
export async function png(text: string, scale: number): Promise<Uint8Array> {
  const { Resvg } = await import("@resvg/resvg-js");
  const options = { fitTo: { mode: "zoom", value: scale }, font: { defaultFontFamily: "Arial" } } as const;
  return new Resvg(text, options).render().asPng();
}
