/** The files of a version are all that a kind of work needs: from a copy of them alone it gives the same figures. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { loadDesign } from "../../generator/design/load.ts";
import { versionOf } from "../../kept/program.ts";
import { workVersion } from "../../sweep/program.ts";
import type { WorkKind } from "../../sweep/works.ts";
import { node, ROOT } from "../cli/rankloom.ts";
import { copyOf } from "./copy.ts";

const settings: Record<WorkKind, object> = {
  train: { kind: "train", samples: 64, testSamples: 32 },
  verify: { kind: "verify", samples: 2 },
  estimate: { kind: "estimate" },
};

it.each(Object.keys(settings) as WorkKind[])("%s", async (kind) => {
  const { design } = loadDesign("tiny", []);
  const modules = [`sweep/works/${kind}-work.ts`, "sweep/datasets.ts"];
  const figuresFrom = async (root: string) => {
    const args = [
      join(ROOT, "test/kept/alone.mjs"),
      root,
      kind,
      JSON.stringify(design),
      JSON.stringify(settings[kind]),
    ];
    const { code, stdout, stderr } = await node(args, { cwd: root });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return JSON.parse(stdout);
  };
  const copy = copyOf(...modules);
  expect(
    versionOf(
      modules.map((module) => join(copy, module)),
      copy,
    ),
  ).toBe(workVersion(kind).split(" with ")[0]);
  expect(await figuresFrom(copy)).toEqual(await figuresFrom(ROOT));
});
