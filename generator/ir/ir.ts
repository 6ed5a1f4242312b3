/** The architecture IR: every width, depth, count, shift, table and seed of one machine, computed once by
 *  `elaborate` and read by the RTL templates, the simulator, the harness and the reports. Frozen after elaboration.
 *  The machine that these numbers describe is specified in `docs/machine.md`; the symbols there are named here. */

import type { Design } from "../design/schema.ts";
import type { DeviceIr } from "../device/response.ts";
import type { LowRankIr } from "../methods/low-rank/unit.ts";
import type { Keeps } from "../methods/method.ts";
import type { RegisterIr } from "./registers.ts";

export type Activation = "relu" | "sigmoid" | "tanh";

/** A vector of the network: vector 0 is the input sample, vector l + 1 the output of layer l. */
export interface VectorIr {
  readonly size: number;
  /** Lanes of one buffer word (W): divides the column group of the producer and the row group of the consumer. */
  readonly lanes: number;
  /** Words that hold the vector: ceil(size / lanes). */
  readonly words: number;
  /** Bits of one activation code; two's complement where `signed`. */
  readonly bits: number;
  readonly signed: boolean;
  /** Value of a code: code · 2^(range − fraction), where `range` is the vector's activation range register. */
  readonly fraction: number;
  /** Derivative of the activation, from the code: bits of the factor d, and its binary point. */
  readonly derivativeBits: number;
  readonly derivativeFraction: number;
}

/** One direction of reading a layer's crossbars: forward (drive rows, sample columns) or backward (transposed). */
export interface ReadIr {
  /** Driven lines' magnitude bits, one bit-plane a conversion, most significant first. */
  readonly planes: number;
  readonly signedDrive: boolean;
  /** Sampled lines that share one ADC. */
  readonly linesPerAdc: number;
  /** ADCs of one tile in this direction. */
  readonly adcsPerTile: number;
  /** Tiles side by side along the sampled lines. */
  readonly sampledTiles: number;
  /** Tiles whose codes add up (along the driven lines). */
  readonly summedTiles: number;
  /** Lines sampled at once (N): adcsPerTile · sampledTiles. */
  readonly group: number;
  /** Mux steps needed to sample every used line: ceil(size / group). */
  readonly steps: number;
  /** Cycles from one step to the next: max(planes · readCycles, wordsPerStep). */
  readonly stepCycles: number;
  /** Buffer words of one full step: group / lanes. */
  readonly wordsPerStep: number;
  /** Buffer words of the last step. */
  readonly lastStepWords: number;
  readonly sumBits: number;
  readonly codeBits: number;
  /** Codes saturate at ± codeMax. */
  readonly codeMax: number;
  readonly mergedBits: number;
  readonly accumulatorBits: number;
  /** Initial and largest value of the range register (a right shift of the column sum). */
  readonly rangeInitial: number;
  readonly rangeMax: number;
  /** Saturations in one batch above which the range register widens by one; follows = false: never. */
  readonly rangeLimit: number;
  readonly rangeFollows: boolean;
}

export interface LayerIr {
  readonly index: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly rowTiles: number;
  readonly colTiles: number;
  /** Row neurons' mapping (N_r, A_r of docs/machine.md), also where the rows are never read: layer 0. */
  readonly rowGroup: number;
  readonly rowAdcs: number;
  readonly linesPerAdc: number;
  readonly forward: ReadIr;
  /** null for layer 0: nothing lies before it. */
  readonly backward: ReadIr | null;
  /** Requantiser: z = saturate(roundShift(accumulator · multiplier, shift − forward range − input range)). */
  readonly requantMultiplier: number;
  readonly requantShift: number;
  readonly zBits: number;
  readonly zFraction: number;
  /** Activation range register of the layer's output vector (rectifier only; the others are bounded). */
  readonly activationRangeMax: number;
  readonly activationRangeLimit: number;
  readonly activationRangeFollows: boolean;
  /** Raw errors at this layer's output, before the sample-wise scaling to errorBits. */
  readonly rawBits: number;
  /** Bits of the error exponent register (signed). */
  readonly exponentBits: number;
  readonly gradient: GradientIr;
  readonly update: UpdateIr;
  readonly edges?: EdgesIr;
  /** Keys of the tiles' randomness, where devices have any: [row tile][column tile]. */
  readonly tileKeys?: readonly number[];
  /** Real value of an error code: δ = code · 2^exponent · errorScale. */
  readonly errorScale: number;
}

export interface GradientIr {
  /** Bits of δ', the error aligned to the batch's common exponent. */
  readonly alignedBits: number;
  /** Exponent of δ' = 1 LSB (E0): δ' = saturate(shift(δ, exponent − exponentZero)). */
  readonly exponentZero: number;
  /** Bits of one accumulator (mbgd), product (sgd) or sum of outer products (low rank). */
  readonly accumulatorBits: number;
  /** Words of the gradient buffer, each of the output vector's lanes (0 but for mbgd). */
  readonly bufferWords: number;
}

/** Programming by coincidence: trains of pulses on rows and columns, one outer product after the other. */
export interface CoincidenceIr {
  /** Outer products of one update. */
  readonly products: number;
  /** Slots of a train, and what they may grow to. */
  readonly slots: number;
  readonly mostSlots: number;
  readonly slotBits: number;
}

/** The edges of a layer's tiles, where coincidence programs it. */
export interface EdgesIr {
  /** Words of the longer of input and output vector. */
  readonly words: number;
  /** Seeds of the edges, by row tile and by column tile: LFSR n of an edge starts at mix(seed, n). */
  readonly rowSeeds: readonly number[];
  readonly columnSeeds: readonly number[];
  /** Seeds of the LFSRs that round thresholds. */
  readonly inputSeed: number;
  readonly outputSeed: number;
}

export interface UpdateIr {
  /** pulses = floor((−G · multiplier + rounding) / 2^(shift − input range)); of a low-rank gradient, whose strengths
   *  have the exponent of the largest, 2^(shift − exponent). The rest is of programming by row. */
  readonly multiplier: number;
  readonly multiplierBits: number;
  readonly shift: number;
  readonly randomBits: number;
  readonly pulseMax: number;
  readonly pulseBits: number;
  /** Rows programmed one after the other, in every row tile at once: steps of row neurons · ADCs of a tile's rows. */
  readonly rows: number;
  readonly rowSteps: number;
  /** Seeds of the lanes' LFSRs (32 bits, never 0). */
  readonly lfsrSeeds: readonly number[];
}

export interface CellIr {
  readonly levels: number;
  /** Conductance units of one pulse of an exact device, of full scale, and of the reference column. */
  readonly unitsPerPulse: number;
  readonly full: number;
  readonly reference: number;
  readonly bits: number;
  /** Units of a weight of one. */
  readonly weightOne: number;
  /** Pulses that a weight of one takes. */
  readonly pulsesPerWeight: number;
  /** Where two cells make a weight, of which one adds and one subtracts: above so many units a pair is refreshed, by one
   *  erasing pulse and at most so many set pulses. */
  readonly pairs?: { readonly limit: number; readonly most: number };
  /** Where pulses do not make equal, exact steps, or cells and lines have noise. */
  readonly device?: DeviceIr;
}

export interface ErrorUnitIr {
  readonly loss: "softmax-cross-entropy" | "squared-error";
  readonly outputs: number;
  /** Lanes and words of the output vector, bits of what is stored for each output (z, or the code x). */
  readonly lanes: number;
  readonly words: number;
  readonly valueBits: number;
  readonly zFraction: number;
  /** 1/ln 2 in fixed point: log2e / 2^log2eFraction. */
  readonly log2e: number;
  readonly log2eFraction: number;
  /** round(2^16 · 2^(−(i + ½)/256)), i = 0 … 255. */
  readonly exponentialTable: readonly number[];
  readonly exponentialBits: number;
  readonly sumBits: number;
  readonly probabilityFraction: number;
  /** Squared error: the code of a target of one. */
  readonly targetOne: number;
  readonly rawBits: number;
  readonly labelBits: number;
}

/** A phase of the schedule with its closed formula, in cycles. */
export interface PhaseIr {
  readonly phase: "load" | "forward" | "error" | "backward" | "gradient" | "update" | "range";
  readonly layer: number | null;
  /** Cycles with no host stall and no pulse. */
  readonly cycles: number;
  /** The formula in the names of the IR, e.g. "(steps − 1) · stepCycles + …". */
  readonly formula: string;
  /** True where host stalls (load) or pulse counts (update) add to `cycles`. */
  readonly dataDependent: boolean;
}

export interface MemoryIr {
  readonly name: string;
  readonly layer: number | null;
  readonly words: number;
  readonly wordBits: number;
  readonly bits: number;
  readonly kind: "sram" | "registers";
  /** Why it is there. */
  readonly purpose: string;
  /** True where the memory exists only for a batch's gradient. */
  readonly gradient: boolean;
}

/** One kind of event: it happens in every cycle in which `strobe` is 1; or, without strobe, at every change. */
export interface ChannelIr {
  /** Path of the module instance below the top, e.g. `layer_0` or `layer_0.g_row[1].g_col[0].tile`. */
  readonly scope: string;
  readonly module: string;
  readonly strobe: string | null;
  readonly fields: readonly { readonly name: string; readonly bits: number }[];
}

export interface CalibrationIr {
  readonly data: string;
  readonly samples: number;
  readonly layers: readonly {
    readonly maxPreactivation: number;
    readonly maxActivation: number;
    readonly maxError: number;
    readonly maxForwardSum: number;
    readonly maxBackwardSum: number;
  }[];
  readonly reason: string;
}

export interface Ir {
  readonly format: 1;
  readonly name: string;
  readonly design: Design;
  readonly tileRows: number;
  readonly tileCols: number;
  readonly readCycles: number;
  readonly pulseCycles: number;
  /** Times that a programmed row is read back and corrected. */
  readonly readBacks: number;
  readonly batch: number;
  readonly activation: Activation;
  readonly method: string;
  /** What stays of a sample until its batch ends. */
  readonly keeps: Keeps;
  readonly rounding: "stochastic" | "nearest";
  readonly errorBits: number;
  /** Lanes of one input beat (vector 0), bits of the stream's data bus, data beats of one sample (a label beat follows). */
  readonly streamBits: number;
  readonly sampleBeats: number;
  readonly cell: CellIr;
  /** Where a few outer products stand for the gradient. */
  readonly lowRank?: LowRankIr;
  /** Where pulses meet in the cells instead of being counted for each. */
  readonly coincidence?: CoincidenceIr;
  readonly vectors: readonly VectorIr[];
  readonly layers: readonly LayerIr[];
  readonly errorUnit: ErrorUnitIr;
  /** Codes of sigmoid or tanh by index of z (see docs/machine.md); empty for relu. */
  readonly activationTable: readonly number[];
  /** z is shifted right by (zFraction − tableFraction) to give the table's index. */
  readonly activationTableFraction: number;
  readonly phases: readonly PhaseIr[];
  readonly memories: readonly MemoryIr[];
  readonly registers: readonly RegisterIr[];
  readonly channels: readonly ChannelIr[];
  readonly calibration: CalibrationIr;
}
