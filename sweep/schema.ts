/** The sweep file: its schema, one place for every default and bound. */
import { z } from "zod";
import { SEED } from "../generator/base/asked.ts";
import { Refusal } from "../generator/base/errors.ts";
import { issueText } from "../generator/base/issues.ts";
import { readJson } from "../generator/design/load.ts";
import { works } from "./works.ts";

const MOST_POINTS = 1_000_000;

const scalar = z.union([z.number(), z.string(), z.boolean(), z.null()]);
const value = z.union([scalar, z.array(z.number())]);
const when = z
  .string()
  .optional()
  .describe("Condition under which the axis counts; where it is false, its fields are left as they are.");
const every = z.boolean().default(false).describe("Each point of a sample is run with all values of this axis.");

const listAxis = z.strictObject({
  values: z.array(value).min(1).describe("The values, in this order; null leaves the field out."),
  when,
  every,
});
const rangeAxis = z.strictObject({
  from: z.number().describe("First value of a range."),
  to: z.number().describe("Last value of a range; a step that does not meet it ends before it."),
  step: z.number().positive().optional().describe("Distance from value to value, or their ratio with log."),
  steps: z
    .int()
    .min(1)
    .max(MOST_POINTS)
    .optional()
    .describe("So many values, ends included. Without step and steps a sample takes any value between."),
  scale: z.enum(["linear", "log"]).default("linear").describe("Whether values differ by sums or by ratios."),
  when,
  every,
});
const choiceAxis = z.strictObject({
  choices: z
    .record(z.string(), z.record(z.string(), value))
    .describe(
      'By name, fields that are set together: { "nmf-lrt": { "gradient.method": "nmf", "gradient.frontEnd": "lrt" } }.',
    ),
  when,
  every,
});

const axis = z.union([z.array(value).min(1), listAxis, rangeAxis, choiceAxis]);

const sample = z.discriminatedUnion("method", [
  z.strictObject({ method: z.literal("grid") }),
  z.strictObject({
    method: z
      .enum(["random", "low-discrepancy"])
      .describe('By chance, or evenly; { "method": "grid" } is the whole grid.'),
    count: z.int().min(1).max(MOST_POINTS).describe("Points to take; fewer where there are no more."),
    seed: z
      .int()
      .min(SEED.least)
      .max(SEED.most)
      .default(1)
      .describe("Of the random numbers, or of the sequence's start."),
  }),
]);

const work = z.discriminatedUnion("kind", Object.values(works).map(({ settings }) => settings) as never);

const sweepSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,63}$/, "lower-case letters, digits and hyphens, starting with a letter")
    .describe("Names the folder of the results, out/sweeps/<name>."),
  design: z
    .string()
    .describe("Preset or design file that the axes start from; a path starts at the sweep file's folder."),
  set: z.record(z.string(), value).default({}).describe("Fields that are the same in every task."),
  data: z
    .string()
    .optional()
    .describe("Folder of IDX files, or a CSV table; a path starts at the sweep file's folder."),
  axes: z
    .record(z.string(), axis)
    .describe(
      "By field of the design file (or, with choices, by any name): its values. The first axis is the slowest.",
    ),
  constraints: z.array(z.string()).default([]).describe("Conditions that a point must meet; false leaves it out."),
  invalid: z.enum(["refuse", "skip"]).default("refuse").describe("What to do with a point that is no valid design."),
  sample: sample.prefault({ method: "grid" }).describe("Which points of the grid are run."),
  work: z
    .union([work, z.array(work).min(1)])
    .prefault({ kind: "train" } as never)
    .describe("What is run for each point; a list runs each."),
});

export type SweepFile = Omit<z.infer<typeof sweepSchema>, "work"> & {
  readonly work: { kind: string } | { kind: string }[];
};
export type AxisValue = z.infer<typeof value>;
export type Axis = z.infer<typeof axis>;

/** Parts of a sweep file, by what they are called on its page. */
export const sweepParts: Readonly<Record<string, z.ZodType>> = {
  "The file": sweepSchema,
  "An axis of values": listAxis,
  "An axis of a range": rangeAxis,
  "An axis of choices": choiceAxis,
  "A sample": sample.options[1],
};

const HELP = "give a sweep file, e.g. examples/tiny-methods.sweep.json; docs/sweeps.md lists its fields";

/** @throws Refusal with the path, the value and what would be right */
export function readSweep(file: string): SweepFile {
  const input = readJson(file, "a sweep file", HELP);
  const result = sweepSchema.safeParse(input);
  if (!result.success) throw new Refusal(`${file}: ${problem(input, result.error.issues[0])}`);
  return result.data as unknown as SweepFile;
}

/** What is wrong with a file. A union says little of what is wrong inside: the member that was meant says more. */
function problem(input: unknown, issue: z.core.$ZodIssue): string {
  const [part, name] = issue.path;
  const given = (input as Record<string, unknown>)[String(part)];
  if (part === "axes" && name !== undefined) {
    const axis = (given as Record<string, unknown>)[String(name)];
    return inside(axisSchema(axis), axis, `axes.${String(name)}`);
  }
  if (part === "sample") return inside(meant(sample.options, "method", given) ?? sample, given, "sample");
  if (part === "work" && given !== undefined) {
    const list = Array.isArray(given) ? given : [given];
    if (list.length === 0) return "work: has no elements; give one or more, or leave it out";
    const wrong = list.find((one) => !work.safeParse(one).success);
    return inside(
      meant(
        Object.values(works).map((w) => w.settings),
        "kind",
        wrong,
      ) ?? work,
      wrong,
      "work",
    );
  }
  return issueText(sweepSchema, input, issue, "sweep file");
}

function axisSchema(axis: unknown): z.ZodType {
  if (Array.isArray(axis)) return z.array(value).min(1);
  const has = (key: string) => typeof axis === "object" && axis !== null && key in axis;
  if (has("values")) return listAxis;
  return has("choices") ? choiceAxis : rangeAxis;
}

function meant(options: readonly unknown[], key: string, given: unknown): z.ZodType | undefined {
  const tag = (given as Record<string, unknown> | null)?.[key];
  return (options as z.ZodObject[]).find((option) => option.shape[key].safeParse(tag).success);
}

function inside(schema: z.ZodType, given: unknown, where: string): string {
  const issue = schema.safeParse(given).error?.issues[0];
  if (issue === undefined) return `${where}: is not allowed`;
  const text = issueText(schema, given, issue, "");
  return text.startsWith(": ") ? `${where}${text}` : `${where}.${text}`;
}
