/** What lies beside the Verilog in a generated folder is what its readers take: file list, FuseSoC core, constraints,
 *  register header. Each is given to the program it is for, or to a parser of its language. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import type { Ir } from "../../generator/ir/ir.ts";
import { type Port, portsOf } from "../../verify/leaf.ts";
import { run } from "../../verify/tools.ts";
import { rankloom } from "../cli/rankloom.ts";

/** The parts of FuseSoC's CAPI2 that a generated core may use. */
const capi2 = z.strictObject({
  "CAPI=2": z.null(),
  name: z.string().regex(/^[\w.-]*:[\w.-]*:[\w.-]+:[\w.-]+$/),
  description: z.string(),
  filesets: z.record(
    z.string(),
    z.strictObject({ files: z.array(z.string()).min(1), file_type: z.enum(["verilogSource-2005", "SDC"]) }),
  ),
  targets: z.record(
    z.string(),
    z.strictObject({
      filesets: z.array(z.string()).min(1),
      toplevel: z.string(),
      default_tool: z.literal("verilator").optional(),
      tools: z
        .strictObject({
          verilator: z.strictObject({ mode: z.literal("lint-only"), verilator_options: z.array(z.string()) }),
        })
        .optional(),
    }),
  ),
});

const namesOf = (ports: readonly Port[], direction: Port["direction"]): string =>
  ports
    .filter((p) => p.direction === direction)
    .map((p) => p.name)
    .join(" ");

/** Commands of timing constraints for Tcl: each refuses what the top module does not have, and says what it was given. */
const sdcReader = (ports: readonly Port[]): string => `
set inputs {${namesOf(ports, "input")}}
set outputs {${namesOf(ports, "output")}}
proc get_ports {patterns} {
  set found {}
  foreach pattern $patterns {
    set matches [lsearch -all -inline [concat $::inputs $::outputs] $pattern]
    if {[llength $matches] == 0} { error "no port $pattern" }
    lappend found {*}$matches
  }
  return $found
}
proc all_outputs {} { return $::outputs }
proc create_clock {dash_name name dash_period period port} {
  if {"$dash_name $dash_period" ne "-name -period"} { error "create_clock: $dash_name $dash_period" }
  if {![string is double -strict $period] || $period <= 0} { error "period $period" }
  puts "clock $name $port"
}
proc delay {what delay dash_clock clock ports} {
  if {$dash_clock ne "-clock"} { error "set_$what: $dash_clock" }
  if {![string is double -strict $delay]} { error "delay $delay" }
  foreach port $ports { puts "$what $clock $port" }
}
proc set_input_delay args { delay input {*}$args }
proc set_output_delay args { delay output {*}$args }
source [lindex $argv 0]
`;

const designs: Record<string, string[]> = {
  "the smallest preset": ["tiny"],
  "a preset of wide words": ["mnist-small"],
  "a design without exponentials and random numbers": [
    ...["sensor-mlp", "--set", "gradient.method=sgd", "--set", "gradient.rounding=nearest"],
    ...["--set", "network.loss=squared-error"],
  ],
};

describe.each(Object.entries(designs))("the folder of %s", (_, args) => {
  let folder = "";
  let scratch = "";
  const text = (name: string) => readFileSync(join(folder, name), "utf8");
  const ir = () => JSON.parse(text("design.json")) as Ir;

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), "rankloom-files-"));
    folder = join(scratch, "out");
    const { code, stderr } = await rankloom(["generate", ...args, "--out", folder]);
    expect([code, stderr]).toEqual([0, ""]);
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it("has a file list that Verilator and Icarus Verilog take as it is", async () => {
    expect(await run("verilator", ["--lint-only", "-f", "rankloom.f"], folder)).toEqual({ code: 0, output: "" });
    expect(await run("iverilog", ["-g2005", "-t", "null", "-c", "rankloom.f"], folder)).toEqual({
      code: 0,
      output: "",
    });
    const listed = text("rankloom.f").match(/^rtl\/.*$/gm) ?? [];
    expect(listed.toSorted()).toEqual(
      readdirSync(join(folder, "rtl"))
        .map((name) => `rtl/${name}`)
        .sort(),
    );
  });

  it("has a FuseSoC core that names each file once, and targets of its own filesets", () => {
    // YAML as FuseSoC reads it: 1.1, where `<<` merges.
    const core = capi2.parse(parse(text("rankloom.core"), { version: "1.1" }));
    const { version } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(core.name.split(":").slice(2)).toEqual([ir().name, version]);
    const named = Object.values(core.filesets).flatMap(({ files }) => files);
    const verilog = readdirSync(join(folder, "rtl")).map((name) => `rtl/${name}`);
    expect(named.toSorted()).toEqual([...verilog, "constraints.sdc", "macros_blackbox.v"].sort());
    for (const { filesets, toplevel } of Object.values(core.targets)) {
      for (const name of filesets) expect(Object.keys(core.filesets)).toContain(name);
      expect(named).toContain(`rtl/${toplevel}.v`);
    }
    const filesOf = (target: string) => core.targets[target].filesets.flatMap((name) => core.filesets[name].files);
    expect(filesOf("default").toSorted()).toEqual(verilog.toSorted());
    expect(filesOf("lint")).toEqual(filesOf("default"));
    expect(filesOf("synth")).toContain("macros_blackbox.v");
    expect(filesOf("synth")).not.toContain("rtl/crossbar_macro.v");
  });

  it("has timing constraints that Tcl reads, with a delay on every port but the clock", async () => {
    const ports = portsOf(text("rtl/rankloom.v"), {});
    const reader = join(scratch, "reader.tcl");
    writeFileSync(reader, sdcReader(ports));
    const { code, output } = await run("tclsh", [reader, "constraints.sdc"], folder);
    const delays = ports.filter((p) => p.name !== "clk").map((p) => `${p.direction} clk ${p.name}`);
    expect(output.trim().split("\n").toSorted()).toEqual(["clock clk clk", ...delays].sort());
    expect(code).toBe(0);
  });

  it("has a register header that C++ takes without a warning, with the register map's addresses as constants", async () => {
    const { registers, layers, sampleBeats } = ir();
    const source = join(scratch, "host.cpp");
    const asserts = registers.map((r) => `static_assert(rankloom::REG_${r.name} == ${r.address}, "${r.name}");`);
    writeFileSync(
      source,
      [
        '#include "registers.h"',
        '#include "registers.h"',
        ...asserts,
        `static_assert(rankloom::LAYERS == ${layers.length} && rankloom::SAMPLE_BEATS == ${sampleBeats}, "shape");`,
        "int tiles() { int n = 0; for (int l = 0; l < rankloom::LAYERS; l++) n += rankloom::ROW_TILES[l] * rankloom::COL_TILES[l]; return n; }",
        "",
      ].join("\n"),
    );
    const strict = ["-std=c++11", "-Wall", "-Wextra", "-pedantic", "-Werror", "-I", folder];
    expect(await run("g++", [...strict, "-c", source, "-o", join(scratch, "host.o")])).toEqual({ code: 0, output: "" });
  });
});
