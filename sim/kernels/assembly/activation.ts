// `activation_unit`: requantiser and activation.
import { roundShift } from "./arith";

/** z = saturate(roundShift(sum · multiplier, shift)); @returns how many were clipped */
export function requantise(sums: usize, count: i32, multiplier: i32, shift: i32, max: i32, z: usize): i32 {
  let clipped = 0;
  for (let j: usize = 0, end = (<usize>count) << 2; j < end; j += 4) {
    const wide = roundShift(<i64>load<i32>(sums + j) * <i64>multiplier, shift);
    const value = wide > <i64>max ? max : wide < -(<i64>max) ? -max : <i32>wide;
    clipped += <i32>(<i64>value !== wide);
    store<i32>(z + j, value);
  }
  return clipped;
}

/** x = min(max(roundShift(z, shift), 0), max); @returns how many were clipped at the top */
export function activateRelu(z: usize, count: i32, shift: i32, max: i32, x: usize): i32 {
  let clipped = 0;
  for (let j = 0; j < count; j++) {
    const v = load<i32>(z + ((<usize>j) << 2));
    let code = 0;
    if (v > 0) {
      const wide = roundShift(v, shift);
      const over = wide > <i64>max;
      clipped += <i32>over;
      code = over ? max : <i32>wide;
    }
    store<i16>(x + ((<usize>j) << 1), <i16>code);
  }
  return clipped;
}

/** x = table[clip(z >> shift, −512, 511) + 512] */
export function activateTable(z: usize, count: i32, shift: i32, table: usize, x: usize): void {
  for (let j = 0; j < count; j++) {
    const index = min(max(load<i32>(z + ((<usize>j) << 2)) >> shift, -512), 511) + 512;
    store<i16>(x + ((<usize>j) << 1), load<i16>(table + ((<usize>index) << 1)));
  }
}
