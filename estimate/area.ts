/** Area, leaf by leaf, in nm²: logic from synthesis, memories and analog macros by models. */
import type { Ir, LayerIr, MemoryIr, ReadIr } from "../generator/ir/ir.ts";
import { type AdcKind, adcValue, type Fit, residualAt } from "./adc.ts";
import type { Constants } from "./constants.ts";
import { type Kind, type Leaf, placeOf } from "./leaves.ts";
import type { Amount, Synthesis } from "./synthesis/synthesise.ts";
import { figure, type Input, input, type UsedConstant } from "./tree.ts";

export interface AreaInputs {
  readonly ir: Ir;
  readonly synthesis: Synthesis;
  readonly constants: Constants;
  readonly nodeNm: number;
  /** Name of the user's Liberty file; null: the generic library, whose areas are gates. */
  readonly liberty: string | null;
  readonly adc: AdcChoice;
}

/** The converters of the design. */
export interface AdcChoice {
  readonly kind: AdcKind;
  readonly area: Fit;
  readonly energy: Fit;
  readonly rateHz: number;
  readonly quantile: UsedConstant;
}

const NM2_PER_UM2 = 1e6;
const DESIGN = "design";

/** Cells and areas of the instances of one module in one place. */
export interface Unit {
  readonly layer: number | null;
  readonly module: string;
  readonly instances: number;
  readonly cells: number;
  readonly flops: number;
  /** In the library's unit. */
  readonly area: number;
}

/** The digital units, added up by layer and module. */
export function digitalUnits({ modules }: Synthesis): Unit[] {
  const found = new Map<string, Unit>();
  const total = (amounts: readonly Amount[], of: keyof Amount) => amounts.reduce((sum, amount) => sum + amount[of], 0);
  const visit = (index: number, layer: number | null): void => {
    const { name, logic, registers, trees, children } = modules[index];
    const amounts = [logic, registers, trees];
    const key = `${placeOf(layer)}.${name}`;
    const known = found.get(key) ?? { layer, module: name, instances: 0, cells: 0, flops: 0, area: 0 };
    found.set(key, {
      ...known,
      instances: known.instances + 1,
      cells: known.cells + total(amounts, "cells"),
      flops: known.flops + registers.cells,
      area: known.area + total(amounts, "area"),
    });
    for (const [instance, child] of children) {
      const [, number] = /^layer_(\d+)$/.exec(instance) ?? [];
      visit(child, number === undefined ? layer : Number(number));
    }
  };
  visit(modules.length - 1, null);
  return [...found.values()].filter(({ area }) => area > 0);
}

export function areaLeaves(inputs: AreaInputs): Leaf[] {
  const { ir, synthesis } = inputs;
  return [
    ...digitalUnits(synthesis).map((unit) => digitalLeaf(inputs, unit)),
    ...ir.memories.filter(({ kind }) => kind === "sram").map((memory) => sramLeaf(inputs, memory)),
    ...ir.layers.flatMap((layer) => analogLeaves(inputs, layer)),
  ];
}

function digitalLeaf({ constants, nodeNm, liberty, synthesis }: AreaInputs, unit: Unit): Leaf {
  const { layer, module, instances, cells, area } = unit;
  const placement = constants.use("digital.placement");
  const gate = constants.at("digital.nand2Area", nodeNm);
  const perUnit = liberty === null ? gate.value : 1;
  const from = `${synthesis.tool}, ${liberty ?? "the generic library"}`;
  return {
    layer,
    unit: module,
    kind: "digital",
    figure: figure(`area.${placeOf(layer)}.${module}`, {
      title: `${instances} ${module}`,
      unit: "nm2",
      value: Math.round(((area * perUnit) / placement.value) * NM2_PER_UM2),
      formula: liberty === null ? "gates · area of a NAND2 / placement" : "area of its cells / placement",
      inputs: [
        input("cells", cells, "", from),
        liberty === null ? input("gates", area, "", from) : input("area of its cells", area, "um2", from),
      ],
      constants: liberty === null ? [gate, placement] : [placement],
    }),
  };
}

const rounded = (um2: number): number => Math.round(um2 * NM2_PER_UM2);

/** A memory compiler's macro: cells, and what stands at the end of each row and column of them. */
function sramLeaf({ constants, nodeNm }: AreaInputs, memory: MemoryIr): Leaf {
  const { name, layer, words, wordBits, bits } = memory;
  const cell = constants.at("sram.cellArea", nodeNm);
  const port = constants.use("sram.portFactor", { nodeNm });
  const periphery = constants.use("sram.peripheryCells");
  const folded = constants.use("sram.wordsPerColumn");
  const fold = Math.min(words, folded.value);
  const [rows, columns] = [Math.ceil(words / fold), wordBits * fold];
  return {
    layer,
    unit: memory.gradient ? "gradient_memory" : "buffers",
    kind: "memory",
    figure: figure(`area.${placeOf(layer)}.sram.${name}`, {
      title: `${name}, ${words} words of ${wordBits} bits: ${memory.purpose}`,
      unit: "nm2",
      value: rounded((bits + periphery.value * (rows + columns)) * cell.value * port.value),
      formula: "(bits + periphery · (rows + columns)) · cell area · factor of two ports",
      inputs: [
        input("bits", bits, "", DESIGN),
        input("rows", rows, "", "words / words of a row of cells"),
        input("columns", columns, "", "bits of a word · words of a row of cells"),
      ],
      constants: [cell, port, periphery, folded],
    }),
  };
}

/** Converters of one direction that a layer has. */
const adcsOf = ({ adcsPerTile, sampledTiles, summedTiles }: ReadIr): number => adcsPerTile * sampledTiles * summedTiles;

const readsOf = ({ forward, backward }: LayerIr): (readonly ["forward" | "backward", ReadIr])[] => [
  ["forward", forward],
  ...(backward ? [["backward", backward] as const] : []),
];

function analogLeaves(inputs: AreaInputs, layer: LayerIr): Leaf[] {
  const { ir, constants, nodeNm, adc } = inputs;
  const tiles = layer.rowTiles * layer.colTiles;
  const place = placeOf(layer.index);
  const leaf = (
    unit: string,
    id: string,
    title: string,
    um2: number,
    formula: string,
    from: readonly Input[],
    used: readonly UsedConstant[],
  ): Leaf => ({
    layer: layer.index,
    unit,
    kind: "analog" as Kind,
    figure: figure(`area.${place}.${id}`, {
      title,
      unit: "nm2",
      value: rounded(um2),
      formula,
      inputs: from,
      constants: used,
    }),
  });
  const f2 = (nodeNm / 1000) ** 2;
  const node = input("F", nodeNm, "nm", "--node");
  const size = [
    input("tiles", tiles, "", DESIGN),
    input("rows", ir.tileRows, "", DESIGN),
    input("columns", ir.tileCols, "", DESIGN),
  ];
  const selected = constants.use("cell.selected");
  const cell = constants.use(selected.value > 0 ? "cell.area1T1R" : "cell.area1R", { nodeNm });
  const dac = constants.use("driver.dacArea");
  const latch = constants.use("driver.latchArea");
  const pulse = constants.use("driver.pulseArea");
  const mux = constants.use("driver.muxArea");
  const gate = constants.at("digital.nand2Area", nodeNm);
  const rows = tiles * ir.tileRows;
  const columns = tiles * ir.tileCols;
  const backwards = layer.backward !== null;
  const latchBits = rows * ir.vectors[layer.index].bits + (backwards ? columns * ir.errorBits : 0);
  const driven = rows + (backwards ? columns : 0);
  const muxed = columns + (backwards ? rows : 0);
  return [
    leaf(
      "crossbar_cells",
      "crossbar_cells",
      `cells of ${tiles} tiles${ir.cell.pairs ? ", two for a weight" : " and a reference column of each"}`,
      tiles * ir.tileRows * (ir.cell.pairs ? 2 * ir.tileCols : ir.tileCols + 1) * cell.value * f2,
      `tiles · rows · ${ir.cell.pairs ? "2 · columns" : "(columns + 1)"} · cell area · F²`,
      [...size, node],
      [cell, selected],
    ),
    leaf(
      "dac_drivers",
      "dac_drivers",
      "drivers of the lines for reading, with the latches of their codes",
      driven * dac.value * f2 + latchBits * latch.value * gate.value,
      "lines · driver area · F² + latch bits · gates of a latch · area of a NAND2",
      [...size, node, input("lines", driven, "", DESIGN), input("latch bits", latchBits, "", DESIGN)],
      [dac, latch, gate],
    ),
    leaf(
      "column_multiplexers",
      "column_multiplexers",
      "switches of the lines that share a converter",
      muxed * mux.value * f2,
      "lines · switch area · F²",
      [node, input("lines", muxed, "", DESIGN)],
      [mux],
    ),
    leaf(
      "pulse_drivers",
      "pulse_drivers",
      "drivers of the lines for programming",
      (rows + columns) * pulse.value * f2,
      "lines · driver area · F²",
      [node, input("lines", rows + columns, "", DESIGN)],
      [pulse],
    ),
    ...readsOf(layer).map(([direction, read]) => {
      const count = adcsOf(read);
      return leaf(
        "adc",
        `adc.${direction}`,
        `${count} ${adc.kind} converters of ${read.codeBits} bits, ${direction}`,
        count * adcOf(inputs, adc.area, read),
        "converters · 10^(a + b · bits + c · log10 node + residual at the quantile)",
        adcInputs(inputs, adc.area, read, [input("converters", count, "", DESIGN)]),
        [adc.quantile],
      );
    }),
  ];
}

/** A converter's area or energy; warns where nothing like it was published. */
export function adcOf({ constants, nodeNm, adc }: AreaInputs, fit: Fit, { codeBits }: ReadIr): number {
  const name = `adc ${fit.quantity} (${adc.kind})`;
  constants.within(name, "bits", codeBits, fit.range.enob);
  constants.within(name, "nodeNm", nodeNm, fit.range.nodeNm);
  if (fit.d !== 0) constants.within(name, "rateHz", adc.rateHz, fit.range.rateHz);
  return adcValue(fit, codeBits, nodeNm, adc.rateHz, residualAt(fit, adc.quantile.value));
}

export function adcInputs({ nodeNm, adc }: AreaInputs, fit: Fit, { codeBits }: ReadIr, own: readonly Input[]): Input[] {
  const from = `fit to ${fit.residuals.length} ${fit.kind} converters of the survey (B. Murmann, ADC Performance Survey)`;
  return [
    ...own,
    input("bits", codeBits, "", DESIGN),
    input("node", nodeNm, "nm", "--node"),
    input("rate", adc.rateHz, "Hz", "clock / cycles of a read"),
    input("a", fit.a, "", from),
    input("b", fit.b, "", fit.kind === "Flash" ? "log10 2: comparators double with each bit" : from),
    input("c", fit.c, "", from),
    ...(fit.d === 0 ? [] : [input("d", fit.d, "", from)]),
    input("residual", residualAt(fit, adc.quantile.value), "decades", `${from}, at the quantile`),
  ];
}
