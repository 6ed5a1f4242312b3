/** What the low-rank units write, at its cycle: the part of the tracer that follows their programs (docs/low-rank.md). */
import type { Ir } from "../generator/ir/ir.ts";
import { combinationWrites, PUT_WRITE, STORE_WRITE } from "../generator/methods/low-rank/cycles.ts";
import type { Instruction } from "../generator/methods/low-rank/program.ts";
import type { LowRankIr } from "../generator/methods/low-rank/unit.ts";
import { packLanes } from "./arith.ts";
import type { Events } from "./events.ts";
import type { LowRankState } from "./kernels/low-rank-unit.ts";
import type { Machine } from "./machine.ts";

export class LowRankTracer {
  readonly #ir: Ir;
  readonly #unit: LowRankIr;
  readonly #writes: ReturnType<typeof combinationWrites>;
  readonly #machine: Machine;
  readonly #events: Events;

  constructor(ir: Ir, unit: LowRankIr, machine: Machine, events: Events) {
    this.#ir = ir;
    this.#unit = unit;
    this.#writes = combinationWrites(unit);
    this.#machine = machine;
    this.#events = events;
  }

  /** @param issue cycle in which it is issued
   *  @param element of the side that a loop of elements is at */
  instruction(l: number, { op, a }: Instruction, issue: number, element: number): void {
    switch (op) {
      case "putX":
      case "putD":
        this.#coefficient(l, op === "putX" ? "x" : "d", a, issue);
        break;
      case "sigma": {
        const { mantissas, exponents } = this.#state(l);
        this.#events.emit(`layer_${l}/strength_write`, issue + PUT_WRITE.cycles, a, mantissas[a], exponents[a]);
        break;
      }
      case "combineX":
      case "combineD":
        this.#combined(l, op === "combineX" ? "x" : "d", issue);
        break;
      case "storeX":
      case "storeD":
        this.#element(l, op === "storeX" ? "x" : "d", a, element, issue);
        break;
      case "copy":
        for (const side of ["x", "d"] as const) this.#copied(l, side, issue);
        break;
      case "keep":
        for (const side of ["x", "d"] as const) this.#kept(l, side, issue);
        break;
      default:
    }
  }

  #state(l: number): LowRankState {
    const state = this.#machine.state.layers[l].lowRank;
    if (!state) throw new Error("the design has no low-rank units");
    return state;
  }

  #coefficient(l: number, side: "x" | "d", k: number, issue: number): void {
    const { coefficients, shifts } = this.#state(l)[side];
    const channel = `layer_${l}.low_rank_unit.scalar_unit/${side}_coefficient_write`;
    this.#events.emit(channel, issue + PUT_WRITE.cycles, k, coefficients[k], shifts[k]);
  }

  /** A word of a column was written. */
  #factor(l: number, side: "x" | "d", r: number, w: number, cycle: number): void {
    const unit = this.#unit;
    const state = this.#state(l);
    const { lanes, words } = this.#ir.vectors[side === "x" ? l : l + 1];
    const { factors, stride, size } = state[side];
    const data = packLanes(factors, r * stride + w * lanes, lanes, unit.factorBits, r * stride + size);
    this.#events.emit(`layer_${l}/${side}_factor_write`, cycle, r * words + w, data);
  }

  #combined(l: number, side: "x" | "d", issue: number): void {
    const writes = this.#writes;
    const { rank } = this.#unit;
    const { words } = this.#ir.vectors[side === "x" ? l : l + 1];
    const first = issue + writes.first.cycles;
    for (let w = 0; w < words; w++)
      for (let r = 0; r < rank; r++) this.#factor(l, side, r, w, first + (w * rank + r) * writes.column.cycles);
  }

  #element(l: number, side: "x" | "d", r: number, element: number, issue: number): void {
    if (element >= this.#state(l)[side].size) return;
    const { lanes } = this.#ir.vectors[side === "x" ? l : l + 1];
    this.#factor(l, side, r, Math.floor(element / lanes), issue + STORE_WRITE.cycles);
  }

  #copied(l: number, side: "x" | "d", issue: number): void {
    const { outer } = this.#unit;
    const { words } = this.#ir.vectors[side === "x" ? l : l + 1];
    for (let m = 0; m < outer * words; m++)
      this.#factor(l, side, Math.floor(m / words), m % words, issue + STORE_WRITE.cycles + m);
  }

  #kept(l: number, side: "x" | "d", issue: number): void {
    const unit = this.#unit;
    const state = this.#state(l);
    const { lanes, words, bits } = this.#ir.vectors[side === "x" ? l : l + 1];
    const { vector, size } = state[side];
    const slot = (this.#machine.state.inBatch - 1) % unit.slots;
    for (let w = 0; w < words; w++) {
      const data = packLanes(vector, w * lanes, lanes, side === "x" ? bits : this.#ir.errorBits, size);
      this.#events.emit(`layer_${l}/${side}_sample_write`, issue + STORE_WRITE.cycles + w, slot * words + w, data);
    }
  }
}
