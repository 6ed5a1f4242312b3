/** Single faults for every module of the RTL: what a tired engineer could have typed. */

export interface Mutation {
  readonly id: string;
  readonly module: string;
  readonly operator: string;
  readonly line: number;
  readonly before: string;
  readonly after: string;
  /** The module's whole text with the fault. */
  readonly text: string;
}

interface Operator {
  readonly name: string;
  /** Every fault of this kind in one line of code. */
  readonly apply: (line: string, context: { inReset: boolean }) => string[];
}

/** One variant for each match of the pattern in the line. */
function each(line: string, pattern: RegExp, replace: (match: RegExpMatchArray) => string | null): string[] {
  const variants: string[] = [];
  for (const match of line.matchAll(pattern)) {
    const text = replace(match);
    if (text !== null && text !== match[0])
      variants.push(line.slice(0, match.index) + text + line.slice(match.index + match[0].length));
  }
  return variants;
}

/** Code outside comments, strings of parameters and ports. */
const isStatement = (line: string) =>
  /<=|(^|\s)assign\s|[^<>=!]=[^=]/.test(line) && !/^\s*(parameter|localparam|input|output|genvar)\b/.test(line);

export const operators: readonly Operator[] = [
  {
    name: "wrong sign",
    apply: (l) => (isStatement(l) ? each(l, / ([+-]) (?!1\b|1')/g, (m) => (m[1] === "+" ? " - " : " + ")) : []),
  },
  {
    name: "off by one",
    apply: (l) =>
      isStatement(l) || /\bif\b/.test(l) ? each(l, /(\b[A-Z][A-Z_]+) - 1\b(?!:)/g, (m) => `${m[1]} - 2`) : [],
  },
  {
    name: "off by one",
    apply: (l) =>
      (isStatement(l) ? each(l, /([+-]) (1'b1|1)(?=[;)\s])/g, (m) => `${m[1]} 2`) : []).filter(
        (v) => !/\[[^\]]*- 2/.test(v),
      ),
  },
  {
    name: "wrong comparison",
    apply: (l) =>
      each(
        l,
        / (==|!=|>=|>|<) /g,
        (m) => ({ "==": " != ", "!=": " == ", ">=": " > ", ">": " >= ", "<": " >= " })[m[1]] ?? null,
      ),
  },
  { name: "swapped operands", apply: (l) => each(l, /\? ([^?:]+?) : ([^?:;]+);/g, (m) => `? ${m[2]} : ${m[1]};`) },
  {
    name: "dropped saturation",
    apply: (l) =>
      /(MAX|MIN|LIMIT|FULL|max|clip|satur)/.test(l) ? each(l, /\(?(\w+ [<>] -?\w+)\)? \?/g, () => "1'b0 ?") : [],
  },
  { name: "missing reset", apply: (l, { inReset }) => (inReset && /^\s*\w+\s*<=/.test(l) ? [""] : []) },
  {
    name: "inverted condition",
    apply: (l) => each(l, /\bif \((\w+)\)/g, (m) => (m[1] === "rst" ? null : `if (!${m[1]})`)),
  },
  { name: "stuck at zero", apply: (l, { inReset }) => (inReset ? [] : each(l, /<= 1'b1;/g, () => "<= 1'b0;")) },
  { name: "lost sign", apply: (l) => [...each(l, />>>/g, () => ">>"), ...each(l, /\$signed\(/g, () => "(")] },
  { name: "wrong gate", apply: (l) => [...each(l, / && /g, () => " || "), ...each(l, / \|\| /g, () => " && ")] },
  {
    name: "wrong width",
    apply: (l) =>
      /^\s*(reg|wire)\b/.test(l) ? each(l, /\[(\w+) *- *1 *: *0\](?=\s+\w+)/g, (m) => `[${m[1]}-2:0]`) : [],
  },
];

/** All faults of one module, in the order of its lines. */
export function mutationsOf(module: string, text: string): Mutation[] {
  const lines = text.split("\n");
  const found: Mutation[] = [];
  let inReset = false;
  let depth = 0;
  lines.forEach((full, index) => {
    const code = full.replace(/\/\/.*$/, "");
    if (/if \(rst\)\s*begin/.test(code)) {
      inReset = true;
      depth = 0;
    } else if (/if \(rst\)/.test(code)) {
      // A single statement on the same line.
      const reset = /if \(rst\)\s*(\w+\s*<=[^;]*;)/.exec(code);
      if (reset) found.push(make(module, "missing reset", index, full, full.replace(reset[1], ";"), lines));
    } else if (inReset) {
      if (/\bbegin\b/.test(code)) depth++;
      if (/\bend\b/.test(code)) {
        if (depth === 0) inReset = false;
        else depth--;
      }
    }
    if (code.trim() === "") return;
    for (const operator of operators)
      for (const variant of operator.apply(code, { inReset }))
        if (variant !== code) found.push(make(module, operator.name, index, full, variant, lines));
  });
  return found;
}

function make(
  module: string,
  operator: string,
  index: number,
  before: string,
  after: string,
  lines: readonly string[],
): Mutation {
  const text = [...lines.slice(0, index), after, ...lines.slice(index + 1)].join("\n");
  return {
    id: `${module}:${index + 1}:${operator.replaceAll(" ", "-")}:${after.trim().length}`,
    module,
    operator,
    line: index + 1,
    before: before.trim(),
    after: after.trim(),
    text,
  };
}

/** Up to `count` faults of a module, of as many kinds as there are, spread over its text. */
export function choose(mutations: readonly Mutation[], count: number): Mutation[] {
  const byOperator = new Map<string, Mutation[]>();
  for (const m of mutations) byOperator.set(m.operator, [...(byOperator.get(m.operator) ?? []), m]);
  const chosen: Mutation[] = [];
  for (let round = 0; chosen.length < count; round++) {
    let any = false;
    for (const list of byOperator.values()) {
      if (chosen.length >= count || list.length <= round) continue;
      // Golden-ratio steps through the list: spread, and the same every time.
      const at = Math.floor(((round + 1) * 0.6180339887 * list.length) % list.length);
      const pick = list[at];
      if (!chosen.includes(pick)) chosen.push(pick);
      any = true;
    }
    if (!any) break;
  }
  return chosen;
}
