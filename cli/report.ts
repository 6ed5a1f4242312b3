/** `rankloom report`: the results of runs, or of a sweep, as one page or as pictures. */
import { basename, join } from "node:path";
import { type Command, Option } from "commander";
import { Refusal } from "../generator/base/errors.ts";
import { count } from "../generator/base/quantities.ts";
import { explained, makeFolders, writeFileWhole } from "../generator/base/write.ts";
import { Output } from "../report/console.ts";
import type { Format } from "../report/render.ts";

interface Options {
  readonly format: Format | "html";
  readonly out?: string;
}

export function addReport(root: Command): Command {
  return root
    .command("report")
    .description("make a page of the results of runs or of a sweep, or their pictures")
    .argument(
      "[run...]",
      "runs that train, compare or verify left, with files of estimate --json; or one sweep (default: the last run)",
    )
    .addOption(
      new Option("--format <format>", "a page, or the same pictures").choices(["html", "svg", "png"]).default("html"),
    )
    .option("--out <dir>", "folder of the page or pictures (default: the run's or sweep's own; of several, out/report)")
    .action(report);
}

async function report(names: readonly string[], options: Options): Promise<void> {
  if (options.out === "") throw new Refusal("--out: needs the name of a folder");
  const { subjectOf } = await import("../report/find.ts");
  const subject = subjectOf(names);
  const output = await Output.open();
  const { reportOf } = await import("../report/report.ts");
  const { sweepReport } = await import("../report/sweep-report.ts");
  const made = subject.kind === "sweep" ? await sweepReport(subject.store) : reportOf(subject.runs, subject.estimates);
  const own =
    subject.kind === "sweep" ? subject.store.folder : subject.runs.length === 1 ? subject.runs[0].folder : null;
  const dir = options.out ?? own ?? join("out", "report");
  explained(dir, () => makeFolders(dir));
  if (options.format === "html") {
    const { page } = await import("../report/page.ts");
    const file = join(dir, "report.html");
    const text = page(made);
    writeFileWhole(file, text);
    output.say(
      `${file}: ${count(made.sections.flatMap(({ pictures }) => pictures).length)} pictures, ${(text.length / 2 ** 20).toFixed(1)} MiB; open it in a browser`,
    );
    return;
  }
  const { rendered } = await import("../report/render.ts");
  const pictures = made.sections.flatMap((section) => section.pictures);
  for (const [n, picture] of pictures.entries()) {
    output.progress(`${pictures.length} pictures`, n, pictures.length);
    writeFileWhole(join(dir, `${basename(picture.id)}.${options.format}`), await rendered(picture, options.format));
  }
  output.endProgress();
  output.say(
    [
      `${dir}: ${pictures.length} pictures`,
      ...pictures.map(({ id, title }) => `  ${id}.${options.format}  ${title}`),
    ].join("\n"),
  );
}
