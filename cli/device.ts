/** `rankloom device fit`: from measured pulse-conductance curves to a device file. */
import { basename } from "node:path";
import type { Command } from "commander";
import { Refusal } from "../generator/base/errors.ts";
import { count, percent } from "../generator/base/quantities.ts";
import type { DeviceModelInput } from "../generator/device/model.ts";
import type { Curves } from "../golden/fit/curves.ts";
import type { Fit, Label } from "../golden/fit/fit.ts";
import { Output, table } from "../report/console.ts";
import { addJson } from "./options.ts";

/** Pixels of a PNG by a point of the picture. */
const PNG_SCALE = 2;

interface Options {
  readonly out?: string;
  readonly plot?: string;
  readonly json?: string;
}

export function addDevice(root: Command): Command {
  const device = root.command("device").description("devices of your own").helpCommand(false);
  const command = device
    .command("fit")
    .description("find a device file for measured pulse-conductance curves")
    .argument("<csv>", "table of device, cycle, direction, pulse and conductance in siemens")
    .option("--out <file>", "write the device file, *.json, for --set device.preset=…", ending("--out", [".json"]))
    .option("--plot <file>", "draw data, fit and residuals, *.svg or *.png", ending("--plot", [".svg", ".png"]));
  addJson(command).action(fit);
  return device;
}

const ending = (flag: string, endings: readonly string[]) => (file: string) => {
  if (!endings.some((end) => file.toLowerCase().endsWith(end) && file.length > end.length))
    throw new Refusal(`${flag} ${file}: ends in neither; use a name that ends in ${endings.join(" or ")}`);
  return file;
};

async function fit(csv: string, { out, plot, json }: Options): Promise<void> {
  const [{ WholeFile }, { readCurves }, { fitDevice, modelOf }] = await Promise.all([
    import("../generator/base/write.ts"),
    import("../golden/fit/curves.ts"),
    import("../golden/fit/fit.ts"),
  ]);
  const output = await Output.open(json);
  const [file, picture] = [out, plot].map((name) => (name === undefined ? null : new WholeFile(name)));
  try {
    const curves = readCurves(csv);
    const of = curves.devices.length;
    const found = fitDevice(curves, (done) => output.progress("devices", done, of));
    output.endProgress();
    const name = basename(csv).replace(/(\.csv)?(\.gz)?$/i, "");
    const model = modelOf(found, name.slice(0, 64) || "fit", sourceOf(csv, curves));
    await checkModel(csv, model);
    file?.write(`${JSON.stringify(model, null, 2)}\n`);
    if (plot !== undefined) picture?.write(await drawn(plot, curves, found, name));
    await output.result({ model, fit: found });
    output.say(report(csv, curves, found));
    if (out !== undefined) output.say(`written: ${out}; try rankloom train neurosim-mlp --set device.preset=${out}`);
  } finally {
    file?.discard();
    picture?.discard();
  }
}

const sourceOf = (csv: string, { devices, sweeps }: Curves): string =>
  `fit of ${basename(csv)}: ${sweeps} sweeps of ${devices.length} ${devices.length === 1 ? "device" : "devices"}`;

/** @throws Refusal where a device file cannot hold what was found */
async function checkModel(csv: string, model: DeviceModelInput): Promise<void> {
  const { deviceModelSchema } = await import("../generator/device/model.ts");
  const { error } = deviceModelSchema.safeParse(model);
  if (!error) return;
  const { path, message } = error.issues[0];
  throw new Refusal(
    `${csv}: its ${path.join(".")} is outside what a device file can hold (${message}); check the table`,
  );
}

async function drawn(plot: string, curves: Curves, found: Fit, name: string): Promise<string | Uint8Array> {
  const [{ fitSpec }, { png, svg }] = await Promise.all([import("./device-plot.ts"), import("../report/vega.ts")]);
  const text = await svg(fitSpec(curves, found, name), `${name}: measured curves and their fit`);
  return plot.toLowerCase().endsWith(".png") ? png(text, PNG_SCALE) : text;
}

function report(csv: string, curves: Curves, found: Fit): string {
  const { states, set, reset, cycleToCycle, deviceToDevice, lowest, highest } = found;
  const { length } = curves.devices;
  return [
    `${csv}: ${count(curves.sweeps)} sweeps of ${count(length)} ${length === 1 ? "device" : "devices"}`,
    ...table(
      [
        [
          "range",
          `${lowest.toExponential(3)} to ${highest.toExponential(3)} S: on/off ${(highest / lowest).toPrecision(4)}`,
        ],
        ["states", `${states.set} set, ${states.reset} reset`],
        ["label of set", labelText(set)],
        // NeuroSim's labels of a reset have the other sign.
        ["label of reset", labelText({ ...reset, label: -reset.label })],
        ["cycle to cycle", `${percent(cycleToCycle)} of the range by pulse`],
        ["device to device", deviceToDevice === null ? "not to be seen in one device" : deviceToDevice.toPrecision(3)],
      ],
      [0, 1],
    ),
  ].join("\n");
}

const labelText = ({ label, error }: Label): string => `${label.toFixed(3)}, standard error ${error.toPrecision(2)}`;
