// What the kernel of the low-rank units and its caller (`sim/kernels/low-rank-unit.ts`) agree on. Valid in AssemblyScript and
// in TypeScript.

// Codes of instructions: the places of `generator/methods/low-rank/program.ts`'s OPS.
export const MAC = 0;
/** In a record a mac whose SIGN is set, so that the two are one way through the kernel. */
export const NMAC = 1;
export const SELECT = 2;
export const RECIPROCAL = 3;
export const INVERSE_ROOT = 4;
export const RANDOM = 5;
export const COUNT = 6;
export const GET_X = 7;
export const GET_D = 8;
export const GET_ROW = 9;
export const ELEMENT_X = 10;
export const ELEMENT_D = 11;
export const KEEP = 12;
export const DOT = 13;
export const PUT_X = 14;
export const PUT_D = 15;
export const COMBINE_X = 16;
export const COMBINE_D = 17;
export const STORE_X = 18;
export const STORE_D = 19;
export const ROW_X = 20;
export const ROW_D = 21;
export const COPY = 22;
export const SIGMA = 23;
export const LOOP = 24;
export const END = 25;

// Words of an instruction's record, and how many there are. Places of scalars are bytes from the memory's first one.
export const OP = 0;
export const D = 1;
export const A = 2;
export const B = 3;
export const C = 4;
export const WAIT = 5;
/** Upper word of what a product's sign is changed with. */
export const SIGN = 6;
export const RECORD_WORDS = 8;

// Words of a unit. First what changes from run to run:
/** Next instruction, and the cycle of its issue. */
export const PC = 0;
export const CYCLE = 1;
/** Issue of the instruction that the kernel came back for. */
export const ISSUE = 2;
/** Passes of the inner and the outer loop. */
export const INNER = 3;
export const OUTER = 4;
/** The sample's place in the batch, from 1. */
export const PLACE = 5;
/** Columns below this number read as zero. */
export const EMPTY = 6;
/** Whether the next sample's program finds columns and strengths empty. */
export const FRESH = 7;
/** How many vectors the last dot product was of, beside columns. */
export const DOT_VECTORS = 8;
export const LFSR = 9;
// Then sizes:
export const RANK = 10;
export const COLUMNS = 11;
export const FIRST = 12;
export const OUTER_PRODUCTS = 13;
export const SLOTS = 14;
export const ROW_COLUMNS = 15;
export const FACTOR_BITS = 16;
// And addresses:
/** Of the memory's first scalar; constants lie before it, the first nearest. */
export const SCALARS = 17;
export const FUNCTION_TABLE = 18;
export const MANTISSAS = 19;
export const EXPONENTS = 20;
/** Doubles: dot products of both sides, then the last row's sums. */
export const RESULTS = 21;
/** A column of zeros. */
export const ZEROS = 22;
/** Room for TERM_BYTES a coefficient, for the columns that are turned, and for a row of both signs. */
export const TERMS = 23;
export const TURNED = 24;
export const POSITIVE = 25;
export const NEGATIVE = 26;
export const X_SIDE = 27;
export const D_SIDE = 36;
export const UNIT_WORDS = 45;

// Words of one side, from X_SIDE or D_SIDE:
/** Elements of a column, and the bytes from one column to the next. */
export const SIZE = 0;
export const STRIDE = 1;
export const FACTORS = 2;
export const SAMPLES = 3;
export const VECTOR = 4;
/** Real value of a code of the vector, as a power of two. */
export const VECTOR_EXPONENT = 5;
/** Largest magnitude of such a code. */
export const VECTOR_MOST = 6;
export const COEFFICIENTS = 7;
export const SHIFTS = 8;

/** Columns begin at multiples of so many elements, and zeros fill them up. */
export const COLUMN_PAD = 16;
export const TERM_BYTES = 16;
