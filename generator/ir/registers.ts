/** The host's registers, once: Verilog, register map, header, SystemRDL, IP-XACT, and what `verify` expects, follow from
 *  these records. A register is added here; `docs/development.md` says what else it needs. */

/** Who gives a signal its value: nobody (a constant), the host by a write, `host_registers` by counting, the rest of the
 *  machine; or a cell, which each access reaches. */
export type SignalSource = "constant" | "host" | "counter" | "machine" | "layer" | "cell";

/** Signals that hold fields, as `host_registers` names them; those of `layer` are there once for each. */
export const SIGNALS = {
  id: "constant",
  version: "constant",
  control: "host",
  phase: "machine",
  layer: "machine",
  batch: "constant",
  samples: "counter",
  correct: "counter",
  batches: "counter",
  cycles: "counter",
  cell_layer: "host",
  cell_tile: "host",
  cell_address: "host",
  cell_data: "cell",
  forward_range: "layer",
  backward_range: "layer",
  activation_range: "layer",
  forward_saturation: "layer",
  backward_saturation: "layer",
  activation_saturation: "layer",
  z_saturation: "layer",
  aligned_saturation: "layer",
  pulse_saturation: "layer",
  exponent: "layer",
} as const satisfies Record<string, SignalSource>;

export type RegisterSignal = keyof typeof SIGNALS;

/** Signals that can be read without a change of anything. */
export type HeldSignal = {
  [S in RegisterSignal]: (typeof SIGNALS)[S] extends "cell" ? never : S;
}[RegisterSignal];

type Access = "ro" | "rw";

const ACCESS: Readonly<Record<SignalSource, Access>> = {
  constant: "ro",
  host: "rw",
  counter: "ro",
  machine: "ro",
  layer: "ro",
  cell: "rw",
};

export interface RegisterFieldIr {
  readonly name: string;
  /** Its bits in the register. */
  readonly high: number;
  readonly low: number;
  readonly access: Access;
  /** What it reads after reset; null for a cell's, which reset leaves alone. */
  readonly reset: number | null;
  readonly description: string;
  /** What holds it, and which bit of that is the field's lowest. */
  readonly signal: RegisterSignal;
  readonly from: number;
}

export interface RegisterIr {
  readonly name: string;
  readonly address: number;
  /** The layer that it belongs to, if to one. */
  readonly layer: number | null;
  readonly access: Access;
  /** What the whole register reads after reset; null as in its fields. */
  readonly reset: number | null;
  readonly description: string;
  /** From the lowest bits to the highest. */
  readonly fields: readonly RegisterFieldIr[];
}

/** Bits of a register, and bytes from one to the next. */
export const REGISTER_BITS = 32;
const REGISTER_BYTES = REGISTER_BITS / 8;

/** Bits of an address: so many bytes are the host's window. */
export const ADDRESS_BITS = 12;

/** What ID reads: "RLOM". */
export const ID_VALUE = 0x524c4f4d;

/** What VERSION reads: one more whenever a register moves or changes its meaning. */
export const MAP_VERSION = 1;

const LAYER_BASE = 0x100;
const LAYER_STRIDE = 0x40;

/** Name of a field that is alone in its register. */
const ALONE = "VALUE";

type Field = Omit<RegisterFieldIr, "access">;

function field(
  name: string,
  [high, low]: readonly [high: number, low: number],
  signal: RegisterSignal,
  description: string,
  { reset = 0, from = 0 }: { reset?: number; from?: number } = {},
): Field {
  return { name, high, low, reset: SIGNALS[signal] === "cell" ? null : reset, description, signal, from };
}

const alone = (bits: number, signal: RegisterSignal, values?: { reset?: number; from?: number }): Field =>
  field(ALONE, [bits - 1, 0], signal, "", values);

/** @param content its fields, or the only one, whose meaning is the register's */
function register(
  address: number,
  name: string,
  description: string,
  content: Field | readonly Field[],
  layer: number | null = null,
): RegisterIr {
  const fields = [content].flat().map(
    (f: Field): RegisterFieldIr => ({
      ...f,
      access: ACCESS[SIGNALS[f.signal]],
      description: f.description || description,
    }),
  );
  const reset = fields.reduce<number | null>(
    (sum, f) => (sum === null || f.reset === null ? null : sum + f.reset * 2 ** f.low),
    0,
  );
  const access = fields.some((f) => f.access === "rw") ? "rw" : "ro";
  return { name, address, layer, access, reset, description, fields };
}

/** What a layer's range registers begin with, as its `LayerIr` has it. */
interface Ranges {
  readonly forward: { readonly rangeInitial: number };
  readonly backward: { readonly rangeInitial: number } | null;
}

function layerRegisters(layer: number, { forward, backward }: Ranges, trains: boolean): RegisterIr[] {
  const list: [name: string, description: string, content: Field | readonly Field[]][] = [
    [
      "RANGES",
      "Range registers.",
      [
        field("FORWARD", [4, 0], "forward_range", "Range of forward reads.", { reset: forward.rangeInitial }),
        field("BACKWARD", [12, 8], "backward_range", "Range of transposed reads.", {
          reset: backward?.rangeInitial ?? 0,
        }),
        field("ACTIVATION", [20, 16], "activation_range", "Range of the output's activation codes."),
      ],
    ],
    ["FORWARD_SATURATION", "ADC codes that saturated in forward reads.", alone(32, "forward_saturation")],
    ["BACKWARD_SATURATION", "ADC codes that saturated in transposed reads.", alone(32, "backward_saturation")],
    [
      "ACTIVATION_SATURATION",
      "Activation codes clipped at the top of their range.",
      alone(32, "activation_saturation"),
    ],
    ["Z_SATURATION", "Pre-activations clipped by the requantiser.", alone(32, "z_saturation")],
    ["ALIGNED_SATURATION", "Errors clipped when aligned to the batch's exponent.", alone(32, "aligned_saturation")],
    [
      "PULSE_SATURATION",
      trains ? "Lines of pulse trains clipped." : "Pulse counts clipped.",
      alone(32, "pulse_saturation"),
    ],
    ["EXPONENT", "Exponent of the last error, sign-extended.", alone(32, "exponent")],
  ];
  return list.map(([name, description, content], k) =>
    register(
      LAYER_BASE + LAYER_STRIDE * layer + REGISTER_BYTES * k,
      `LAYER_${layer}_${name}`,
      description,
      content,
      layer,
    ),
  );
}

/** @param trains whether pulse trains program the cells */
export function registerMap(layers: readonly Ranges[], batch: number, trains: boolean): RegisterIr[] {
  return [
    register(0x000, "ID", 'Identifies the machine ("RLOM").', alone(32, "id", { reset: ID_VALUE })),
    register(0x004, "VERSION", "Version of this register map.", alone(32, "version", { reset: MAP_VERSION })),
    register(0x008, "CONTROL", "What the machine is to do.", [
      field("RUN", [0, 0], "control", "1: take samples; 0: go to IDLE before the next one."),
      field("TRAIN", [1, 1], "control", "1: train; 0: evaluate only.", { from: 1 }),
    ]),
    register(0x00c, "STATUS", "What the machine is at.", [
      field("PHASE", [2, 0], "phase", "0 IDLE, 1 LOAD, 2 FORWARD, 3 ERROR, 4 BACKWARD, 5 GRADIENT, 6 UPDATE, 7 RANGE."),
      field("LAYER", [6, 4], "layer", "Layer of FORWARD and BACKWARD; else the last one of these."),
    ]),
    register(0x010, "BATCH", "Samples of one batch.", alone(32, "batch", { reset: batch })),
    register(0x014, "SAMPLES", "Samples whose prediction is known.", alone(32, "samples")),
    register(0x018, "CORRECT", "Samples predicted as labelled.", alone(32, "correct")),
    register(0x01c, "BATCHES", "Batches finished, update included.", alone(32, "batches")),
    register(0x020, "CYCLES_LO", "Cycles outside IDLE, low word.", alone(32, "cycles")),
    register(0x024, "CYCLES_HI", "Cycles outside IDLE, high word.", alone(16, "cycles", { from: 32 })),
    register(0x030, "CELL_LAYER", "Layer of the cell access.", alone(3, "cell_layer")),
    register(
      0x034,
      "CELL_TILE",
      "Tile of the cell access: row tile · column tiles + column tile.",
      alone(32, "cell_tile"),
    ),
    register(
      0x038,
      "CELL_ADDRESS",
      "Cell: row · columns + column; increments after each access of CELL_DATA.",
      alone(20, "cell_address"),
    ),
    register(0x03c, "CELL_DATA", "Conductance of the cell, in units. Only in IDLE.", alone(16, "cell_data")),
    ...layers.flatMap((ranges, layer) => layerRegisters(layer, ranges, trains)),
  ];
}

/** Whether an access of the register reaches a cell. */
export const reachesCell = ({ fields }: RegisterIr): boolean => fields.some((f) => SIGNALS[f.signal] === "cell");
