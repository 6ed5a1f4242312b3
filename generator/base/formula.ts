/** Lengths that know their formula: a number of cycles, and how it comes from named numbers. Both are made once, with
 *  the length; `cycles` is a plain number. */

export interface Length extends Sources {
  readonly cycles: number;
  /** E.g. "(steps − 1) · stepCycles + 5". */
  readonly formula: string;
}

/** Where the numbers of a formula come from. */
interface Sources {
  /** Parts of the IR that its names are fields of, beside the IR itself. */
  readonly places: ReadonlySet<string>;
  /** Its named constants. */
  readonly pipelines: readonly Pipeline[];
}

/** A constant, and why it is there. */
export interface Pipeline {
  readonly why: string;
  readonly cycles: number;
}

/** How often each name, or product of names and of sums in parentheses, is in a sum. */
type Parts = ReadonlyMap<string, number>;

interface Addends extends Sources {
  /** What the design decides. */
  readonly fixed: Parts;
  readonly constant: number;
  /** What data or the host decide. */
  readonly varying: Parts;
}

const NONE: Parts = new Map();
const NOWHERE: Sources = { places: new Set(), pipelines: [] };

/** What lengths are put together from. */
export class Sum implements Length, Addends {
  readonly cycles: number;
  readonly fixed: Parts;
  readonly constant: number;
  readonly varying: Parts;
  readonly places: ReadonlySet<string>;
  readonly pipelines: readonly Pipeline[];

  constructor(cycles: number, { fixed = NONE, constant = 0, varying = NONE, ...sources }: Partial<Addends>) {
    this.cycles = cycles;
    this.fixed = fixed;
    this.constant = constant;
    this.varying = varying;
    this.places = sources.places ?? NOWHERE.places;
    this.pipelines = sources.pipelines ?? NOWHERE.pipelines;
  }

  get isConstant(): boolean {
    return this.fixed.size + this.varying.size === 0;
  }

  get formula(): string {
    const constant: [string, number][] = this.constant === 0 && !this.isConstant ? [] : [["", this.constant]];
    return [...this.fixed, ...constant, ...this.varying].reduce((before, [part, times]) => {
      const size = Math.abs(times);
      const text = part === "" ? `${size}` : size === 1 ? part : `${size} · ${part}`;
      if (before === "") return times < 0 ? `−${text}` : text;
      return `${before} ${times < 0 ? "−" : "+"} ${text}`;
    }, "");
  }

  /** As a factor of a product. */
  get factor(): string {
    const parts = [...this.fixed, ...this.varying];
    return parts.length === 1 && parts[0][1] === 1 && this.constant === 0 ? parts[0][0] : `(${this.formula})`;
  }
}

/** A name, a product or a function as one part of a sum. */
const part = (text: string, times: number, cycles: number, varies: boolean, { places, pipelines }: Sources): Sum =>
  new Sum(cycles, { [varies ? "varying" : "fixed"]: new Map([[text, times]]), places, pipelines });

const sourcesOf = (all: readonly Sources[]): Sources => ({
  places: new Set(all.flatMap(({ places }) => [...places])),
  pipelines: all.flatMap(({ pipelines }) => pipelines),
});

/** Cycles between two events in the hardware, and what happens in them. */
export const pipeline = (why: string, cycles: number): Sum =>
  new Sum(cycles, { constant: cycles, pipelines: [{ why, cycles }] });

/** What data or the host decide. */
export const symbol = (name: string, cycles: number): Sum => part(name, 1, cycles, true, NOWHERE);

type NumberIn<T> = { [K in keyof T]: T[K] extends number ? K : never }[keyof T] & string;

/** Numbers of a part of the IR, under their names there.
 *  @param place the part, e.g. `layers[l].forward`; "" for the IR itself */
export function named<T extends object>(of: T, place = ""): (name: NumberIn<T>) => Sum {
  const sources: Sources = { places: new Set(place === "" ? [] : [place]), pipelines: [] };
  return (name) => part(name, 1, of[name] as number, false, sources);
}

type Term = Sum | number;

const asSum = (term: Term): Sum => (typeof term === "number" ? new Sum(term, { constant: term }) : term);

export function sum(...terms: Term[]): Sum {
  const sums = terms.map(asSum);
  const added = (partsOf: (of: Sum) => Parts): Parts => {
    const all = new Map<string, number>();
    for (const [text, times] of sums.flatMap((of) => [...partsOf(of)])) all.set(text, (all.get(text) ?? 0) + times);
    return new Map([...all].filter(([, times]) => times !== 0));
  };
  return new Sum(
    sums.reduce((total, { cycles }) => total + cycles, 0),
    {
      fixed: added(({ fixed }) => fixed),
      constant: sums.reduce((total, { constant }) => total + constant, 0),
      varying: added(({ varying }) => varying),
      ...sourcesOf(sums),
    },
  );
}

function negative({ cycles, fixed, constant, varying, places, pipelines }: Sum): Sum {
  const all = (parts: Parts): Parts => new Map([...parts].map(([text, times]) => [text, -times]));
  const turned = pipelines.map(({ why, cycles: c }) => ({ why, cycles: -c }));
  return new Sum(-cycles, { fixed: all(fixed), constant: -constant, varying: all(varying), places, pipelines: turned });
}

export const difference = (from: Term, ...less: Term[]): Sum => sum(from, ...less.map((term) => negative(asSum(term))));

export function product(...factors: Term[]): Sum {
  const sums = factors.map(asSum);
  const times = sums.reduce((all, of) => (of.isConstant ? all * of.cycles : all), 1);
  const others = sums.filter((of) => !of.isConstant);
  const sources = sourcesOf(sums);
  if (others.length === 0) return new Sum(times, { constant: times, ...sources });
  return part(
    others.map(({ factor }) => factor).join(" · "),
    times,
    others.reduce((all, { cycles }) => all * cycles, times),
    others.some(({ varying }) => varying.size > 0),
    sources,
  );
}

/** 0 where it would be less. */
export const positive = (of: Sum): Sum =>
  part(`max(0, ${of.formula})`, 1, Math.max(0, of.cycles), of.varying.size > 0, of);

/** The longest of several that have one formula, each with its own numbers. */
export function largest(over: string, lengths: readonly Sum[]): Length {
  const [{ formula, places, pipelines }] = lengths;
  if (lengths.some((length) => length.formula !== formula)) throw new Error(`${over} differ in more than numbers`);
  const cycles = Math.max(...lengths.map((length) => length.cycles));
  return { cycles, formula: `largest over ${over} of ${formula}`, places, pipelines };
}
