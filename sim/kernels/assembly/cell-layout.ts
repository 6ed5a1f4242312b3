// Words that the kernels take a layer's cells from; valid in AssemblyScript and in TypeScript.
/** Addresses of uint16 conductances, and of uint32 pulses that each cell had. */
export const CELLS = 0;
export const WEAR = 1;
/** Addresses of int16 weights and of the same transposed, and elements from one row to the next; TRANSPOSED 0: none. */
export const WEIGHTS = 2;
export const WEIGHT_STRIDE = 3;
export const TRANSPOSED = 4;
export const TRANSPOSED_STRIDE = 5;
/** Units of the whole range, of the reference, of one step and of a weight of one. */
export const FULL = 6;
export const REFERENCE = 7;
export const UNITS_PER_PULSE = 8;
export const WEIGHT_ONE = 9;
/** Cells that add, before those that subtract; 0: no pairs. Cells of a tile before those that subtract. */
export const PAIRS = 10;
export const PLACES = 11;
/** Times that a programmed row is read back. */
export const VERIFY = 12;
/** Addresses of int32 tables: mean change [direction][class][entry], deviation [direction][entry]. MEANS 0: exact steps,
 *  and nothing below. */
export const MEANS = 13;
export const DEVIATIONS = 14;
export const CLASSES = 15;
export const ENTRIES = 16;
/** Places of a conductance below a table's entry, and binary places of a change. */
export const SEGMENT_BITS = 17;
export const CHANGE_FRACTION = 18;
/** Sum of bytes that stands for zero. */
export const BYTES_MEAN = 19;
/** Address of uint16 [cell]: classes of set and reset, 4 bits each, and STUCK. */
export const KINDS = 20;
/** Addresses of uint32: keys by tile; by input: the tiles before its row's, and its row's cells; by output: its tile and
 *  its line. */
export const KEYS = 21;
export const ROW_TILES = 22;
export const ROW_CELLS = 23;
export const COLUMN_TILES = 24;
export const COLUMN_LINES = 25;
export const DRIFT = 26;
export const DRIFT_TARGET = 27;
export const DRIFT_FRACTION = 28;
export const DRAW_DRIFT = 29;
/** Address of int32 by driven lines: the noise of a read; 0: none. Of READ_NUMBERS int32: sums of bytes. */
export const READ_NOISE = 30;
export const READ_TABLE = 31;
export const READ_NUMBERS = 32;
export const READ_FRACTION = 33;
export const WORDS = 34;

export const STUCK = 256;
