/** The section `gradient` of the design file: its schema, and which of its fields a method has. A field that a method does
 *  not have stays absent, and is refused where the file gives it. */
import { z } from "zod";
import { Refusal } from "../base/errors.ts";
import { type Field, type Fields, FRONT_RANK, fieldBounds, LONGEST_TRAIN, lacking, PULSE_TRAIN } from "./fields.ts";
import { fieldsOf, frontEndNames, frontOf, methodNames, methodOf, methodsWith, streamOf } from "./registry.ts";

const int = (min: number, max: number) => z.int().min(min).max(max);

/** One of some names, which are known when the schema is made. */
const oneOf = (names: readonly string[]) => z.enum(names as [string, ...string[]]);

/** "a, b or c" */
const either = (names: readonly string[]): string => names.join(", ").replace(/, ([^,]*)$/, " or $1");

/** What each method does, those that do the same together: "sgd: …; sbpca, nmf, lrt: …". */
function whatMethodsDo(): string {
  const groups = new Map<string, string[]>();
  for (const name of methodNames()) {
    const { does } = methodOf(name);
    groups.set(does, [...(groups.get(does) ?? []), name]);
  }
  return [...groups].map(([does, names]) => `${names.join(", ")}: ${does}`).join("; ");
}

/** Which methods have a field, and what it is if not given: "(sbpca, nmf, lrt; 3 if not given)". */
function ownersOf(field: Field): string {
  const ahead = new Set(frontEndNames().filter((name) => field in streamOf(name).fields));
  const owners = methodsWith(field).map((method) => ({
    name: ahead.has(method) ? `${method}, also as a front end` : method,
    value: String(fieldsOf({ method }, Number.POSITIVE_INFINITY)[field]),
  }));
  const values = new Set(owners.map(({ value }) => value));
  return values.size === 1
    ? `${owners.map(({ name }) => name).join(", ")}; ${owners[0].value} if not given`
    : `if not given, ${owners.map(({ name, value }) => `${value} for ${name}`).join("; ")}`;
}

/** Names of the methods that take a front end. */
const behindFronts = (): readonly string[] => methodsWith("frontEnd");

export function gradientSchema() {
  const field = <S extends z.ZodType>(name: Field, bounds: S, text: string) =>
    bounds.optional().describe(`${text} (${ownersOf(name)}).`);
  return z.strictObject({
    method: oneOf(methodNames()).describe(`${whatMethodsDo()}.`),
    rank: field("rank", fieldBounds.rank, "Outer products that stand for the gradient, with nmf as many of each sign"),
    update: field(
      "update",
      fieldBounds.update,
      "Whether the outer products are added up and programmed once, or programmed one after the other",
    ),
    rounding: z.enum(["stochastic", "nearest"]).default("stochastic").describe("How a fraction of a pulse is rounded."),
    programming: z
      .enum(["row", "coincidence"])
      .default("row")
      .describe(
        "row: pulses are counted for each cell and programmed row by row; coincidence: pulse trains on rows and columns meet in the cells (rank-seq and sgd).",
      ),
    pulseTrain: int(1, LONGEST_TRAIN)
      .optional()
      .describe(
        `Slots of a pulse train; one too short for its largest probability grows to at most ${LONGEST_TRAIN} (coincidence; ${PULSE_TRAIN} if not given).`,
      ),
    frontEnd: oneOf(["none", ...frontEndNames()])
      .optional()
      .describe(`What gathers the batch before it is factored (${ownersOf("frontEnd")}).`),
    frontEndRank: fieldBounds.frontEndRank
      .optional()
      .describe(
        `Outer products of the front end, at least as many as rank (${behindFronts().join(", ")}; if not given, twice as many up to ${FRONT_RANK}).`,
      ),
    subBatch: field(
      "subBatch",
      fieldBounds.subBatch,
      "Samples taken in at once; more than one of sbpca's are in the golden model only",
    ),
    iterations: field("iterations", fieldBounds.iterations, "Multiplicative updates in a row"),
    unbiased: field(
      "unbiased",
      fieldBounds.unbiased,
      "Probability that a sample's reduction is the unbiased one, else the largest are kept",
    ),
    factorBits: field(
      "factorBits",
      fieldBounds.factorBits,
      "Bits of one element of the factors in hardware, with its sign",
    ),
    lanes: int(1, 1024).default(32).describe("Multiply-accumulators side by side in the digital units of a layer."),
    maxPulses: int(1, 255)
      .default(31)
      .describe("Largest number of pulses one update by row gives a cell (with rank-seq, the update of one rank)."),
    accumulatorBits: field("accumulatorBits", fieldBounds.accumulatorBits, "Bits of one word of the gradient buffer"),
  });
}

export type GradientSection = z.infer<ReturnType<typeof gradientSchema>>;

/** What the rules between fields read of the rest of a design. */
interface Around {
  readonly gradient: GradientSection;
  readonly training: { readonly batch: number };
  /** Whether cells take pulses, or any weight at once. */
  readonly pulses: boolean;
}

type Refuse = (path: string, why: string) => never;

/** The section with every field that its method has.
 *  @param refuse called with the path, and with what is wrong and what would be right */
export function withMethodFields(around: Around, refuse: Refuse): GradientSection {
  refuseProgramming(around, refuse);
  const { batch } = around.training;
  const gradient: GradientSection = { ...around.gradient };
  if (gradient.programming === "coincidence") gradient.pulseTrain ??= PULSE_TRAIN;
  else if (gradient.pulseTrain !== undefined)
    refuse(
      "gradient.pulseTrain",
      "row programming has no pulse trains; leave it out, or use gradient.programming coincidence",
    );
  for (const field of Object.keys(fieldBounds) as Field[]) {
    const own = fieldsOf(gradient, batch);
    if (field in own) Object.assign(gradient, { [field]: gradient[field] ?? own[field] });
    else if (gradient[field] !== undefined) refuse(`gradient.${field}`, refusalOf(gradient, field));
  }
  const { rank = 0, frontEndRank = rank, subBatch = 0 } = gradient;
  if (frontEndRank < rank)
    refuse("gradient.frontEndRank", `${frontEndRank} is less than gradient.rank; use at least ${rank}`);
  if (subBatch > batch) refuse("gradient.subBatch", `${subBatch} is more than training.batch; use at most ${batch}`);
  return gradient;
}

/** Front ends of a method, `none` among them, with which it has a field. */
function frontEndsWith({ method }: GradientSection, field: Field): string[] {
  const known = methodOf(method);
  if (known.keeps !== "factors" || known.frontEnds.length === 0) return [];
  return [...known.frontEnds.map((front) => front.method), "none"].filter(
    (frontEnd) => field in fieldsOf({ method, frontEnd }, Number.POSITIVE_INFINITY),
  );
}

/** Why a method has no such field, and what would be right. */
function refusalOf(gradient: GradientSection, field: Field): string {
  const { method, frontEnd } = gradient;
  const others = frontEndsWith(gradient, field);
  if (field === "frontEndRank")
    return `there is no front end; leave it out, or use gradient.method ${either(behindFronts())} with gradient.frontEnd ${either(frontEndNames())}`;
  if (others.length === 0)
    return `${method} ${lacking[field]}; leave it out, or use gradient.method ${either(methodsWith(field))}`;
  const why =
    frontEnd === "none" ? `there is no front end of ${either(others)}` : `a front end of ${frontEnd} ${lacking[field]}`;
  return `${why}; leave it out, or use gradient.frontEnd ${either(others)}`;
}

function refuseProgramming({ gradient, pulses }: Around, refuse: Refuse): void {
  const { method, programming, update, rounding } = gradient;
  if (programming !== "coincidence") return;
  const path = "gradient.programming";
  const { keeps } = methodOf(method);
  if (keeps === "gradient") {
    const direct = methodNames().filter((name) => methodOf(name).keeps === "nothing");
    refuse(
      path,
      `coincidence programs outer products, and ${method} has none; use row, or gradient.method ${either(direct)}`,
    );
  }
  if (keeps === "factors" && update !== "rank-seq")
    refuse(path, "coincidence programs one rank at a time; use row, or gradient.update rank-seq");
  if (!pulses)
    refuse(path, "coincidence needs pulses, and a device of continuous weights has none; use row, or ideal-N");
  if (rounding === "nearest")
    refuse("gradient.rounding", "nearest is not what coincidence does; use stochastic, or gradient.programming row");
}

/** Refuses what the golden model has beyond the hardware, before any work is done. */
export function refuseGoldenOnly(name: string, gradient: GradientSection): void {
  const limit = methodOf(gradient.method).hardware(gradient, frontOf(gradient));
  if (!limit) return;
  const { field, use } = limit;
  throw new Refusal(
    `${name}: gradient.${field}: ${(gradient as Fields)[field]} is in the golden model only so far; use ${use}, or rankloom golden`,
  );
}
