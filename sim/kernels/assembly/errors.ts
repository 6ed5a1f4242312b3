// `error_unit`, `derivative_unit`, `error_scaler`, and the alignment of `gradient_unit`. Raw errors are doubles, which hold
// every width that elaboration allows exactly.
import { roundShift } from "./arith";

const RELU: i32 = 0;
const SIGMOID: i32 = 1;

/** Derivative factor of an output code. */
function derivative(activation: i32, bits: i32, x: i32): i32 {
  if (activation === RELU) return <i32>(x > 0);
  if (activation === SIGMOID) return x * ((1 << bits) - x);
  return (1 << (2 * (bits - 1))) - x * x;
}

/** @param exponentialTable int32
 *  @returns the prediction */
export function softmaxErrors(
  z: usize,
  outputs: i32,
  label: i32,
  log2e: i32,
  fraction: i32,
  exponentialTable: usize,
  exponentialBits: i32,
  probabilityFraction: i32,
  exponentials: usize,
  raw: usize,
): i32 {
  let best = 0;
  let largest = load<i32>(z);
  for (let j = 1; j < outputs; j++) {
    const v = load<i32>(z + ((<usize>j) << 2));
    if (v > largest) {
      largest = v;
      best = j;
    }
  }
  let sum: u64 = 0;
  for (let j = 0; j < outputs; j++) {
    const t = <u64>(largest - load<i32>(z + ((<usize>j) << 2))) * <u64>log2e;
    const n = t >> fraction;
    let e: u64 = 0;
    if (n < <u64>exponentialBits)
      e = <u64>load<u32>(exponentialTable + ((<usize>((t >> (fraction - 8)) & 255)) << 2)) >> n;
    sum += e;
    store<f64>(exponentials + ((<usize>j) << 3), <f64>e);
  }
  for (let j = 0; j < outputs; j++) {
    const q = ((<u64>load<f64>(exponentials + ((<usize>j) << 3))) << probabilityFraction) / sum;
    store<f64>(raw + ((<usize>j) << 3), <f64>(<i64>q - (j === label ? (<i64>1) << probabilityFraction : 0)));
  }
  return best;
}

/** @returns the prediction */
export function squaredErrors(
  x: usize,
  outputs: i32,
  label: i32,
  target: i32,
  activation: i32,
  bits: i32,
  raw: usize,
): i32 {
  let best = 0;
  let largest = i32.MIN_VALUE;
  for (let j = 0; j < outputs; j++) {
    const v = <i32>load<i16>(x + ((<usize>j) << 1));
    if (v > largest) {
      largest = v;
      best = j;
    }
    store<f64>(raw + ((<usize>j) << 3), <f64>(v - (j === label ? target : 0)) * <f64>derivative(activation, bits, v));
  }
  return best;
}

/** raw = sum · d(x) */
export function rawErrors(activation: i32, bits: i32, sums: usize, x: usize, count: i32, raw: usize): void {
  for (let i = 0; i < count; i++) {
    const d = derivative(activation, bits, <i32>load<i16>(x + ((<usize>i) << 1)));
    store<f64>(raw + ((<usize>i) << 3), <f64>load<i32>(sums + ((<usize>i) << 2)) * <f64>d);
  }
}

/** delta = saturate(roundShift(raw, shift)) with the shift at which the largest fills errorBits; @returns the shift */
export function scaleErrors(raw: usize, count: i32, errorBits: i32, delta: usize): i32 {
  let largest: f64 = 0;
  for (let j = 0; j < count; j++) largest = max(largest, abs(load<f64>(raw + ((<usize>j) << 3))));
  const shift = largest === 0 ? 0 : 64 - <i32>clz(<i64>largest) - (errorBits - 1);
  const limit: i64 = ((<i64>1) << (errorBits - 1)) - 1;
  for (let j = 0; j < count; j++) {
    const wide = roundShift(<i64>load<f64>(raw + ((<usize>j) << 3)), shift);
    store<i16>(delta + ((<usize>j) << 1), <i16>min(max(wide, -limit), limit));
  }
  return shift;
}

/** aligned = saturate(roundShift(delta, shift)); @returns how many were clipped */
export function alignErrors(delta: usize, count: i32, shift: i32, limit: i32, aligned: usize): i32 {
  let clipped = 0;
  for (let j = 0; j < count; j++) {
    const wide = roundShift(<i64>load<i16>(delta + ((<usize>j) << 1)), shift);
    const value = min(max(wide, -(<i64>limit)), <i64>limit);
    clipped += <i32>(value !== wide);
    store<i16>(aligned + ((<usize>j) << 1), <i16>value);
  }
  return clipped;
}
