// Words that the kernels take a layer's devices from; valid in AssemblyScript and in TypeScript.
/** Addresses of int32 tables: mean change [direction][class][entry], deviation [direction][entry]. */
export const MEANS = 0;
export const DEVIATIONS = 1;
export const CLASSES = 2;
export const ENTRIES = 3;
export const FULL = 4;
/** Places of a conductance below a table's entry, and binary places of a change. */
export const SEGMENT_BITS = 5;
export const CHANGE_FRACTION = 6;
/** Sum of bytes that stands for zero. */
export const BYTES_MEAN = 7;
/** Address of uint16 [cell]: classes of set and reset, 4 bits each, and STUCK. */
export const KINDS = 8;
/** Addresses of uint32: keys by tile; by input: the tiles before its row's, and its row's cells; by output: its tile and
 *  its line. */
export const KEYS = 9;
export const ROW_TILES = 10;
export const ROW_CELLS = 11;
export const COLUMN_TILES = 12;
export const COLUMN_LINES = 13;
export const DRIFT = 14;
export const DRIFT_TARGET = 15;
export const DRIFT_FRACTION = 16;
export const DRAW_DRIFT = 17;
/** Address of int32 by driven lines: the noise of a read; 0: none. Of READ_NUMBERS int32: sums of bytes. */
export const READ_NOISE = 18;
export const READ_TABLE = 19;
export const READ_NUMBERS = 20;
export const READ_FRACTION = 21;
export const WORDS = 22;

export const STUCK = 256;
