/** A low-rank unit by itself, fed with samples: for its tests and measurements against the golden model. */

import { programsOf } from "../generator/ir/hand-over.ts";
import type { Gradient } from "../generator/methods/fields.ts";
import { lowRankIr } from "../generator/methods/low-rank/build.ts";
import type { Side as SideName } from "../generator/methods/low-rank/program.ts";
import type { LowRankIr } from "../generator/methods/low-rank/unit.ts";
import { type LowRank, reconstruct } from "../golden/low-rank/low-rank.ts";
import { Arena } from "../sim/kernels/arena.ts";
import { instantiate, kernelModule } from "../sim/kernels/load.ts";
import { createLowRankStates, type LowRankState, LowRankUnit, type UnitSizes } from "../sim/kernels/low-rank-unit.ts";

/** Codes of one sample; δ is a code times 2^exponent. */
export interface UnitSample {
  readonly x: Int16Array;
  readonly delta: Int16Array;
  readonly exponent: number;
}

export const reals = ({ x, delta, exponent }: UnitSample) => ({
  x: Float64Array.from(x),
  delta: Float64Array.from(delta, (v) => v * 2 ** exponent),
});

type Sizes = Omit<UnitSizes, "seed">;

export class UnitAlone {
  readonly ir: LowRankIr;
  readonly state: LowRankState;
  readonly #sizes: Sizes;
  readonly #unit: LowRankUnit;
  #samples = 0;

  constructor(gradient: Gradient, batch: number, sizes: Sizes, seed = 1) {
    const { inputs, outputs, inputBits, errorBits } = sizes;
    const longest = {
      words: { x: Math.ceil(inputs / 16), d: Math.ceil(outputs / 16) },
      elements: { x: inputs, d: outputs },
      codeBits: { x: inputBits, d: errorBits },
    };
    this.ir = lowRankIr(gradient, batch, longest, [seed]);
    const arena = new Arena();
    [this.state] = createLowRankStates(this.ir, [{ ...sizes, seed }], arena);
    this.#unit = new LowRankUnit(this.ir, this.state, instantiate(kernelModule(), arena.memory));
    this.#sizes = sizes;
  }

  /** Takes in a whole batch. */
  feed(batch: readonly UnitSample[]): void {
    const place = { batch: batch.length, lowRank: this.ir };
    batch.forEach(({ x, delta, exponent }, k) => {
      const vectors = { x, xExponent: 0, delta, deltaExponent: exponent, count: k + 1 };
      // Whether it is the first of all matters, and its place in the batch.
      this.#unit.run(programsOf(place, (this.#samples > 0 ? batch.length : 0) + k), vectors);
    });
    this.#samples += batch.length;
  }

  /** Real values of a stored column. */
  column(side: SideName, r: number): Float64Array {
    const { factors, stride, size } = this.state[side];
    const one = 2 ** (this.ir.factorBits - 1);
    return Float64Array.from({ length: size }, (_, i) => factors[r * stride + i] / one);
  }

  /** The outer products that the update would take. */
  lowRank(): LowRank {
    const { outer, first } = this.ir;
    const columns = (side: SideName) => Array.from({ length: outer }, (_, r) => this.column(side, first + r));
    const { mantissas, exponents } = this.state;
    return {
      u: columns("d"),
      v: columns("x"),
      strengths: Float64Array.from(mantissas, (m, r) => m * 2 ** exponents[r]),
    };
  }

  /** Their sum, [inputs][outputs]. */
  gradient(): Float64Array {
    return reconstruct(this.lowRank(), new Float64Array(this.#sizes.inputs * this.#sizes.outputs));
  }
}
