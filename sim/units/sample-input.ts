/** `sample_input` and the host before it: codes of a sample, and when each beat is offered. */
import { xorshift32 } from "../../generator/base/mix.ts";
import { sampleFraction } from "../../generator/design/sample-format.ts";
import { roundShift } from "../arith.ts";

/** 8-bit data codes as the machine's codes of so many bits. */
export function inputCodes(codes: ArrayLike<number>, bits: number): Int16Array {
  const max = 2 ** bits - 1;
  return Int16Array.from(codes, (c) => Math.min(max, roundShift(c, 8 - sampleFraction(bits))));
}

/** The host's stalls, beat by beat; the harness draws the same. Seed 0: never stalls. */
export class HostStalls {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Cycles for which the next beat is held back after the one before was taken. */
  next(): number {
    if (this.#state === 0) return 0;
    this.#state = xorshift32(this.#state);
    return (this.#state & 7) < 3 ? (this.#state >>> 3) & 7 : 0;
  }
}
