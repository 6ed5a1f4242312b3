/** Every memory of the machine, by name, in bits. */

import { COEFFICIENT_BITS, EXPONENT_BITS, SCALAR_BITS } from "../methods/low-rank/format.ts";
import { LATCH_BITS, LINES_PER_LFSR } from "./coincidence.ts";
import type { Ir, MemoryIr } from "./ir.ts";
import { operandBits, valueBits } from "./low-rank-widths.ts";

export function memories(ir: Omit<Ir, "phases" | "memories" | "channels">): MemoryIr[] {
  const list: MemoryIr[] = [];
  const add = (
    name: string,
    layer: number | null,
    words: number,
    wordBits: number,
    kind: MemoryIr["kind"],
    purpose: string,
    gradient = false,
  ) => list.push({ name, layer, words, wordBits, bits: words * wordBits, kind, purpose, gradient });
  for (const layer of ir.layers) {
    const l = layer.index;
    const input = ir.vectors[l];
    const output = ir.vectors[l + 1];
    add(
      "x_buffer",
      l,
      input.words,
      input.lanes * input.bits,
      "sram",
      "the layer's input, for its gradient and its derivative",
    );
    add("delta_buffer", l, output.words, output.lanes * ir.errorBits, "sram", "the error at the layer's output");
    if (ir.lowRank) {
      const second = "second bank, so that a sample is kept while the next one is loaded and read";
      add("x_buffer.bank_1", l, input.words, input.lanes * input.bits, "sram", second, true);
      add("delta_buffer.bank_1", l, output.words, output.lanes * ir.errorBits, "sram", second, true);
    }
    add(
      "raw_buffer",
      l,
      output.words,
      output.lanes * layer.rawBits,
      "sram",
      "the error before it is scaled to errorBits",
    );
    if (layer.gradient.bufferWords > 0)
      add(
        "gradient_buffer",
        l,
        layer.gradient.bufferWords,
        output.lanes * layer.gradient.accumulatorBits,
        "sram",
        "the batch's full gradient",
        true,
      );
    if (ir.lowRank) {
      const { rank, columns, slots, outer, rowColumns, coefficients, factorBits, memoryWords } = ir.lowRank;
      add(
        "x_factors",
        l,
        columns * input.words,
        input.lanes * factorBits,
        "sram",
        "the outer products' input factors",
        true,
      );
      add(
        "d_factors",
        l,
        columns * output.words,
        output.lanes * factorBits,
        "sram",
        "the outer products' output factors",
        true,
      );
      if (slots > 0) {
        const purpose = (of: string) => `the ${of} of a sub-batch's samples`;
        add("x_samples", l, slots * input.words, input.lanes * input.bits, "sram", purpose("inputs"), true);
        add("d_samples", l, slots * output.words, output.lanes * ir.errorBits, "sram", purpose("errors"), true);
      }
      for (const [side, lanes, bits] of [
        ["x", input.lanes, input.bits],
        ["d", output.lanes, ir.errorBits],
      ] as const) {
        add(
          `${side}_coefficients`,
          l,
          coefficients,
          COEFFICIENT_BITS + 6,
          "sram",
          "coefficients of new columns, or of a row of the gradient",
          true,
        );
        add(
          `${side}_held_factor`,
          l,
          1,
          lanes * factorBits,
          "registers",
          "a column's word, until the word it is multiplied with is read",
          true,
        );
        if (rank > 0)
          add(
            `${side}_held`,
            l,
            rank + 1,
            lanes * operandBits(ir.lowRank, bits),
            "registers",
            "a word of each column and of the vector, until those of the new columns are made",
            true,
          );
        if (rowColumns > 0)
          add(
            `${side}_row_sums`,
            l,
            outer,
            valueBits(ir, ir.lowRank),
            "registers",
            "a row of the gradient times each column, as far as it is made",
            true,
          );
      }
      for (const operand of ["a", "b", "c"])
        add(
          `scalar_memory_${operand}`,
          l,
          memoryWords,
          SCALAR_BITS,
          "sram",
          "strengths and intermediate scalars; a copy for each operand",
          true,
        );
      add("strengths", l, outer, COEFFICIENT_BITS + EXPONENT_BITS + 1, "registers", "strengths of the update", true);
    }
    if (layer.edges)
      for (const [side, lines, tiles] of [
        ["row", ir.tileRows, layer.rowTiles],
        ["column", ir.tileCols, layer.colTiles],
      ] as const) {
        const lfsrs = Math.ceil(lines / LINES_PER_LFSR);
        add(
          `${side}_thresholds`,
          l,
          lines * tiles,
          LATCH_BITS,
          "registers",
          `how often each ${side} fires, and its sign`,
        );
        add(`${side}_lfsrs`, l, lfsrs * tiles, 32, "registers", `random numbers of the ${side}s, two from each state`);
      }
    else
      add(
        "pulse_latches",
        l,
        layer.rowTiles * layer.colTiles * ir.tileCols,
        layer.update.pulseBits,
        "registers",
        "pulse counts of the row being programmed",
      );
  }
  add(
    "value_buffer",
    null,
    ir.errorUnit.words,
    ir.errorUnit.lanes * ir.errorUnit.valueBits,
    "sram",
    "the network's output, for the error unit",
  );
  if (ir.errorUnit.loss === "softmax-cross-entropy")
    add(
      "exponential_buffer",
      null,
      ir.errorUnit.outputs,
      ir.errorUnit.exponentialBits,
      "sram",
      "exponentials until their sum is known",
    );
  return list;
}
