/** What is compared between RTL and simulator: the architectural events, by module. */

import { bitLength, indexBits } from "../base/fixed.ts";
import { COEFFICIENT_BITS, EXPONENT_BITS } from "../methods/low-rank/format.ts";
import { LATCH_BITS } from "./coincidence.ts";
import type { ChannelIr, Ir } from "./ir.ts";

export function channels(ir: Omit<Ir, "phases" | "memories" | "channels">): ChannelIr[] {
  const list: ChannelIr[] = [];
  const add = (scope: string, module: string, strobe: string | null, fields: [string, number][]) =>
    list.push({ scope, module, strobe, fields: fields.map(([name, bits]) => ({ name, bits })) });
  add("sequencer", "sequencer", null, [["o_phase", 3]]);
  add("sequencer", "sequencer", "o_start", [["o_layer", 3]]);
  for (const layer of ir.layers) {
    const l = layer.index;
    const scope = `layer_${l}`;
    const input = ir.vectors[l];
    const output = ir.vectors[l + 1];
    add(scope, "layer", "x_write", [
      ["x_word", indexBits(input.words)],
      ["x_data", input.lanes * input.bits],
    ]);
    add(scope, "layer", "raw_write", [
      ["raw_word", indexBits(output.words)],
      ["raw_data", output.lanes * layer.rawBits],
    ]);
    add(scope, "layer", "delta_write", [
      ["delta_word", indexBits(output.words)],
      ["delta_data", output.lanes * ir.errorBits],
      ["delta_exponent", layer.exponentBits],
    ]);
    if (ir.keeps === "gradient")
      add(scope, "layer", "gradient_write", [
        ["gradient_word", indexBits(layer.gradient.bufferWords)],
        ["gradient_data", output.lanes * layer.gradient.accumulatorBits],
      ]);
    if (ir.lowRank) {
      const { columns, slots, coefficients, factorBits } = ir.lowRank;
      const index = indexBits(coefficients);
      add(scope, "layer", "x_factor_write", [
        ["x_factor_address", indexBits(columns * input.words)],
        ["x_factor_data", input.lanes * factorBits],
      ]);
      add(scope, "layer", "d_factor_write", [
        ["d_factor_address", indexBits(columns * output.words)],
        ["d_factor_data", output.lanes * factorBits],
      ]);
      if (slots > 0) {
        add(scope, "layer", "x_sample_write", [
          ["x_sample_address", indexBits(slots * input.words)],
          ["x_sample_data", input.lanes * input.bits],
        ]);
        add(scope, "layer", "d_sample_write", [
          ["d_sample_address", indexBits(slots * output.words)],
          ["d_sample_data", output.lanes * ir.errorBits],
        ]);
      }
      add(scope, "layer", "strength_write", [
        ["strength_index", index],
        ["strength_mantissa", COEFFICIENT_BITS],
        ["strength_exponent", EXPONENT_BITS + 1],
      ]);
      for (const side of ["x", "d"])
        add(`${scope}.low_rank_unit.scalar_unit`, "scalar_unit", `${side}_coefficient_write`, [
          ["coefficient_index", index],
          ["coefficient", COEFFICIENT_BITS],
          ["coefficient_shift", 6],
        ]);
    }
    if (ir.coincidence) {
      for (const [side, { lanes, words }] of [
        ["x", input],
        ["d", output],
      ] as const)
        add(scope, "layer", `${side}_threshold_write`, [
          [`${side}_threshold_word`, indexBits(words)],
          [`${side}_threshold_data`, lanes * LATCH_BITS],
        ]);
      add(scope, "layer", "pulse", [
        ["pulse_slots", ir.coincidence.slotBits],
        ["pulse_phase", 2],
      ]);
    } else {
      add(scope, "layer", "count_write", [
        ["count_row_tile", indexBits(layer.rowTiles)],
        ["count_word", indexBits(output.words)],
        ["count_data", output.lanes * layer.update.pulseBits],
      ]);
      add(scope, "layer", "pulse", [["pulse_row", indexBits(ir.tileRows)]]);
      if (ir.readBacks > 0) add(scope, "layer", "verify", [["pulse_row", indexBits(ir.tileRows)]]);
    }
    for (const range of ["forward_range", "backward_range", "activation_range"])
      if (range !== "backward_range" || layer.backward) add(scope, "layer", null, [[range, 5]]);
    for (let r = 0; r < layer.rowTiles; r++)
      for (let c = 0; c < layer.colTiles; c++) {
        const tile = `${scope}.g_row[${r}].g_col[${c}].tile`;
        add(tile, "crossbar_tile", "column_valid", [
          ["column_codes", layer.forward.adcsPerTile * layer.forward.codeBits],
        ]);
        if (layer.backward)
          add(tile, "crossbar_tile", "row_valid", [
            ["row_codes", layer.backward.adcsPerTile * layer.backward.codeBits],
          ]);
        add(
          tile,
          "crossbar_tile",
          "pulse",
          ir.coincidence
            ? [
                ["pulse_rows", ir.tileRows],
                ["pulse_columns", ir.tileCols],
                ["pulse_up", 1],
              ]
            : [
                ["pulse_set", ir.tileCols],
                ["pulse_reset", ir.tileCols],
              ],
        );
      }
  }
  add("error_unit", "error_unit", "y_write", [
    ["y_word", indexBits(ir.errorUnit.words)],
    ["y_data", ir.errorUnit.lanes * ir.errorUnit.valueBits],
  ]);
  if (ir.errorUnit.loss === "softmax-cross-entropy")
    add("error_unit", "error_unit", "exp_write", [["exp_value", ir.errorUnit.exponentialBits]]);
  add("error_unit", "error_unit", "prediction_valid", [
    ["prediction", Math.max(1, bitLength(ir.errorUnit.outputs - 1))],
  ]);
  return list;
}
