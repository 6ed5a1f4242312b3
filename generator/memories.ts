/** Every memory of the machine, by name, in bits. */
import type { Ir, MemoryIr } from "./ir.ts";

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
