/** Energy of one sample, leaf by leaf, in fJ: analog parts from what the simulator did, digital ones from the schedule. */
import type { Device } from "../generator/device/resolve.ts";
import type { LayerIr, ReadIr } from "../generator/ir/ir.ts";
import type { Activity, LayerActivity, ReadActivity } from "./activity.ts";
import { type AreaInputs, adcInputs, adcOf, digitalUnits, type Unit } from "./area.ts";
import type { Constants } from "./constants.ts";
import { type Leaf, placeOf } from "./leaves.ts";
import { type Figure, figure, input, type UsedConstant } from "./tree.ts";
import { type Access, accessesOf, conversionsOf, type Work, workOf } from "./work.ts";

export interface EnergyInputs extends AreaInputs {
  readonly activity: Activity;
  readonly device: Device;
  /** Clock period in ps, cycles of a sample. */
  readonly period: Figure;
  readonly sampleCycles: number;
  /** Library area of a gate: 1 in the generic library. */
  readonly gateArea: number;
}

const SIMULATOR = "simulator";
const SCHEDULE = "schedule";
const FJ = 1e15;

/** A device's electrical data: its own, or an ideal device's from the constants. */
export interface Electrical {
  readonly onOhm: UsedConstant;
  readonly onOff: UsedConstant;
  readonly set: { readonly volts: UsedConstant; readonly seconds: UsedConstant };
  readonly reset: { readonly volts: UsedConstant; readonly seconds: UsedConstant };
}

export function electrical({ conductance, pulse, name, source }: Device, constants: Constants): Electrical {
  const own = (key: string, value: number, unit: string): UsedConstant => ({
    name: `device.${key}`,
    value,
    unit,
    source: `device ${name}: ${source}`,
  });
  const direction = (key: "set" | "reset") => ({
    volts: pulse ? own(`pulse.${key}.volts`, pulse[key].volts, "V") : constants.use("cell.pulseVolts"),
    seconds: pulse ? own(`pulse.${key}.seconds`, pulse[key].seconds, "s") : constants.use("cell.pulseSeconds"),
  });
  return {
    onOhm: conductance ? own("conductance.onOhm", conductance.onOhm, "ohm") : constants.use("cell.onOhm"),
    onOff: conductance ? own("conductance.onOff", conductance.onOff, "") : constants.use("cell.onOff"),
    set: direction("set"),
    reset: direction("reset"),
  };
}

export function energyLeaves(inputs: EnergyInputs): Leaf[] {
  const { ir, synthesis } = inputs;
  const seen = new Map<string, number>();
  return [
    ...workOf(ir).map((work) => {
      const key = `${placeOf(work.layer)}.${work.unit}`;
      const number = (seen.get(key) ?? 0) + 1;
      seen.set(key, number);
      return workLeaf(inputs, work, number === 1 ? key : `${key}_${number}`);
    }),
    ...digitalUnits(synthesis).flatMap((unit) => [clockLeaf(inputs, unit), leakageLeaf(inputs, unit)]),
    ...accessesOf(ir).map((access) => memoryLeaf(inputs, access)),
    ...ir.layers.flatMap((layer) => analogLeaves(inputs, layer)),
  ].filter((leaf): leaf is Leaf => leaf !== null);
}

/** From the node that a constant was measured at to the design's: capacitance with the length, and the voltage squared. */
function scaling({ constants, nodeNm }: AreaInputs): { factor: number; used: UsedConstant[] } {
  const node = constants.use("energy.referenceNode");
  const volts = constants.use("energy.referenceSupply");
  const supply = constants.at("digital.supply", nodeNm);
  return { factor: (nodeNm / node.value) * (supply.value / volts.value) ** 2, used: [node, volts, supply] };
}

const SCALED = "node / reference node · (supply / reference supply)²";

/** Where energy goes, and the name of its figure. */
interface Place extends Pick<Leaf, "layer" | "unit" | "kind"> {
  readonly id: string;
}

interface Energy extends Pick<Parameters<typeof figure>[1], "title" | "formula" | "inputs" | "constants" | "parts"> {
  readonly fj: number;
}

const leafOf = ({ id, ...place }: Place, { fj, ...told }: Energy): Leaf => ({
  ...place,
  figure: figure(`energy.sample.${id}`, { unit: "fJ", value: Math.round(fj), ...told }),
});

function workLeaf(inputs: EnergyInputs, { layer, unit, count, factors, sumBits }: Work, id: string): Leaf {
  const { constants, nodeNm } = inputs;
  const { factor, used } = scaling(inputs);
  const multiplies = factors[0] > 0;
  const multiply = constants.use("energy.multiply8", { bits: Math.sqrt(factors[0] * factors[1]) || 8 });
  const add = constants.use("energy.add8", { bits: sumBits });
  const product = multiplies ? multiply.value * ((factors[0] * factors[1]) / 64) : 0;
  return leafOf(
    { layer, unit, kind: "digital", id: `${id}.arithmetic` },
    {
      title: `${unit}: ${multiplies ? "multiplications and additions" : "additions"}`,
      fj: count * (product + (add.value * sumBits) / 8) * factor,
      formula: `count · (${multiplies ? "multiplication · bits a · bits b / 64 + " : ""}addition · bits of the sum / 8) · ${SCALED}`,
      inputs: [
        input("count", count, "", SCHEDULE),
        ...(multiplies ? [input("bits a", factors[0], "", "design"), input("bits b", factors[1], "", "design")] : []),
        input("bits of the sum", sumBits, "", "design"),
        input("node", nodeNm, "nm", "--node"),
      ],
      constants: [...(multiplies ? [multiply] : []), add, ...used],
    },
  );
}

function clockLeaf(inputs: EnergyInputs, { layer, module, flops }: Unit): Leaf | null {
  if (flops === 0) return null;
  const flop = inputs.constants.use("energy.flopClock");
  const { factor, used } = scaling(inputs);
  return leafOf(
    { layer, unit: module, kind: "digital", id: `${placeOf(layer)}.${module}.clock` },
    {
      title: `${module}: clock of its flip-flops`,
      fj: flops * inputs.sampleCycles * flop.value * factor,
      formula: `flip-flops · cycles · energy of one · ${SCALED}`,
      inputs: [
        input("flip-flops", flops, "", inputs.synthesis.tool),
        input("cycles", inputs.sampleCycles, "", SIMULATOR),
        input("node", inputs.nodeNm, "nm", "--node"),
      ],
      constants: [flop, ...used],
    },
  );
}

function leakageLeaf(inputs: EnergyInputs, { layer, module, area }: Unit): Leaf {
  const { constants, nodeNm, period, sampleCycles, gateArea, synthesis } = inputs;
  const power = constants.use("energy.leakage", { nodeNm });
  const gates = area / gateArea;
  // nW · ps = 1e-21 J.
  return leafOf(
    { layer, unit: module, kind: "digital", id: `${placeOf(layer)}.${module}.leakage` },
    {
      title: `${module}: leakage`,
      fj: gates * power.value * sampleCycles * period.value * 1e-6,
      formula: "gates · power of one · cycles · period",
      inputs: [input("gates", gates, "", synthesis.tool), input("cycles", sampleCycles, "", SIMULATOR)],
      constants: [power],
      parts: [period],
    },
  );
}

function memoryLeaf(inputs: EnergyInputs, { layer, memory: name, words }: Access): Leaf | null {
  const { ir, constants, nodeNm } = inputs;
  const memory = ir.memories.find((m) => m.layer === layer && m.name === name);
  if (!memory) return null;
  const reference = constants.use("energy.sram8k", { memoryBits: memory.bits });
  const { factor, used } = scaling(inputs);
  return leafOf(
    {
      layer,
      unit: memory.gradient ? "gradient_memory" : "buffers",
      kind: "memory",
      id: `${placeOf(layer)}.sram.${name}`,
    },
    {
      title: `${name}: words read and written`,
      fj: words * reference.value * (memory.wordBits / 64) * Math.sqrt(memory.bits / 65536) * factor,
      formula: `words · energy of 64 bits · bits of a word / 64 · √(bits of the memory / 65536) · ${SCALED}`,
      inputs: [
        input("words", words, "", SCHEDULE),
        input("bits of a word", memory.wordBits, "", "design"),
        input("bits of the memory", memory.bits, "", "design"),
        input("node", nodeNm, "nm", "--node"),
      ],
      constants: [reference, ...used],
    },
  );
}

function analogLeaves(inputs: EnergyInputs, layer: LayerIr): Leaf[] {
  const { activity } = inputs;
  const own = activity.layers[layer.index];
  const directions: (readonly ["forward" | "backward", ReadIr, ReadActivity])[] = [
    ["forward", layer.forward, own.forward],
  ];
  if (layer.backward) directions.push(["backward", layer.backward, own.backward]);
  return [...directions.flatMap((d) => readLeaves(inputs, layer, ...d)), ...pulseLeaves(inputs, layer, own)];
}

/** Capacitance of one line of a tile, in fF: a cell's pitch for each of its cells. */
function lineCapacitance({ constants, nodeNm }: AreaInputs, cells: number): { fF: number; used: UsedConstant[] } {
  const selected = constants.use("cell.selected");
  const cell = constants.use(selected.value > 0 ? "cell.area1T1R" : "cell.area1R", { nodeNm });
  const wire = constants.use("wire.capacitance");
  return { fF: wire.value * cells * Math.sqrt(cell.value) * (nodeNm / 1000), used: [wire, cell, selected] };
}

const LINE = "wire · cells of a line · √cell area · F";

function readLeaves(
  inputs: EnergyInputs,
  layer: LayerIr,
  direction: "forward" | "backward",
  read: ReadIr,
  { drivenLines, cells, conductance }: ReadActivity,
): Leaf[] {
  const { ir, constants, nodeNm, activity, device, adc } = inputs;
  const l = layer.index;
  const place = placeOf(l);
  const { onOhm, onOff } = electrical(device, constants);
  constants.use("cell.onOhm", { ohm: onOhm.value });
  const volts = constants.use("cell.readVolts", { volts: constants.use("cell.readVolts").value });
  const seconds = constants.use("cell.readSeconds", { seconds: constants.use("cell.readSeconds").value });
  const per = (total: number) => total / activity.samples;
  const siemens = (count: number, g: number) => (count / onOff.value + g * (1 - 1 / onOff.value)) / onOhm.value;
  // The reference column of each tile along the line conducts at each step; pairs have none.
  const references = ir.cell.pairs ? 0 : per(drivenLines) * read.steps * read.sampledTiles;
  const referencePart = ir.cell.reference / ir.cell.full;
  const line = lineCapacitance(inputs, direction === "forward" ? ir.tileCols : ir.tileRows);
  const chargings = per(drivenLines) * read.steps * read.sampledTiles;
  const conversions = conversionsOf(read);
  const title = (what: string) => `${what}, ${direction}`;
  const conducting = siemens(per(cells), per(conductance)) + siemens(references, references * referencePart);
  return [
    leafOf(
      { layer: l, unit: "crossbar_cells", kind: "analog", id: `${place}.crossbar_cells.${direction}` },
      {
        title: title("current through the cells"),
        fj: conducting * volts.value ** 2 * seconds.value * FJ,
        formula:
          "read volts² · read seconds · Σ over driven lines, planes and cells of ((1 − conductance) / on-off + conductance) / on-resistance; with the reference columns",
        inputs: [
          input("cells read", per(cells), "a sample", SIMULATOR),
          input("sum of their conductances", per(conductance), "of the range", SIMULATOR),
          input("reference cells read", references, "a sample", SIMULATOR),
        ],
        constants: [onOhm, onOff, volts, seconds],
      },
    ),
    leafOf(
      { layer: l, unit: "dac_drivers", kind: "analog", id: `${place}.dac_drivers.${direction}` },
      {
        title: title("charging of the driven lines"),
        fj: chargings * line.fF * volts.value ** 2,
        formula: `chargings · read volts² · ${LINE}`,
        inputs: [
          input("chargings", chargings, "a sample", "simulator: driven lines and planes · steps · tiles"),
          input("F", nodeNm, "nm", "--node"),
        ],
        constants: [volts, ...line.used],
      },
    ),
    leafOf(
      { layer: l, unit: "adc", kind: "analog", id: `${place}.adc.${direction}` },
      {
        title: title("conversions"),
        fj: conversions * adcOf(inputs, adc.energy, read),
        formula: "conversions · 10^(a + b · bits + c · log10 node + d · log10 rate + residual at the quantile)",
        inputs: adcInputs(inputs, adc.energy, read, [input("conversions", conversions, "a sample", SCHEDULE)]),
        constants: [adc.quantile],
      },
    ),
  ];
}

function pulseLeaves(inputs: EnergyInputs, layer: LayerIr, { set, reset }: LayerActivity): Leaf[] {
  const { ir, constants, nodeNm, activity, device } = inputs;
  const place = placeOf(layer.index);
  const data = electrical(device, constants);
  const row = lineCapacitance(inputs, ir.tileCols);
  const column = lineCapacitance(inputs, ir.tileRows);
  return (["set", "reset"] as const).flatMap((direction) => {
    const { pulses, conductance } = direction === "set" ? set : reset;
    const { volts, seconds } = data[direction];
    const { onOhm, onOff } = data;
    const count = pulses / activity.samples;
    const g = conductance / activity.samples;
    const siemens = (count / onOff.value + g * (1 - 1 / onOff.value)) / onOhm.value;
    return [
      leafOf(
        { layer: layer.index, unit: "crossbar_cells", kind: "analog", id: `${place}.crossbar_cells.${direction}` },
        {
          title: `${direction} pulses in the cells`,
          fj: siemens * volts.value ** 2 * seconds.value * FJ,
          formula:
            "pulse volts² · pulse seconds · Σ over pulses of ((1 − conductance) / on-off + conductance) / on-resistance",
          inputs: [
            input("pulses", count, "a sample", SIMULATOR),
            input("sum of their cells' conductances", g, "of the range", SIMULATOR),
          ],
          constants: [onOhm, onOff, volts, seconds],
        },
      ),
      leafOf(
        { layer: layer.index, unit: "pulse_drivers", kind: "analog", id: `${place}.pulse_drivers.${direction}` },
        {
          title: `${direction} pulses on row and column`,
          fj: count * (row.fF + column.fF) * volts.value ** 2,
          formula: `pulses · pulse volts² · (row + column), each ${LINE}`,
          inputs: [input("pulses", count, "a sample", SIMULATOR), input("F", nodeNm, "nm", "--node")],
          constants: [volts, ...row.used],
        },
      ),
    ];
  });
}
