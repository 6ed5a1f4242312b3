/** Accuracy of `mnist-mlp` by bits of its converters, and by epoch and rounding: trained here, on one thread. */
import type { TopLevelSpec } from "vega-lite";
import { loadDesign } from "../../generator/design/load.ts";
import { BLUE, CONFIG, ORANGE, PALE, svg } from "../../report/vega.ts";
import { train } from "../../sim/train.ts";
import type { Drawing } from "./drawing.ts";

interface AccuracyPoint {
  readonly series: "ranges follow" | "ranges fixed" | "lossless" | "stochastic" | "nearest";
  /** Bits of the ADCs; null: lossless. */
  readonly adcBits: number | null;
  readonly epoch: number;
  /** Per cent of the test images. */
  readonly accuracy: number;
}

const ACCURACY_TITLE = "MNIST on the cycle-accurate simulator";
const ADC_BITS = [4, 5, 6, 7, 8, 9];
const ADC_EPOCHS = 2;
const ROUNDING_EPOCHS = 5;

/** Trains `mnist-mlp` once for each point or curve, on one thread. */
async function measure(): Promise<AccuracyPoint[]> {
  const points: AccuracyPoint[] = [];
  const run = async (series: AccuracyPoint["series"], adcBits: number | null, epochs: number, sets: string[]) => {
    const { design } = loadDesign("mnist-mlp", [`tile.adcBits=${adcBits ?? "lossless"}`, ...sets]);
    const { accuracy, seconds } = await train({ design, epochs, threads: 1 });
    const percents = accuracy.perEpoch.map((part) => Math.round(10000 * part) / 100);
    percents.forEach((percent, k) => {
      points.push({ series, adcBits, epoch: k + 1, accuracy: percent });
    });
    console.log(
      `${series}${adcBits === null ? "" : `, ${adcBits} bits`}: ${percents.join(", ")} % (${seconds.toFixed(0)} s)`,
    );
  };
  for (const bits of ADC_BITS) {
    await run("ranges follow", bits, ADC_EPOCHS, []);
    await run("ranges fixed", bits, ADC_EPOCHS, ["tile.adcRange=fixed"]);
  }
  await run("lossless", null, ADC_EPOCHS, []);
  for (const rounding of ["stochastic", "nearest"] as const)
    await run(rounding, null, ROUNDING_EPOCHS, [`gradient.rounding=${rounding}`, "training.learningRate=0.1"]);
  return points;
}

function accuracyCsv(points: readonly AccuracyPoint[]): string {
  const rows = points.map((p) => [p.series, p.adcBits ?? "lossless", p.epoch, p.accuracy].join(","));
  return `${["series,adc bits,epoch,test accuracy in per cent", ...rows].join("\n")}\n`;
}

interface Curve {
  readonly series: AccuracyPoint["series"];
  readonly color: string;
  /** Text beside the curve, and where it stands. */
  readonly label: string;
  readonly at: number;
  readonly dy: number;
}

/** Halves up, as people round: 16.45 is 16.5. */
const oneDecimal = (value: number): string => (Math.round(10 * value) / 10).toFixed(1);

/** Curves of accuracy over x with their names beside them.
 *  @param valueDy by curve: where each point's value is written */
function curves(
  points: readonly AccuracyPoint[],
  list: readonly (Curve & { readonly valueDy: number })[],
  x: (point: AccuracyPoint) => number,
) {
  return list.flatMap(({ series, color, label, at, dy, valueDy }) => {
    const values = points
      .filter((p) => p.series === series)
      .map((p) => ({ x: x(p), y: p.accuracy, text: oneDecimal(p.accuracy) }));
    const place = values.find((v) => v.x === at);
    const encoding = {
      x: { field: "x", type: "ordinal" as const },
      y: { field: "y", type: "quantitative" as const },
    };
    return [
      {
        data: { values },
        mark: { type: "line" as const, color, strokeWidth: 2.5, point: { color, size: 55, filled: true } },
        encoding,
      },
      {
        data: { values },
        mark: { type: "text" as const, color, dy: valueDy, fontSize: 10 },
        encoding: { ...encoding, text: { field: "text", type: "nominal" as const } },
      },
      {
        data: { values: place ? [{ ...place, label }] : [] },
        mark: { type: "text" as const, color, dy, fontSize: 12, fontWeight: "bold" as const },
        encoding: { ...encoding, text: { field: "label", type: "nominal" as const } },
      },
    ];
  });
}

function accuracySpec(points: readonly AccuracyPoint[]): TopLevelSpec {
  const ofAdc = points.filter((p) => p.adcBits !== null && p.epoch === ADC_EPOCHS);
  const ofRounding = points.filter((p) => p.series === "stochastic" || p.series === "nearest");
  const lossless = points.find((p) => p.series === "lossless" && p.epoch === ADC_EPOCHS)?.accuracy ?? 0;
  const rule = [{ y: lossless, label: `dashed: lossless ADC, ${oneDecimal(lossless)}` }];
  const panel = { width: 330, height: 230 };
  const axes = (xTitle: string, domain: [number, number], values: number[]) => ({
    x: { type: "ordinal" as const, axis: { title: xTitle, labelAngle: 0, grid: false } },
    y: {
      type: "quantitative" as const,
      scale: { domain },
      axis: { title: "test accuracy (% of 10,000 images)", values, domain: false, ticks: false },
    },
  });
  return {
    config: CONFIG,
    padding: 14,
    spacing: 36,
    title: {
      text: ACCURACY_TITLE,
      subtitle: "784-256-128-10, 17 crossbars of 128 × 128 cells with 500 conductance levels, batches of 128",
      fontSize: 16,
      offset: 18,
    },
    hconcat: [
      {
        ...panel,
        title: {
          text: "Five bits of ADC are enough",
          subtitle: `accuracy after ${ADC_EPOCHS} epochs, stochastic rounding, η = 0.2`,
        },
        encoding: axes("ADC resolution (bits)", [93, 98], [93, 94, 95, 96, 97, 98]),
        layer: [
          {
            data: { values: rule },
            mark: { type: "rule", color: PALE, strokeDash: [5, 4] },
            encoding: { x: { value: 0 }, x2: { value: "width" }, y: { field: "y", type: "quantitative" } },
          },
          {
            data: { values: rule },
            mark: { type: "text", color: PALE, align: "right", dy: -66, fontSize: 11 },
            encoding: {
              x: { value: "width" },
              y: { field: "y", type: "quantitative" },
              text: { field: "label", type: "nominal" },
            },
          },
          ...curves(
            ofAdc,
            [
              { series: "ranges follow", color: BLUE, label: "ranges widen in training", at: 6, dy: 46, valueDy: 18 },
              {
                series: "ranges fixed",
                color: ORANGE,
                label: "ranges fixed by calibration",
                at: 6,
                dy: -44,
                valueDy: -16,
              },
            ],
            (p) => p.adcBits ?? 0,
          ),
        ],
      },
      {
        ...panel,
        title: {
          text: "Stochastic rounding keeps small gradients",
          subtitle: "lossless ADC, η = 0.1",
        },
        encoding: axes("epoch (60,000 images each)", [82, 99], [82, 86, 90, 94, 98]),
        layer: curves(
          ofRounding,
          [
            { series: "stochastic", color: BLUE, label: "stochastic rounding", at: 3, dy: 24, valueDy: -14 },
            { series: "nearest", color: ORANGE, label: "nearest rounding", at: 4, dy: 38, valueDy: 16 },
          ],
          (p) => p.epoch,
        ),
      },
    ],
    resolve: { scale: { y: "independent" } },
  } as TopLevelSpec;
}

export const accuracy: Drawing = async () => {
  const points = await measure();
  return { "accuracy.csv": accuracyCsv(points), "accuracy.svg": await svg(accuracySpec(points), ACCURACY_TITLE) };
};
