/** The host's register map: one source for the RTL, the C++ harness, the simulator and the documents. */
import type { RegisterIr } from "./ir.ts";

const LAYER_BASE = 0x100;
const LAYER_STRIDE = 0x40;

/** @param trains whether pulse trains program the cells */
export function registerMap(layers: number, batch: number, trains: boolean): RegisterIr[] {
  const r = (
    address: number,
    name: string,
    bits: number,
    access: RegisterIr["access"],
    reset: number,
    description: string,
  ): RegisterIr => ({
    name,
    address,
    bits,
    access,
    reset,
    description,
  });
  const map = [
    r(0x000, "ID", 32, "ro", 0x524c4f4d, 'Identifies the machine ("RLOM").'),
    r(0x004, "VERSION", 32, "ro", 1, "Version of this register map."),
    r(0x008, "CONTROL", 2, "rw", 0, "Bit 0 run; bit 1 train (0: evaluate only)."),
    r(0x00c, "STATUS", 7, "ro", 0, "Bits 2:0 phase, bits 6:4 layer."),
    r(0x010, "BATCH", 32, "ro", batch, "Samples of one batch."),
    r(0x014, "SAMPLES", 32, "ro", 0, "Samples whose prediction is known."),
    r(0x018, "CORRECT", 32, "ro", 0, "Samples predicted as labelled."),
    r(0x01c, "BATCHES", 32, "ro", 0, "Batches finished, update included."),
    r(0x020, "CYCLES_LO", 32, "ro", 0, "Cycles outside IDLE, low word."),
    r(0x024, "CYCLES_HI", 16, "ro", 0, "Cycles outside IDLE, high word."),
    r(0x030, "CELL_LAYER", 3, "rw", 0, "Layer of the cell access."),
    r(0x034, "CELL_TILE", 32, "rw", 0, "Tile of the cell access: row tile · column tiles + column tile."),
    r(0x038, "CELL_ADDRESS", 20, "rw", 0, "Cell: row · columns + column; increments after each access of CELL_DATA."),
    r(0x03c, "CELL_DATA", 16, "rw", 0, "Conductance of the cell, in units. Only in IDLE."),
  ];
  const perLayer: [string, number, string][] = [
    ["RANGES", 21, "Bits 4:0 forward, 12:8 backward, 20:16 activation range."],
    ["FORWARD_SATURATION", 32, "ADC codes that saturated in forward reads."],
    ["BACKWARD_SATURATION", 32, "ADC codes that saturated in transposed reads."],
    ["ACTIVATION_SATURATION", 32, "Activation codes clipped at the top of their range."],
    ["Z_SATURATION", 32, "Pre-activations clipped by the requantiser."],
    ["ALIGNED_SATURATION", 32, "Errors clipped when aligned to the batch's exponent."],
    ["PULSE_SATURATION", 32, trains ? "Lines of pulse trains clipped." : "Pulse counts clipped."],
    ["EXPONENT", 32, "Exponent of the last error, sign-extended."],
  ];
  for (let l = 0; l < layers; l++)
    for (const [i, [name, bits, text]] of perLayer.entries())
      map.push(r(LAYER_BASE + LAYER_STRIDE * l + 4 * i, `LAYER_${l}_${name}`, bits, "ro", 0, text));
  return map;
}
