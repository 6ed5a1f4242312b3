/** The design file: its schema (one place for every default and bound) and the rules between fields. */
import { z } from "zod";
import { SEED } from "../base/asked.ts";
import { Refusal } from "../base/errors.ts";
import { issueText } from "../base/issues.ts";
import { deviceSchema } from "../device/fields.ts";
import { deviceProblem, isContinuous } from "../device/resolve.ts";
import { gradientSchema, withMethodFields } from "../methods/gradient.ts";
import { LARGEST_RATE } from "./rates.ts";

const int = (min: number, max: number) => z.int().min(min).max(max);

export const designSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,63}$/, "lower-case letters, digits and hyphens, starting with a letter")
    .describe("Names the output folder."),
  network: z.strictObject({
    layers: z
      .array(int(1, 65536))
      .min(2)
      .max(9)
      .describe("Sizes of the input vector and of each layer's output: 1 to 8 layers."),
    activation: z.enum(["relu", "sigmoid", "tanh"]),
    loss: z
      .enum(["softmax-cross-entropy", "squared-error"])
      .describe("With squared-error the activation acts on the output layer too."),
    bias: z.literal(false).default(false).describe("The crossbars hold no bias row."),
    crop: int(1, 1024)
      .optional()
      .describe("Of square images only the central pixels, so many in each direction, are the input vector."),
    sampleBits: int(1, 8)
      .optional()
      .describe(
        "Bits of a code of the input vector; of one bit, a code is 0 or 1 itself (tile.inputBits if not given, whose codes are parts of one).",
      ),
  }),
  tile: z.strictObject({
    rows: int(4, 1024).describe("Wordlines of one crossbar tile."),
    cols: int(4, 1024).describe("Bitlines of one crossbar tile."),
    inputBits: int(1, 8).default(8).describe("Bits of an activation code, read one bit-plane at a time."),
    errorBits: int(3, 12).default(9).describe("Bits of an error code with its sign, scaled sample by sample."),
    adcBits: z
      .union([int(3, 14), z.literal("lossless")])
      .default(8)
      .describe("Bits of an ADC code with its sign; lossless: as many as the largest column sum needs."),
    adcRange: z
      .enum(["follow", "fixed"])
      .default("follow")
      .describe(
        "Whether the hardware widens the ADCs' ranges when its saturation counters say so (those of rectified activations it always does).",
      ),
    rangeStart: z
      .enum(["calibrated", "finest"])
      .default("calibrated")
      .describe("Where ranges start: at what calibration saw, with headroom; or finest, for the hardware to widen."),
    columnsPerAdc: int(1, 1024).default(8).describe("Lines (columns, and rows when transposed) that share one ADC."),
    readCycles: int(1, 64).default(1).describe("Clock cycles of one analog read and conversion."),
    encoding: z
      .enum(["offset", "differential"])
      .default("offset")
      .describe(
        "Signed weights: offset: one cell beside a reference column; differential: two cells, of which one adds and one subtracts, both only set, and refreshed before they are full.",
      ),
  }),
  device: deviceSchema,
  gradient: gradientSchema(),
  training: z.strictObject({
    batch: int(1, 65536).describe(
      "Samples of one mini-batch; with sgd each sample is given 1/batch of the learning rate.",
    ),
    learningRate: z.number().positive().max(LARGEST_RATE),
    layerRates: z
      .array(z.number().positive().max(LARGEST_RATE))
      .min(1)
      .max(8)
      .optional()
      .describe("Factors on the learning rate, one for each layer (1 if not given)."),
    epochSamples: int(1, 1e9)
      .optional()
      .describe("Samples of one epoch, drawn at random with replacement (each sample once if not given)."),
    seed: int(SEED.least, SEED.most)
      .default(1)
      .describe("Seeds the initial weights, the order of samples and every LFSR."),
  }),
});

export type Design = z.infer<typeof designSchema>;
export type DesignInput = z.input<typeof designSchema>;

/** The parts of JSON Schema that a design's fields use. */
export interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly SchemaNode[];
  readonly items?: SchemaNode;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

/** JSON Schema of the design file, for editors. */
export function designJsonSchema(): SchemaNode {
  return z.toJSONSchema(designSchema, { io: "input" }) as SchemaNode;
}

function divisors(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0);
}

/** Checks a parsed file or preset.
 *  @param source the file's or preset's name, for messages
 *  @throws Refusal (exit code 2) with the path, the value and what would be right */
export function validateDesign(input: unknown, source: string): Design {
  const result = designSchema.safeParse(input);
  if (!result.success)
    throw new Refusal(`${source}: ${issueText(designSchema, input, result.error.issues[0], "design")}`);
  const design = result.data;
  const refuse = (path: string, why: string): never => {
    throw new Refusal(`${source}: ${path}: ${why}`);
  };
  const { tile, gradient, network, training } = design;
  for (const side of ["rows", "cols"] as const) {
    if (tile[side] % tile.columnsPerAdc !== 0) {
      const right = divisors(tile.rows).filter((d) => tile.cols % d === 0);
      refuse(
        "tile.columnsPerAdc",
        `${tile.columnsPerAdc} does not divide tile.${side} (${tile[side]}); use ${right.join(", ")}`,
      );
    }
  }
  if (network.activation === "tanh" && tile.inputBits < 2)
    refuse("tile.inputBits", "1 leaves no bit beside the sign of tanh; use 2 to 8");
  const problem = deviceProblem(design);
  if (problem) refuse(problem.path, problem.why);
  if (network.layers[network.layers.length - 1] > 4096)
    refuse(
      `network.layers.${network.layers.length - 1}`,
      `${network.layers[network.layers.length - 1]} classes; use at most 4096`,
    );
  if (network.loss === "squared-error" && network.activation === "relu" && tile.inputBits < 2)
    refuse("tile.inputBits", "1 cannot hold a target of one with headroom; use 2 to 8");
  const { layers, crop, sampleBits } = network;
  if (crop !== undefined && crop * crop !== layers[0])
    refuse(
      "network.crop",
      `${crop} × ${crop} pixels do not fit the ${layers[0]} inputs of network.layers.0; use ${crop * crop} inputs, or leave it out`,
    );
  if (sampleBits !== undefined && sampleBits > tile.inputBits)
    refuse(
      "network.sampleBits",
      `${sampleBits} is more than tile.inputBits, ${tile.inputBits}; use at most ${tile.inputBits}`,
    );
  const { layerRates, epochSamples } = training;
  if (layerRates !== undefined && layerRates.length !== layers.length - 1)
    refuse(
      "training.layerRates",
      `has ${layerRates.length} factors for ${layers.length - 1} layers; use one for each layer`,
    );
  if (epochSamples !== undefined && epochSamples < training.batch)
    refuse(
      "training.epochSamples",
      `${epochSamples} is less than a batch of ${training.batch}; use at least ${training.batch}`,
    );
  const { encoding, rows, cols } = tile;
  if (encoding === "differential" && 2 * rows * cols > 2 ** 20)
    refuse(
      "tile.encoding",
      `differential pairs make ${2 * rows * cols} cells in a tile of ${rows} × ${cols}; use a tile of at most 524288 pairs, or offset`,
    );
  if (design.device.verify > 0 && gradient.programming === "coincidence")
    refuse("device.verify", "coincidence programs no row that could be read back; use 0, or gradient.programming row");
  const cells = network.layers.slice(1).reduce((sum, b, l) => sum + b * network.layers[l], 0);
  if (cells > 64e6) refuse("network.layers", `${cells} weights; use at most 64000000`);
  const filled = withMethodFields({ gradient, training, pulses: !isContinuous(design) }, refuse);
  if (filled.accumulatorBits !== undefined) {
    const bits = filled.accumulatorBits;
    const need = tile.inputBits + Math.ceil(Math.log2(training.batch)) + 4;
    if (bits < need)
      refuse(
        "gradient.accumulatorBits",
        `${bits} cannot sum a batch of ${training.batch} without overflow; use at least ${need}`,
      );
  }
  return { ...design, gradient: filled };
}
