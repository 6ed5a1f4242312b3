/** Range registers of the preset `tiny` as they are found, batch by batch. */
import type { TopLevelSpec } from "vega-lite";
import { loadHead } from "../../data/dataset.ts";
import { loadDesign } from "../../generator/design/load.ts";
import { prepareMachine } from "../../prepare/machine.ts";
import { BLUE, CONFIG, INK, MONO, svg } from "../../report/vega.ts";
import { Machine } from "../../sim/machine.ts";
import { PlainSamplePath } from "../../sim/sample-path.ts";
import { ACTIVATION, BACKWARD, createState, FORWARD } from "../../sim/state.ts";
import { inputCodes } from "../../sim/units/sample-input.ts";
import type { Drawing } from "./drawing.ts";

const RANGES_TITLE = "Range registers that start at their finest";
const RANGE_BATCHES = 12;
const RANGE_SETS = ["tile.rangeStart=finest", "tile.adcBits=5"];

/** Range registers after each batch. */
function rangeSteps(): { batch: number; range: number; register: string }[] {
  const { design } = loadDesign("tiny", RANGE_SETS);
  const { ir, conductances } = prepareMachine(design);
  const { layers } = design.network;
  const shape = { inputs: layers[0], outputs: layers[layers.length - 1] };
  const { samples } = loadHead(shape, {}, RANGE_BATCHES * ir.batch);
  const state = createState(ir, conductances);
  const machine = new Machine(ir, state, new PlainSamplePath(ir, state.layers));
  const values: { batch: number; range: number; register: string }[] = [];
  const take = () =>
    state.layers.forEach(({ ranges }, l) => {
      const add = (name: string, range: number) =>
        values.push({ batch: state.batches, range, register: `layer_${l}  ${name}_range` });
      add("forward", ranges[FORWARD]);
      if (ir.layers[l].backward) add("backward", ranges[BACKWARD]);
      if (ir.layers[l].activationRangeFollows) add("activation", ranges[ACTIVATION]);
    });
  take();
  const { size, bits } = ir.vectors[0];
  for (let k = 0; k < samples.count; k++) {
    machine.sample(inputCodes(samples.codes.subarray(k * size, (k + 1) * size), bits), samples.labels[k], true);
    if (state.inBatch === 0) take();
  }
  return values;
}

function rangesSpec(): TopLevelSpec {
  const values = rangeSteps();
  return {
    config: CONFIG,
    padding: 12,
    title: {
      text: RANGES_TITLE,
      subtitle: `preset tiny with ${RANGE_SETS.join(", ")}; batches of 8 samples`,
    },
    data: { values },
    facet: {
      row: {
        field: "register",
        type: "nominal",
        title: null,
        header: { labelAngle: 0, labelAlign: "left", labelFont: MONO, labelFontSize: 11, labelColor: INK },
      },
    },
    spacing: 16,
    spec: {
      width: 480,
      height: 56,
      mark: { type: "line", interpolate: "step-after", strokeWidth: 2.5, color: BLUE },
      encoding: {
        x: {
          field: "batch",
          type: "quantitative",
          scale: { domain: [0, RANGE_BATCHES], nice: false },
          axis: { title: "batches trained", tickMinStep: 1, grid: false, labelFlush: false },
        },
        y: {
          field: "range",
          type: "quantitative",
          scale: { domain: [0, 4] },
          axis: { title: "range (bits)", values: [0, 2, 4], format: "d", domain: false, ticks: false },
        },
      },
    },
  } as TopLevelSpec;
}

export const ranges: Drawing = async () => ({ "ranges.svg": await svg(rangesSpec(), RANGES_TITLE) });
