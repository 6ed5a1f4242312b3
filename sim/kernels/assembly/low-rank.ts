// `low_rank_unit`: interprets the programs of docs/low-rank.md on one layer's state. A unit is a block of words
// (`low-rank-layout.ts`) that holds its registers, its sizes and the addresses of its arrays.
import * as layout from "./low-rank-layout";
import {
  COEFFICIENTS,
  COLUMNS,
  D_SIDE,
  DOT_VECTORS,
  EMPTY,
  FACTOR_BITS,
  FACTORS,
  FIRST,
  OUTER_PRODUCTS,
  RANK,
  RECORD_WORDS,
  RESULTS,
  SAMPLES,
  SHIFTS,
  SIZE,
  STRIDE,
  TERM_BYTES,
  VECTOR,
  VECTOR_EXPONENT,
  VECTOR_MOST,
  X_SIDE,
} from "./low-rank-layout";
import { add, fromInteger, inverseRoot, multiply, power, reciprocal } from "./scalar";
import { blocksThatFit, dot, rectify, sums, termBound, writeTerm } from "./vectors";

/** Fraction bits of a sum of coefficient · code beyond the code's own. */
const COMBINE_FRACTION: i32 = 14;
const SHIFT_MIN: i32 = -31;
const SHIFT_MAX: i32 = 16;
/** Bits of a magnitude that a coefficient cuts off. */
const CUT: i32 = 6;
const RANDOM_BITS: i32 = 16;
/** Elements of a row saturate at ± this. */
const ROW_MOST: i32 = 32767;
const ROW_FRACTION: i32 = 15;
/** Sums below this fit 32 bits, with what rounding adds. */
const NARROW: i64 = 2147400000;

function word(block: usize, index: i32): i32 {
  return load<i32>(block + ((<usize>index) << 2));
}

function setWord(block: usize, index: i32, value: i32): void {
  store<i32>(block + ((<usize>index) << 2), value);
}

function sideAt(unit: usize, first: i32): usize {
  return unit + ((<usize>first) << 2);
}

/** Codes of a column as a program reads them. */
function column(unit: usize, side: usize, n: i32): usize {
  if (n < word(unit, EMPTY)) return <usize>word(unit, layout.ZEROS);
  return <usize>word(side, FACTORS) + <usize>n * <usize>word(side, STRIDE);
}

function sample(side: usize, slot: i32): usize {
  return <usize>word(side, SAMPLES) + <usize>slot * <usize>word(side, STRIDE);
}

function most(unit: usize): i32 {
  return (1 << (word(unit, FACTOR_BITS) - 1)) - 1;
}

/** Dot product of two columns of a side; the number behind the columns is the vector's. */
function product(unit: usize, side: usize, a: i32, b: i32): f64 {
  const columns = word(unit, COLUMNS);
  const vector = <usize>word(side, VECTOR);
  const p = a === columns ? vector : column(unit, side, a);
  const q = b === columns ? vector : column(unit, side, b);
  const pMost = a === columns ? word(side, VECTOR_MOST) : most(unit);
  const qMost = b === columns ? word(side, VECTOR_MOST) : most(unit);
  return dot(p, q, word(side, STRIDE), blocksThatFit(pMost, qMost));
}

/** Real value of a side's last dot product. */
function result(unit: usize, side: usize, sum: f64): f64 {
  const vectors = word(unit, DOT_VECTORS);
  const fraction = word(unit, FACTOR_BITS) - 1;
  return fromInteger(sum, vectors * word(side, VECTOR_EXPONENT) - (2 - vectors) * fraction);
}

function element(unit: usize, side: usize, n: i32): f64 {
  const place = word(unit, layout.INNER);
  if (place >= word(side, SIZE)) return 0;
  const columns = word(unit, COLUMNS);
  const codes = n < columns ? column(unit, side, n) : sample(side, n - columns);
  const code = <f64>load<i16>(codes + ((<usize>place) << 1));
  return n < columns ? fromInteger(code, 1 - word(unit, FACTOR_BITS)) : code;
}

/** Signed mantissa of COEFFICIENT_BITS bits. */
function mantissa(v: f64): i32 {
  if (v === 0) return 0;
  const upper = <i32>(reinterpret<i64>(v) >>> 32);
  const magnitude = ((upper & 0xfffff) | 0x100000) >> CUT;
  return upper < 0 ? -magnitude : magnitude;
}

/** The mantissa's exponent; zero is all zeros but for what is cut off. */
function exponent(v: f64): i32 {
  if (v === 0) return CUT;
  return (<i32>(reinterpret<i64>(v) >>> 52) & 0x7ff) - (1023 + 20) + CUT;
}

/** @param kind 0: of a column; 1: of the vector; 2: of a slot */
function put(unit: usize, side: usize, k: i32, value: f64, kind: i32): void {
  const fraction = kind === 0 ? 0 : word(unit, FACTOR_BITS) - 1;
  const shift = exponent(value) + COMBINE_FRACTION + fraction + (kind === 1 ? word(side, VECTOR_EXPONENT) : 0);
  store<i16>(<usize>word(side, COEFFICIENTS) + ((<usize>k) << 1), <i16>mantissa(value));
  store<i32>(<usize>word(side, SHIFTS) + ((<usize>k) << 2), min(max(shift, SHIFT_MIN), SHIFT_MAX));
}

function coefficient(side: usize, k: i32): i32 {
  return <i32>load<i16>(<usize>word(side, COEFFICIENTS) + ((<usize>k) << 1));
}

function shift(side: usize, k: i32): i32 {
  return load<i32>(<usize>word(side, SHIFTS) + ((<usize>k) << 2));
}

function combine(unit: usize, side: usize): void {
  const rank = word(unit, RANK);
  const stride = word(side, STRIDE);
  const terms = <usize>word(unit, layout.TERMS);
  const turned = <usize>word(unit, layout.TURNED);
  const factorMost = most(unit);
  for (let r = 0; r < rank; r++) {
    let end = terms;
    let bound: i64 = 0;
    for (let q = 0; q <= rank; q++) {
      const k = r * (rank + 1) + q;
      const c = coefficient(side, k);
      if (c === 0) continue;
      const s = shift(side, k);
      writeTerm(end, q === rank ? <usize>word(side, VECTOR) : column(unit, side, q), c, s);
      bound += termBound(c, s, q === rank ? word(side, VECTOR_MOST) : factorMost);
      end += TERM_BYTES;
    }
    const out = turned + <usize>r * <usize>stride;
    const half = 1 << (COMBINE_FRACTION - 1);
    sums(terms, end, 0, stride, half, -1, COMBINE_FRACTION, factorMost, bound > NARROW, out);
  }
  memory.copy(<usize>word(side, FACTORS), turned, <usize>rank * <usize>stride);
}

/** The row of the net gradient along a side, and its products with the outer products' columns there. */
function row(unit: usize, side: usize): void {
  const stride = word(side, STRIDE);
  const terms = <usize>word(unit, layout.TERMS);
  const positive = <usize>word(unit, layout.POSITIVE);
  const negative = <usize>word(unit, layout.NEGATIVE);
  const columns = word(unit, layout.ROW_COLUMNS);
  const count = columns + word(unit, layout.SLOTS);
  let end = terms;
  let bound: i64 = 0;
  for (let k = 0; k < count; k++) {
    const c = coefficient(side, k);
    if (c === 0) continue;
    const s = shift(side, k);
    writeTerm(end, k < columns ? column(unit, side, k) : sample(side, k - columns), c, s);
    bound += termBound(c, s, k < columns ? most(unit) : word(side, VECTOR_MOST));
    end += TERM_BYTES;
  }
  const products = word(unit, OUTER_PRODUCTS);
  const results = <usize>word(unit, RESULTS) + 16;
  if (end === terms) {
    memory.fill(results, 0, (<usize>products) << 3);
    return;
  }
  sums(terms, end, 0, stride, 0, 0, word(unit, FACTOR_BITS) - 2, ROW_MOST, bound > NARROW, positive);
  rectify(positive, negative, stride);
  const blocks = blocksThatFit(ROW_MOST, most(unit));
  const first = word(unit, FIRST);
  for (let r = 0; r < products; r++) {
    const sign = 2 * r < products ? positive : negative;
    store<f64>(results + ((<usize>r) << 3), dot(sign, column(unit, side, first + r), stride, blocks));
  }
}

function storeElement(unit: usize, side: usize, n: i32, value: f64, least: i32): void {
  const place = word(unit, layout.INNER);
  if (place >= word(side, SIZE)) return;
  const limit = <f64>most(unit);
  const code = floor(value * power(word(unit, FACTOR_BITS) - 1) + 0.5);
  const codes = <usize>word(side, FACTORS) + <usize>n * <usize>word(side, STRIDE);
  // `least` is 0 or 1: no code is negative.
  store<i16>(codes + ((<usize>place) << 1), <i16>(<i32>min(max(code, <f64>least), limit)));
}

function copyFactors(unit: usize, side: usize): void {
  const stride = <usize>word(side, STRIDE);
  const factors = <usize>word(side, FACTORS);
  const first = word(unit, FIRST);
  for (let r = 0; r < word(unit, OUTER_PRODUCTS); r++)
    memory.copy(factors + <usize>r * stride, column(unit, side, first + r), stride);
}

function keep(side: usize, slot: i32): void {
  memory.copy(sample(side, slot), <usize>word(side, VECTOR), <usize>word(side, STRIDE));
}

function random(unit: usize): f64 {
  let state = word(unit, layout.LFSR);
  const bits = state >>> (32 - RANDOM_BITS);
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  setWord(unit, layout.LFSR, state);
  return fromInteger(<f64>bits, -RANDOM_BITS);
}

/** Runs a program from where the unit's PC is.
 *  @param traced whether to come back after an instruction that leaves an event
 *  @returns number of that instruction, or −1 after the end */
export function run(unit: usize, program: usize, traced: i32): i32 {
  const x = sideAt(unit, X_SIDE);
  const d = sideAt(unit, D_SIDE);
  const scalars = <usize>word(unit, layout.SCALARS);
  const table = <usize>word(unit, layout.FUNCTION_TABLE);
  const results = <usize>word(unit, RESULTS);
  let pc = word(unit, layout.PC);
  let cycle = word(unit, layout.CYCLE);
  while (true) {
    const record = program + <usize>pc * (RECORD_WORDS << 2);
    const to = <usize>word(record, layout.D);
    const a = word(record, layout.A);
    const b = word(record, layout.B);
    const c = word(record, layout.C);
    const op = word(record, layout.OP);
    const number = pc;
    const issue = cycle;
    pc++;
    cycle += word(record, layout.WAIT) + 1;
    let value: f64 = 0;
    switch (op) {
      case layout.MAC: {
        const product = reinterpret<i64>(multiply(scalar(scalars, a), scalar(scalars, b)));
        const sign = (<i64>word(record, layout.SIGN)) << 32;
        value = add(scalar(scalars, c), reinterpret<f64>(product ^ sign));
        break;
      }
      case layout.SELECT:
        value = scalar(scalars, select<i32>(b, c, scalar(scalars, a) > 0));
        break;
      case layout.RECIPROCAL:
        value = reciprocal(scalar(scalars, a), table);
        break;
      case layout.INVERSE_ROOT:
        value = inverseRoot(scalar(scalars, a), table);
        break;
      case layout.RANDOM:
        value = random(unit);
        break;
      case layout.COUNT:
        value = <f64>word(unit, layout.PLACE);
        break;
      case layout.GET_X:
        value = result(unit, x, load<f64>(results));
        break;
      case layout.GET_D:
        value = result(unit, d, load<f64>(results, 8));
        break;
      case layout.GET_ROW:
        value = fromInteger(load<f64>(results + ((<usize>a) << 3), 16), 1 - ROW_FRACTION - word(unit, FACTOR_BITS));
        break;
      case layout.ELEMENT_X:
        value = element(unit, x, a);
        break;
      case layout.ELEMENT_D:
        value = element(unit, d, a);
        break;
      case layout.LOOP: {
        const level = c === 0 ? layout.INNER : layout.OUTER;
        const passes = word(unit, level) + 1;
        if (passes < b) pc = a;
        setWord(unit, level, passes < b ? passes : 0);
        continue;
      }
      case layout.DOT:
        store<f64>(results, product(unit, x, a, b));
        store<f64>(results, product(unit, d, a, b), 8);
        setWord(unit, DOT_VECTORS, <i32>(a === word(unit, COLUMNS)) + <i32>(b === word(unit, COLUMNS)));
        continue;
      case layout.ROW_X:
        row(unit, x);
        continue;
      case layout.ROW_D:
        row(unit, d);
        continue;
      case layout.END:
        setWord(unit, layout.CYCLE, cycle);
        return -1;
      default: {
        const place = word(unit, layout.PLACE) - 1;
        if (op === layout.PUT_X) put(unit, x, a, scalar(scalars, b), c);
        else if (op === layout.PUT_D) put(unit, d, a, scalar(scalars, b), c);
        else if (op === layout.COMBINE_X) combine(unit, x);
        else if (op === layout.COMBINE_D) combine(unit, d);
        else if (op === layout.STORE_X) storeElement(unit, x, a, scalar(scalars, b), c);
        else if (op === layout.STORE_D) storeElement(unit, d, a, scalar(scalars, b), c);
        else if (op === layout.SIGMA) {
          const strength = scalar(scalars, b);
          store<i32>(<usize>word(unit, layout.MANTISSAS) + ((<usize>a) << 2), mantissa(strength));
          store<i32>(<usize>word(unit, layout.EXPONENTS) + ((<usize>a) << 2), exponent(strength));
        } else if (op === layout.COPY) {
          copyFactors(unit, x);
          copyFactors(unit, d);
        } else {
          const slot = place % word(unit, layout.SLOTS);
          keep(x, slot);
          keep(d, slot);
          const unitValue = fromInteger(1, word(x, VECTOR_EXPONENT) + word(d, VECTOR_EXPONENT));
          store<f64>(scalars + to + ((<usize>slot) << 3), unitValue);
        }
        if (!traced) continue;
        setWord(unit, layout.PC, pc);
        setWord(unit, layout.CYCLE, cycle);
        setWord(unit, layout.ISSUE, issue);
        return number;
      }
    }
    store<f64>(scalars + to, value);
  }
}

/** The scalar so many bytes from the memory's first; constants lie before it. */
function scalar(scalars: usize, place: i32): f64 {
  return load<f64>(scalars + <usize>place);
}
