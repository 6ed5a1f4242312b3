/** How much of the time each unit works: busy cycles of one batch in the steady state, from the IR's schedule; without
 *  host stalls and pulses. */
import { vectorCycles } from "../methods/low-rank/cycles.ts";
import { type Instruction, type Op, type Side, timesIssued } from "../methods/low-rank/program.ts";
import { vectorWork } from "../methods/low-rank/schedule.ts";
import type { LowRankIr } from "../methods/low-rank/unit.ts";
import { gradientPhase, type ProgramName, programCycles, programsOf, sampleCycles } from "./hand-over.ts";
import type { Ir, PhaseIr, ReadIr } from "./ir.ts";
import { schedule } from "./schedule.ts";

interface UnitUse {
  readonly unit: string;
  /** null: one for the machine, or all layers' in step. */
  readonly layer: number | null;
  readonly cycles: number;
  /** Part of the batch's cycles. */
  readonly part: number;
}

export interface Utilisation {
  /** Cycles of one batch. */
  readonly batch: number;
  readonly units: readonly UnitUse[];
  /** Low-rank gradients: cycles of a batch's programs, and how many of them run beside other phases. */
  readonly programs: { readonly cycles: number; readonly hidden: number; readonly part: number } | null;
}

/** A sample's phases of one kind. */
const of = (ir: Ir, phase: PhaseIr["phase"]): number =>
  ir.phases.reduce((sum, p) => sum + (p.phase === phase ? p.cycles : 0), 0);

/** Cycles in which a crossbar is read. */
const readingCycles = (ir: Ir, { steps, planes }: ReadIr): number => steps * planes * ir.readCycles;

/** Whether vector units work at an instruction for a while; of the others all but two are the scalar unit's. */
const isLong = (op: Op): boolean => vectorWork[op]?.use === "long";
const isScalar = ({ op }: Instruction): boolean => !isLong(op) && op !== "loop" && op !== "end";

/** Cycles of work of one instruction in a side's vector unit, which takes so many (docs/low-rank.md). */
function vectorWorkCycles({ op, a, b }: Instruction, side: Side, unit: LowRankIr, of: VectorSchedule): number {
  if (!isLong(op) || !vectorWork[op]?.sides.includes(side)) return 0;
  switch (op) {
    case "dot":
      return (a === unit.columns || b === unit.columns ? of.vectorDot : of.columnDot).busy.cycles;
    case "copy":
      return of.copy.busy.cycles;
    case "keep":
      return of.keep.busy.cycles;
    case "rowX":
    case "rowD":
      return of.row.busy.cycles;
    default:
      return of.combine.busy.cycles;
  }
}

type VectorSchedule = ReturnType<typeof vectorCycles>;

/** How often each instruction of the programs of these samples is issued. */
function issued(ir: Ir, unit: LowRankIr, samples: readonly number[]): { instruction: Instruction; times: number }[] {
  const runs = new Map<ProgramName, number>();
  for (const name of samples.flatMap((n) => programsOf(ir, n))) runs.set(name, (runs.get(name) ?? 0) + 1);
  return [...runs].flatMap(([name, count]) => {
    const program = unit[name];
    if (!program) return [];
    const times = timesIssued(program);
    return program.instructions.map((instruction, pc) => ({ instruction, times: count * times[pc] }));
  });
}

export function utilisation(ir: Ir): Utilisation {
  const samples = ir.batch;
  const updates = ir.keeps === "nothing" ? samples : 1;
  const others = sampleCycles(ir.phases);
  // The batch after the first: nothing in it is done only once.
  const numbers = Array.from({ length: samples }, (_, n) => samples + n);
  const gradient = ir.lowRank
    ? numbers.reduce((sum, n) => sum + gradientPhase(ir, n, others), 0)
    : samples * of(ir, "gradient");
  const batch = samples * others + gradient + updates * of(ir, "update") + of(ir, "range");
  const units: UnitUse[] = [];
  const add = (unit: string, layer: number | null, cycles: number) =>
    units.push({ unit, layer, cycles, part: cycles / batch });
  for (const { index, forward } of ir.layers) add("forward_engine", index, samples * readingCycles(ir, forward));
  for (const { index, backward } of ir.layers)
    if (backward) add("backward_engine", index, samples * readingCycles(ir, backward));
  const { error, scalers, update } = schedule(ir);
  add("error_unit", null, samples * error.all.cycles);
  for (const { index } of ir.layers) add("error_scaler", index, samples * scalers[index].length.cycles);
  if (ir.keeps === "gradient")
    for (const { index, gradient: g } of ir.layers) add("gradient_unit", index, samples * g.bufferWords);
  for (const { index } of ir.layers)
    add(ir.coincidence ? "pulse_train_unit" : "update_unit", index, updates * update.layers[index].length.cycles);
  const { lowRank } = ir;
  if (!lowRank) return { batch, units, programs: null };
  const instructions = issued(ir, lowRank, numbers);
  const executedInBatch = (cycles: (instruction: Instruction) => number) =>
    instructions.reduce((sum, { instruction, times }) => sum + times * cycles(instruction), 0);
  add(
    "scalar_unit",
    null,
    executedInBatch((i) => Number(isScalar(i))),
  );
  ir.layers.forEach((_, l) => {
    for (const [side, vector] of [
      ["x", ir.vectors[l]],
      ["d", ir.vectors[l + 1]],
    ] as const) {
      const cyclesOf = vectorCycles(lowRank, vector);
      add(
        `${side}_vector_unit`,
        l,
        executedInBatch((i) => vectorWorkCycles(i, side, lowRank, cyclesOf)),
      );
    }
  });
  const lengths = numbers.map((n) => programCycles(ir, n));
  const cycles = lengths.reduce((sum, length) => sum + length, 0);
  const hidden = lengths.slice(0, -1).reduce((sum, length) => sum + Math.min(length, others), 0);
  return { batch, units, programs: { cycles, hidden, part: hidden / cycles } };
}
