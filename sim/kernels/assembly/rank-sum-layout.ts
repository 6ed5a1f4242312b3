// Words that `update` takes a low-rank gradient from; valid in AssemblyScript and in TypeScript.
export const PASSES = 0;
/** Outer products of one pass. */
export const TERMS = 1;
/** Shift of a scaled element before it is rounded. */
export const CUT = 2;
/** Addresses of the first outer product's columns, and the bytes from one to the next. */
export const X_COLUMNS = 3;
export const X_STRIDE = 4;
export const D_COLUMNS = 5;
export const D_STRIDE = 6;
/** Addresses of int32 by outer product: strengths' mantissas, right shifts of their products with input factors. */
export const MANTISSAS = 7;
export const SHIFTS = 8;
/** Room for one int32 a term, and for one int64 an element of a row. */
export const FACTORS = 9;
export const SCALED = 10;
export const WORDS = 11;
