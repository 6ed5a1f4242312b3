/** The schedule: each phase's cycles by its closed formula (derived in docs/machine.md). */
import { setupTiming } from "./coincidence.ts";
import type { EdgesIr, Ir, LayerIr, PhaseIr, ReadIr } from "./ir.ts";

type Machine = Omit<Ir, "phases" | "memories" | "channels">;

/** Cycles from a read's start to the visibility of its last word, `pipeline` registers after the held group. */
function readLength(read: ReadIr, readCycles: number, pipeline: number): number {
  return (read.steps - 1) * read.stepCycles + read.planes * readCycles + read.lastStepWords + pipeline + 2;
}

/** Cycles of an error scaler after the last raw word. */
export const scalerCycles = (ir: Pick<Ir, "vectors">, layer: number): number => 3 + ir.vectors[layer + 1].words;

/** Issue cycles of one programmed row. */
export function rowIssues(ir: Pick<Ir, "vectors" | "lowRank">, layer: LayerIr): number {
  return layer.rowTiles * ir.vectors[layer.index + 1].words * (ir.lowRank?.terms ?? 1);
}

/** Cycles from a word's (last) issue to the visibility of its counts. */
export const countLatency = (ir: Pick<Ir, "lowRank">): number => (ir.lowRank ? 7 : 5);

/** Cycles of one programmed row beside its issues and pulses: the pipeline and the decision. */
export const rowOverhead = (ir: Pick<Ir, "lowRank">): number => countLatency(ir) + 1;

/** Cycles of one layer's update without a pulse. */
export function updateCycles(ir: Pick<Ir, "vectors" | "lowRank" | "coincidence">, layer: LayerIr): number {
  if (ir.coincidence && layer.edges) return 2 + ir.coincidence.products * (setupTiming(layer.edges.words).known + 1);
  return 2 + (ir.lowRank?.passes ?? 1) * layer.update.rows * (rowIssues(ir, layer) + rowOverhead(ir));
}

/** Cycles that a pulse train adds to an update: those of its set-up that an outer product of zeros has not, and its
 *  slots.
 *  @param slots of all its phases */
export function trainCycles(ir: Pick<Ir, "pulseCycles">, edges: EdgesIr, slots: number): number {
  const { known, train } = setupTiming(edges.words);
  return train - known - 1 + slots * ir.pulseCycles;
}

export function gradientCycles({ gradient }: LayerIr): number {
  return gradient.bufferWords + 5;
}

/** A low-rank machine's samples: numbered as they were trained on since reset, from 0. */
type LowRankMachine = Pick<Ir, "batch" | "lowRank">;

/** Programs of the low-rank units by the time they run at (docs/low-rank.md, GRADIENT). */
export type ProgramName = "initial" | "sample" | "flush" | "batch";

/** Programs that a sample's hand-over starts, in their order. */
export function programsOf({ batch, lowRank }: LowRankMachine, sample: number): ProgramName[] {
  if (!lowRank) return [];
  const last = endsBatch(batch, sample);
  const list: ProgramName[] = [];
  if (sample === 0 && lowRank.initial) list.push("initial");
  list.push("sample");
  if (lowRank.flush && (last || ((sample % batch) + 1) % lowRank.slots === 0)) list.push("flush");
  if (last) list.push("batch");
  return list;
}

/** Their cycles, from the hand-over to the last `end`. */
export function programCycles(ir: LowRankMachine, sample: number): number {
  return programsOf(ir, sample).reduce((sum, name) => sum + (ir.lowRank?.[name]?.cycles ?? 0), 0);
}

const endsBatch = (batch: number, sample: number): boolean => sample % batch === batch - 1;

/** Cycles that a sample waits in its gradient phase until the programs of the one before are done.
 *  @param elapsed cycles between the hand-over before and this phase: `sampleCycles`, where the host never stalls */
export function handOverWait(ir: LowRankMachine, sample: number, elapsed: number): number {
  // Before a batch's first sample nothing is left to wait for.
  return sample % ir.batch === 0 ? 0 : Math.max(0, programCycles(ir, sample - 1) - elapsed);
}

/** Cycles of a sample's gradient phase: the wait, the hand-over, and the programs of a batch's last sample. */
export function gradientPhase(ir: LowRankMachine, sample: number, elapsed: number): number {
  return handOverWait(ir, sample, elapsed) + 1 + (endsBatch(ir.batch, sample) ? programCycles(ir, sample) : 0);
}

/** Cycles of a trained sample's other phases, up to its gradient, without host stalls. */
export function sampleCycles(list: readonly PhaseIr[]): number {
  const before = ["load", "forward", "error", "backward"];
  return list.reduce((sum, { phase, cycles }) => sum + (before.includes(phase) ? cycles : 0), 0);
}

function updateFormula(ir: Machine): string {
  if (ir.coincidence)
    return "largest over layers of 2 + products · (words + 3) + Σ over products that are not zero of words + 59 + phases · slots · pulseCycles";
  const slots = `the largest pulse count${ir.readBacks > 0 ? ` and ${ir.readBacks} where it is not 0` : ""}`;
  if (ir.lowRank)
    return `largest over layers of 2 + passes · rows · (rowTiles · words · terms + 8) + pulseCycles · Σ over rows of ${slots}`;
  return `largest over layers of 2 + rows · (rowTiles · words + 6) + pulseCycles · Σ over rows of ${slots}`;
}

/** Cycles in which a batch's row of pairs is refreshed: one erasing pulse, and as many to set as a pair may take. */
export const refreshCycles = ({ cell, pulseCycles }: Pick<Ir, "cell" | "pulseCycles">): number =>
  cell.pairs ? (1 + cell.pairs.most) * pulseCycles : 0;

export function phases(ir: Machine): PhaseIr[] {
  const last = ir.layers.length - 1;
  const list: PhaseIr[] = [
    {
      phase: "load",
      layer: null,
      cycles: ir.sampleBeats + 1,
      formula: "sampleBeats + 1 + host stalls",
      dataDependent: true,
    },
  ];
  for (const layer of ir.layers)
    list.push({
      phase: "forward",
      layer: layer.index,
      cycles: readLength(layer.forward, ir.readCycles, 3),
      formula: "(steps − 1) · stepCycles + planes · readCycles + lastStepWords + 5",
      dataDependent: false,
    });
  const { outputs, probabilityFraction, words, loss } = ir.errorUnit;
  list.push(
    loss === "softmax-cross-entropy"
      ? {
          phase: "error",
          layer: last,
          cycles: outputs + 5 + outputs * (probabilityFraction + 4) + 4 + words,
          formula: "outputs + 5 + outputs · (probabilityFraction + 4) + 4 + words",
          dataDependent: false,
        }
      : {
          phase: "error",
          layer: last,
          cycles: outputs + 8 + words,
          formula: "outputs + 8 + words",
          dataDependent: false,
        },
  );
  for (let l = last; l > 0; l--) {
    const backward = ir.layers[l].backward as ReadIr;
    list.push({
      phase: "backward",
      layer: l,
      cycles: readLength(backward, ir.readCycles, 2) + scalerCycles(ir, l - 1),
      formula: "(steps − 1) · stepCycles + planes · readCycles + lastStepWords + 7 + words",
      dataDependent: false,
    });
  }
  if (ir.keeps === "gradient")
    list.push({
      phase: "gradient",
      layer: null,
      cycles: Math.max(...ir.layers.map((layer) => gradientCycles(layer))),
      formula: "largest over layers of inputs · words + 5",
      dataDependent: false,
    });
  if (ir.lowRank)
    list.push({
      phase: "gradient",
      layer: null,
      cycles: 1 + Math.max(0, ir.lowRank.sample.cycles - sampleCycles(list)),
      formula:
        "1 + max(0, cycles of the program before − load − forward − error − backward); on a batch's first sample 1; on its last + cycles of its programs",
      dataDependent: false,
    });
  list.push(
    {
      phase: "update",
      layer: null,
      cycles: Math.max(...ir.layers.map((layer) => updateCycles(ir, layer))),
      formula: updateFormula(ir),
      dataDependent: true,
    },
    {
      phase: "range",
      layer: null,
      cycles: 1 + refreshCycles(ir),
      formula: ir.cell.pairs ? "1 + (1 + levels) · pulseCycles" : "1",
      dataDependent: false,
    },
  );
  return list;
}
